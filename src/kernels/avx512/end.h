// Closes what begin.h opened.
}  // namespace facet::kernels::avx512

FACET_END_TARGET
