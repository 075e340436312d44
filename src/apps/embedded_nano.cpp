// The assembler copies the files into the program's read-only data, which is mapped as a file of its own would be:
// nothing is read before it is used, and processes share it. They begin on a page, so that tensors are aligned as in a
// mapped file.
#include "apps/embedded_nano.h"

#define FACET_EMBED(symbol, path)                                                                  \
  __asm__(".pushsection .rodata\n.balign 4096\n" #symbol "_begin:\n.incbin \"" path "\"\n" #symbol \
          "_end:\n.byte 0\n.popsection\n");                                                        \
  extern "C" const std::byte symbol##_begin[];                                                     \
  extern "C" const std::byte symbol##_end[]

namespace facet::apps {

#ifdef FACET_NANO_MODEL
FACET_EMBED(facet_nano_model, FACET_NANO_MODEL);
std::span<const std::byte> embedded_nano() noexcept { return {facet_nano_model_begin, facet_nano_model_end}; }
#else
std::span<const std::byte> embedded_nano() noexcept { return {}; }
#endif

#ifdef FACET_NANO_PROJECTOR
FACET_EMBED(facet_nano_projector, FACET_NANO_PROJECTOR);
std::span<const std::byte> embedded_nano_projector() noexcept {
  return {facet_nano_projector_begin, facet_nano_projector_end};
}
#else
std::span<const std::byte> embedded_nano_projector() noexcept { return {}; }
#endif

}  // namespace facet::apps
