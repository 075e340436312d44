// link: facet_text
#include <cstdint>

#include "base/error.h"
#include "text/tokenizer.h"

// Bytes -> tokenizer.json -> ids of a text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet::text;
  try {
    const auto tokenizer = Tokenizer::from_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    const auto ids = tokenizer->encode("Hello,  world\n\xff<|turn>", Specials::Allow);
    (void)tokenizer->decode(ids, true);
  } catch (const facet::FormatError&) {
  }
  return 0;
}
