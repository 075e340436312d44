// How sure a model is of what it says, in numbers.
#pragma once

#include <string>
#include <vector>

#include "apps/answer.h"
#include "runtime/classifier.h"
#include "runtime/generate.h"
#include "text/chat.h"

namespace facet::apps {

// The geometric mean of the probabilities of an answer's tokens, thoughts apart: what a token of it is worth. 1 for an
// answer without tokens.
double confidence_score(const runtime::Engine& engine, const runtime::GenerateResult& result);
// {"score", "tokens": [{"text", "p"}]}
text::ChatJson confidence_json(const runtime::Engine& engine, const runtime::GenerateResult& result);

// How likely each choice is where the answer begins, behind what the model thought; the shares add up to 1, and the
// most likely comes first. Each is read in the tokens that the tokenizer makes of it.
struct ChoiceShare {
  std::string text;
  double p;
};
std::vector<ChoiceShare> choice_shares(const std::shared_ptr<const runtime::Engine>& engine,
                                       const std::vector<std::string>& choices, const Prompt& prompt,
                                       const runtime::GenerateResult& result);

}  // namespace facet::apps
