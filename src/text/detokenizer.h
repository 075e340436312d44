// Streaming ids -> text: every push returns only whole, valid UTF-8 (spec/tokenizer 7.2); nothing is ever taken back.
#pragma once

#include <string>

#include "text/tokenizer.h"

namespace facet::text {

class Detokenizer {
 public:
  // show_specials: special tokens print as their text; otherwise they give nothing.
  explicit Detokenizer(const Tokenizer& tokenizer, bool show_specials = false);

  std::string push(TokenId id);
  std::string finish();  // what was held back (at most three bytes), as U+FFFD each

 private:
  const Tokenizer* tokenizer_;
  bool show_specials_;
  std::string pending_;
};

}  // namespace facet::text
