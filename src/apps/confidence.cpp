#include "apps/confidence.h"

#include <algorithm>
#include <cmath>

namespace facet::apps {
namespace {

// The first token behind the last thought.
size_t answer_begin(const runtime::Engine& engine, const std::vector<runtime::TokenId>& tokens) {
  const auto end = engine.tokenizer().find("<channel|>");
  if (!end) return 0;
  const auto last = std::find(tokens.rbegin(), tokens.rend(), *end);
  return static_cast<size_t>(tokens.rend() - last);
}

}  // namespace

double confidence_score(const runtime::Engine& engine, const runtime::GenerateResult& result,
                        const std::vector<ChoiceShare>& choices, const std::string& answer) {
  for (const ChoiceShare& choice : choices)
    if (choice.text == answer) return choice.p;
  const size_t begin = answer_begin(engine, result.tokens), n = result.probabilities.size() - begin;
  double sum = 0;
  for (size_t i = begin; i < result.probabilities.size(); ++i) sum += std::log(double{result.probabilities[i]});
  return n == 0 ? 1 : std::exp(sum / static_cast<double>(n));
}

text::ChatJson token_probabilities(const runtime::Engine& engine, const runtime::GenerateResult& result) {
  text::ChatJson tokens = text::ChatJson::array();
  for (size_t i = 0; i < result.tokens.size(); ++i)
    tokens.push_back(
        {{"text", engine.tokenizer().decode(std::span(&result.tokens[i], 1), false)}, {"p", result.probabilities[i]}});
  return tokens;
}

std::vector<ChoiceShare> choice_shares(const std::shared_ptr<const runtime::Engine>& engine,
                                       const std::vector<std::string>& choices, const Prompt& prompt,
                                       const runtime::GenerateResult& result) {
  if (choices.size() == 1) return {{choices.front(), 1}};
  std::vector<runtime::TokenId> tokens = prompt.tokens;
  const auto thought = std::span(result.tokens).first(answer_begin(*engine, result.tokens));
  tokens.insert(tokens.end(), thought.begin(), thought.end());
  runtime::Classifier classifier(engine, choices);
  const auto shares = classifier.probabilities(classifier.score({tokens, prompt.media}));
  std::vector<ChoiceShare> out;
  for (size_t i = 0; i < choices.size(); ++i) out.push_back({choices[i], shares[i]});
  std::ranges::stable_sort(out, [](const ChoiceShare& a, const ChoiceShare& b) { return a.p > b.p; });
  return out;
}

}  // namespace facet::apps
