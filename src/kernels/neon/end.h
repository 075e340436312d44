// Closes what begin.h opened.
}  // namespace facet::kernels::neon
