#include "server/dialects/openai/usage.h"

#include "server/json_reading.h"

namespace facet::server {
namespace {

Json token_json(const std::string& bytes, float logprob) {
  Json numbers = Json::array();
  for (const char c : bytes) numbers.push_back(static_cast<unsigned char>(c));
  return {{"token", bytes}, {"logprob", finite_logprob(logprob)}, {"bytes", std::move(numbers)}};
}

}  // namespace

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.n_prompt},
          {"completion_tokens", usage.n_generated},
          {"total_tokens", usage.n_prompt + usage.n_generated},
          {"prompt_tokens_details", {{"cached_tokens", usage.n_cached}}},
          {"completion_tokens_details", {{"reasoning_tokens", usage.n_thought}}}};
}

Json logprobs_json(const std::vector<TokenLogprob>& tokens) {
  Json list = Json::array();
  for (const TokenLogprob& token : tokens) {
    Json top = Json::array();
    for (const auto& [bytes, logprob] : token.top) top.push_back(token_json(bytes, logprob));
    Json entry = token_json(token.bytes, token.logprob);
    entry["top_logprobs"] = std::move(top);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string_view finish_word(Finish reason) {
  switch (reason) {
    case Finish::Stop:
    case Finish::StopString:
      return "stop";
    case Finish::Calls:
      return "tool_calls";
    case Finish::Length:
    case Finish::Cancelled:  // it is not all that the model had to say
      return "length";
  }
  return "stop";
}

std::string sse_data(const Json& value) { return "data: " + to_json_text(value) + "\n\n"; }

}  // namespace facet::server
