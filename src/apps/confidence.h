// How sure a model is of what it says, in numbers.
#pragma once

#include <string>
#include <vector>

#include "apps/answer.h"
#include "runtime/classifier.h"
#include "runtime/generate.h"
#include "text/chat.h"

namespace facet::apps {

// How likely each choice is where the answer begins, behind what the model thought; the shares add up to 1, and the
// most likely comes first. Each is read in the tokens that the tokenizer makes of it.
struct ChoiceShare {
  std::string text;
  double p;
};
std::vector<ChoiceShare> choice_shares(const std::shared_ptr<const runtime::Engine>& engine,
                                       const std::vector<std::string>& choices, const Prompt& prompt,
                                       const runtime::GenerateResult& result);

// Of an answer that is one of the choices: its share. Of others the geometric mean of the probabilities of their
// tokens, thoughts apart: what a token is worth; 1 without tokens.
double confidence_score(const runtime::Engine& engine, const runtime::GenerateResult& result,
                        const std::vector<ChoiceShare>& choices, const std::string& answer);
// {"text", "p"} of each token.
text::ChatJson token_probabilities(const runtime::Engine& engine, const runtime::GenerateResult& result);

}  // namespace facet::apps
