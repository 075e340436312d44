#include "text/detokenizer.h"

#include "text/utf8.h"

namespace facet::text {

Detokenizer::Detokenizer(const Tokenizer& tokenizer, bool show_specials)
    : tokenizer_(&tokenizer), show_specials_(show_specials) {}

std::string Detokenizer::push(TokenId id) {
  std::string out;
  if (const auto byte = tokenizer_->byte_value(id)) {
    pending_.push_back(static_cast<char>(*byte));
    for (;;) {
      const Utf8Front front = utf8_front(pending_);
      if (front.kind == Utf8Front::Kind::Incomplete) return out;
      if (front.kind == Utf8Front::Kind::Valid)
        out.append(pending_, 0, front.n_bytes);
      else
        out.append(kReplacement);
      pending_.erase(0, front.kind == Utf8Front::Kind::Valid ? front.n_bytes : 1);
    }
  }
  out = finish();
  if (!tokenizer_->is_special(id) || show_specials_) out += replace_all(tokenizer_->piece(id), kSpaceSymbol, " ");
  return out;
}

std::string Detokenizer::finish() {
  std::string out;
  for (size_t i = 0; i < pending_.size(); ++i) out += kReplacement;
  pending_.clear();
  return out;
}

}  // namespace facet::text
