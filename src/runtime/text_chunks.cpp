#include "runtime/text_chunks.h"

#include <algorithm>

#include "base/error.h"

namespace facet::runtime {

std::vector<std::vector<TokenId>> text_chunks(const Engine& engine, std::string_view text, int n, int max_chunks) {
  if (n < 4 || n > engine.context())
    throw_error<RequestError>("chunks of {} tokens do not fit a context of {}", n, engine.context());
  const auto bos = engine.tokenizer().bos();
  std::vector<TokenId> tokens = engine.tokenizer().encode(text, text::Specials::Forbid);
  if (bos) tokens.insert(tokens.begin(), *bos);
  auto n_chunks = static_cast<int>(tokens.size()) / n;
  if (max_chunks > 0) n_chunks = std::min(n_chunks, max_chunks);
  if (n_chunks == 0)
    throw_error<RequestError>("the text has {} tokens, which is less than one chunk of {}", tokens.size(), n);
  std::vector<std::vector<TokenId>> chunks;
  for (int i = 0; i < n_chunks; ++i) {
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(i) * n;
    chunks.emplace_back(first, first + n);
    if (bos) chunks.back()[0] = *bos;
  }
  return chunks;
}

}  // namespace facet::runtime
