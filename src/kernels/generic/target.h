// A target region: what stands between the two macros is compiled for an instruction set that the rest of the program
// does not ask for. In the source, not by compiler flags: an inline function of a header that flags had compiled for
// AVX-512 could end up in everybody's hands.
#pragma once

#define FACET_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define FACET_BEGIN_TARGET(features) \
  FACET_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define FACET_END_TARGET FACET_PRAGMA(clang attribute pop)
#else
#define FACET_BEGIN_TARGET(features) \
  FACET_PRAGMA(GCC push_options) FACET_PRAGMA(GCC optimize("O3")) FACET_PRAGMA(GCC target(features))
#define FACET_END_TARGET FACET_PRAGMA(GCC pop_options)
#endif
