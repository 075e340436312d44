// A text as pieces that a model is measured on, by the protocol of llama.cpp's tool: chunks of n tokens (the rest is
// dropped), the first token of each becoming <bos>.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/engine.h"

namespace facet::runtime {

// At most max_chunks of them, 0: all. Throws RequestError when the text has less than one chunk, or a chunk does not
// fit the context.
std::vector<std::vector<TokenId>> text_chunks(const Engine& engine, std::string_view text, int n, int max_chunks);

}  // namespace facet::runtime
