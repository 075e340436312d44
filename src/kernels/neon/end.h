// Closes what begin.h opened.
}  // namespace facet::kernels::neon

FACET_END_TARGET
