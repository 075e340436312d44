// How sure a model is of what it says, in numbers.
#pragma once

#include <string>
#include <vector>

#include "runtime/classifier.h"
#include "runtime/generate.h"
#include "text/chat.h"

namespace facet::apps {

// The geometric mean of the probabilities of an answer's tokens, thoughts apart: what a token of it is worth. 1 for an
// answer without tokens.
double confidence_score(const runtime::Engine& engine, const runtime::GenerateResult& result);
// {"score", "tokens": [{"text", "p"}]}
text::ChatJson confidence_json(const runtime::Engine& engine, const runtime::GenerateResult& result);

// Each choice and its share, most likely first.
struct ChoiceShare {
  std::string text;
  double p;
};
std::vector<ChoiceShare> choice_shares(const std::shared_ptr<const runtime::Engine>& engine,
                                       const std::vector<std::string>& choices, const runtime::PromptView& prompt);

}  // namespace facet::apps
