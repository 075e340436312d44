#include "server/dialects/gemini/candidate.h"

namespace facet::server {

void GeminiCandidate::add_text(const std::string& text, bool is_thought) {
  const bool continues =
      !parts_.empty() && parts_.back().contains("text") && parts_.back().contains("thought") == is_thought;
  if (!continues) {
    parts_.push_back({{"text", ""}});
    if (is_thought) parts_.back()["thought"] = true;
  }
  parts_.back()["text"].get_ref<std::string&>() += text;
}

void GeminiCandidate::add_call(const std::string& id, const std::string& name, const Json& arguments) {
  parts_.push_back({{"functionCall", {{"id", id}, {"name", name}, {"args", arguments}}}});
}

void GeminiCandidate::add_logprobs(const std::vector<TokenLogprob>& tokens) {
  for (const TokenLogprob& token : tokens) {
    chosen_.push_back(
        {{"token", token.bytes}, {"tokenId", token.token}, {"logProbability", finite_logprob(token.logprob)}});
    logprob_sum_ += finite_logprob(token.logprob);
    Json list = Json::array();
    for (const auto& [bytes, logprob] : token.top)
      list.push_back({{"token", bytes}, {"logProbability", finite_logprob(logprob)}});
    top_.push_back({{"candidates", std::move(list)}});
  }
}

void GeminiCandidate::finish(Finish reason) { reason_ = reason == Finish::Length ? "MAX_TOKENS" : "STOP"; }

Json GeminiCandidate::json(int index) const {
  Json candidate = {
      {"content", {{"parts", parts_.empty() ? Json::array({{{"text", ""}}}) : parts_}, {"role", "model"}}}};
  if (!reason_.empty()) candidate["finishReason"] = reason_;
  candidate["index"] = index;
  if (!chosen_.empty()) {
    candidate["avgLogprobs"] = logprob_sum_ / static_cast<double>(chosen_.size());
    candidate["logprobsResult"] = {{"topCandidates", top_}, {"chosenCandidates", chosen_}};
  }
  return candidate;
}

Json gemini_usage(const Usage& usage) {
  Json counts = {{"promptTokenCount", usage.n_prompt},
                 {"candidatesTokenCount", usage.n_generated - usage.n_thought},
                 {"totalTokenCount", usage.n_prompt + usage.n_generated}};
  if (usage.n_cached > 0) counts["cachedContentTokenCount"] = usage.n_cached;
  if (usage.n_thought > 0) counts["thoughtsTokenCount"] = usage.n_thought;
  return counts;
}

}  // namespace facet::server
