// Closes what begin.h opened.
}  // namespace facet::kernels::avx2

FACET_END_TARGET
