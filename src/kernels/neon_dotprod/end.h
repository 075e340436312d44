// Closes what begin.h opened.
}  // namespace facet::kernels::neon_dotprod

FACET_END_TARGET
