#include "constraint/matcher/token_table.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "constraint/regex/regexes.h"

namespace facet::constraint {
namespace {

// The number of characters of a plain text: whole ones in UTF-8, nothing that JSON escapes. Tokens are UTF-8 or a byte,
// so it is enough to see that they begin and end whole.
std::optional<size_t> plain_characters(std::string_view text) {
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++n) {
    const auto c = static_cast<uint8_t>(text[i]);
    if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x80 && c < 0xC2) || c > 0xF4) return std::nullopt;
    const size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (i + length > text.size()) return std::nullopt;
    for (size_t k = 1; k < length; ++k)
      if ((static_cast<uint8_t>(text[i + k]) & 0xC0) != 0x80) return std::nullopt;
    i += length;
  }
  return n;
}

}  // namespace

std::shared_ptr<const TokenTable> TokenTable::make(const TokenTableParts& parts) {
  return std::shared_ptr<const TokenTable>(new TokenTable(parts));
}

TokenTable::TokenTable(const TokenTableParts& parts) : stops_(parts.stops) {
  std::vector<std::string> controls(parts.bytes.size());
  for (size_t i = 0; i < parts.controls.size(); ++i) {
    const TokenId token = parts.controls[i];
    if (token < 0 || static_cast<size_t>(token) >= controls.size())
      throw_error<RequestError>("control token {} is not in the vocabulary of {} tokens", token, controls.size());
    controls[static_cast<size_t>(token)] = {static_cast<char>(kControlByte), static_cast<char>(i)};
  }
  ends_.push_back(0);
  for (size_t i = 0; i < parts.bytes.size(); ++i) {
    const std::string& bytes = controls[i].empty() ? parts.bytes[i] : controls[i];
    // The control byte is no text, and beyond 16 bits of length no token is.
    const bool is_text = bytes.size() < UINT16_MAX && (!controls[i].empty() || bytes.find('\xFF') == std::string::npos);
    if (is_text) text_ += bytes;
    ends_.push_back(static_cast<uint32_t>(text_.size()));
  }

  std::vector<TokenTrie::Entry> plain, others;
  std::vector<size_t> lengths;  // of the plain ones
  for (TokenId token = 0; static_cast<size_t>(token) < n_tokens(); ++token) {
    const std::string_view text = bytes(token);
    if (text.empty() || is_stop(token)) continue;
    const auto length = plain_characters(text);
    (length ? plain : others).push_back({text, token});
    if (length) lengths.push_back(*length);
  }
  const size_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  slices_.assign(longest + 1, TokenMask(n_tokens()));
  for (size_t i = 0; i < plain.size(); ++i) slices_[lengths[i]].add(plain[i].token);
  for (size_t n = 1; n <= longest; ++n) slices_[n] |= slices_[n - 1];
  plain_ = TokenTrie(std::move(plain));
  others_ = TokenTrie(std::move(others));
}

bool TokenTable::is_stop(TokenId token) const noexcept {
  return std::find(stops_.begin(), stops_.end(), token) != stops_.end();
}

size_t TokenTable::n_bytes() const noexcept {
  size_t n = text_.capacity() + ends_.capacity() * sizeof(uint32_t) + plain_.n_bytes() + others_.n_bytes();
  for (const TokenMask& slice : slices_) n += slice.words().size_bytes();
  return n;
}

}  // namespace facet::constraint
