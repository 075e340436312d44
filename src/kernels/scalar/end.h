// Closes what begin.h opened.
}  // namespace facet::kernels::scalar

#if !defined(__clang__)
#pragma GCC pop_options
#endif
