#include "server/dialects/openai/completion_request.h"

#include <fmt/format.h>

#include <limits>

#include "server/dialects/openai/options.h"
#include "server/dialects/openai/output_format.h"
#include "server/service.h"

namespace facet::server {
namespace {

constexpr size_t kMaxPrompts = 256;
constexpr int kDefaultMaxTokens = 16;  // this endpoint's, which clients rely on
constexpr int kMaxAlternatives = 20;

struct RawPrompt {
  std::string text;
  std::vector<text::TokenId> tokens;
};

RawPrompt prompt_of_tokens(const Json& list, const std::string& place) {
  RawPrompt prompt;
  for (const Json& token : list)
    prompt.tokens.push_back(static_cast<text::TokenId>(
        integer_at(token, item_place(place, prompt.tokens.size()), 0, std::numeric_limits<int32_t>::max())));
  if (prompt.tokens.empty()) throw_invalid(place, "is empty");
  return prompt;
}

std::vector<RawPrompt> read_prompts(const Fields& body) {
  const Json& prompt = body.require("prompt");
  if (prompt.is_string()) return {{prompt, {}}};
  const Json& list = body.list("prompt");
  if (!list.empty() && list[0].is_number()) return {prompt_of_tokens(list, "prompt")};
  if (list.empty() || list.size() > kMaxPrompts)
    throw_invalid("prompt", fmt::format("expected a text or a list of 1 to {} of them", kMaxPrompts));
  std::vector<RawPrompt> prompts;
  for (const Json& item : list) {
    const std::string place = item_place("prompt", prompts.size());
    prompts.push_back(item.is_array() ? prompt_of_tokens(item, place) : RawPrompt{string_at(item, place), {}});
  }
  return prompts;
}

void refuse_unsupported(const Fields& body, const CompletionRequest& request, const GenerationRequest& generation) {
  using Kind = ApiError::Kind;
  if (const auto best = body.integer("best_of", 1, kMaxChoices); best && *best != generation.n)
    throw ApiError(Kind::Unsupported, "best_of: answers are not ranked here, leave it out or give n", "best_of");
  if (request.echoes && generation.n_logprobs >= 0)
    throw ApiError(Kind::Unsupported, "logprobs: not known of a prompt, leave out echo or logprobs", "logprobs");
}

}  // namespace

CompletionRequest parse_completion_request(const Json& json) {
  const Fields body(json);
  CompletionRequest request;
  GenerationRequest common;
  common.is_raw = true;
  read_options(body, common);
  common.format = read_response_format(body);
  common.max_tokens = read_max_tokens(body, {"max_tokens", "max_completion_tokens"});
  if (common.max_tokens < 0 && !body.has("max_tokens") && !body.has("max_completion_tokens"))
    common.max_tokens = kDefaultMaxTokens;
  common.n_logprobs = static_cast<int>(body.integer("logprobs", 0, kMaxAlternatives).value_or(-1));
  common.suffix = body.string("suffix");
  request.reply = read_reply_options(body);
  request.echoes = body.boolean_or("echo", false);
  refuse_unsupported(body, request, common);
  for (RawPrompt& prompt : read_prompts(body)) {
    GenerationRequest& one = request.prompts.emplace_back(common);
    one.raw = std::move(prompt.text);
    one.raw_tokens = std::move(prompt.tokens);
  }
  return request;
}

}  // namespace facet::server
