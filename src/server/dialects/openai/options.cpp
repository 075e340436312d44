#include "server/dialects/openai/options.h"

#include <fmt/format.h>

#include <charconv>

#include "server/duration.h"
#include "server/service.h"

namespace facet::server {
namespace {

std::optional<float> option(const Fields& body, const char* key, double low, double high) {
  const auto value = body.number(key, low, high);
  return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
}

std::optional<int> whole_option(const Fields& body, const char* key, int low, int high) {
  const auto value = body.integer(key, low, high);
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

// {"1000": 100}: token ids as keys.
std::vector<std::pair<int, float>> read_bias(const Fields& body) {
  std::vector<std::pair<int, float>> bias;
  const auto fields = body.object("logit_bias");
  if (!fields) return bias;
  constexpr size_t kMaxBiases = 1024;
  if (body.require("logit_bias").size() > kMaxBiases)
    throw_invalid("logit_bias", fmt::format("more than {} tokens", kMaxBiases));
  for (const auto& [key, value] : body.require("logit_bias").items()) {
    const std::string place = "logit_bias." + key;
    int token = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token);
    if (error != std::errc() || end != key.data() + key.size() || token < 0)
      throw_invalid(place, "expected a token's number as the key");
    bias.emplace_back(token, static_cast<float>(number_at(value, place, -100, 100)));
  }
  return bias;
}

void read_sampling(const Fields& body, SamplingRequest& sampling) {
  sampling.temperature = option(body, "temperature", 0, 10);
  sampling.top_p = option(body, "top_p", 0, 1);
  sampling.min_p = option(body, "min_p", 0, 1);
  sampling.typical_p = option(body, "typical_p", 0, 1);
  sampling.presence_penalty = option(body, "presence_penalty", -2, 2);
  sampling.frequency_penalty = option(body, "frequency_penalty", -2, 2);
  const char* repetition = body.has("repetition_penalty") ? "repetition_penalty" : "repeat_penalty";
  sampling.repetition_penalty = option(body, repetition, 0.01, 100);
  sampling.penalty_window = whole_option(body, "repeat_last_n", -1, 1 << 30);
  sampling.top_k = whole_option(body, "top_k", -1, 1 << 30);
  if (sampling.top_k == -1) sampling.top_k = 0;  // both are in use for "all"
  if (const auto seed = body.integer("seed"); seed && *seed != -1) sampling.seed = static_cast<uint64_t>(*seed);
  sampling.bias = read_bias(body);
}

}  // namespace

void read_options(const Fields& body, GenerationRequest& request) {
  request.model = body.string_or("model", "");
  read_sampling(body, request.sampling);
  request.n = whole_option(body, "n", 1, kMaxChoices).value_or(1);
  request.stop = stop_strings(body, "stop");
  request.ignores_stop = body.boolean_or("ignore_eos", false);
  request.keep_alive = read_keep_alive(body);
}

Thinking read_thinking(const Fields& body) {
  Thinking thinking;
  if (const auto effort = body.string("reasoning_effort")) thinking = thinking_of_effort(*effort, "reasoning_effort");
  if (const auto reasoning = body.object("reasoning"))
    if (const auto effort = reasoning->string("effort")) thinking = thinking_of_effort(*effort, "reasoning.effort");
  if (const auto kwargs = body.object("chat_template_kwargs"))
    if (const auto is_on = kwargs->boolean("enable_thinking"); is_on && thinking.on != is_on) thinking = {*is_on, -1};
  return thinking;
}

int read_max_tokens(const Fields& body, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto limit = whole_option(body, key, -1, std::numeric_limits<int>::max())) {
      if (*limit == 0) throw_invalid(key, "expected at least 1");
      return *limit;
    }
  return -1;
}

}  // namespace facet::server
