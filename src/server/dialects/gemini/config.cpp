// Gemini's generationConfig.
#include <fmt/format.h>

#include "base/ascii_case.h"
#include "server/dialects/gemini/normal_form.h"
#include "server/dialects/gemini/request.h"

namespace facet::server {
namespace {

void read_gemini_sampling(const Fields& config, GenerationRequest& generation) {
  constexpr int kMost = std::numeric_limits<int>::max();
  SamplingRequest& sampling = generation.sampling;
  sampling.temperature = config.number("temperature", 0, 2);
  sampling.top_p = config.number("topP", 0, 1);
  sampling.top_k = config.integer("topK", 0, kMost);
  sampling.presence_penalty = config.number("presencePenalty", -2, 2);
  sampling.frequency_penalty = config.number("frequencyPenalty", -2, 2);
  if (const auto seed = config.integer("seed")) sampling.seed = static_cast<uint64_t>(*seed);
  generation.n = static_cast<int>(config.integer("candidateCount", 1, kMaxChoices).value_or(1));
  generation.max_tokens = static_cast<int>(config.integer("maxOutputTokens", 1, kMost).value_or(-1));
  generation.stop = stop_strings(config, "stopSequences");
  const auto n_top = config.integer("logprobs", 0, 20);
  if (config.boolean_or("responseLogprobs", false)) generation.n_logprobs = static_cast<int>(n_top.value_or(0));
}

// responseMimeType and a schema in one of its three places.
OutputFormat gemini_format(const Fields& config) {
  using Kind = OutputFormat::Kind;
  const std::string type = config.string_or("responseMimeType", "text/plain");
  Json schema;
  for (const char* key : {"responseJsonSchema", "_responseJsonSchema"})
    if (const Json* found = config.find(key)) schema = *found;
  if (const Json* own = config.find("responseSchema"); own && schema.is_null()) schema = gemini_json_schema(*own);
  if (type == "text/plain") return {};
  OutputFormat format;
  format.kind = schema.is_null() ? Kind::JsonObject : Kind::Schema;
  format.schema = std::move(schema);
  if (type == "application/json") return format;
  if (type != "text/x.enum")
    throw_invalid(config.place("responseMimeType"),
                  fmt::format("'{}' is none of text/plain, application/json, text/x.enum", type));
  if (!format.schema.is_object() || !format.schema.contains("enum"))
    throw_invalid(config.place("responseSchema"), "text/x.enum needs a schema with an enum");
  format.kind = Kind::Choice;
  for (const Json& word : format.schema["enum"])
    format.choices.push_back(string_at(word, config.place("responseSchema") + ".enum"));
  format.schema = nullptr;
  return format;
}

// A budget (0: none, -1: as the model likes) or a level. Thoughts that are to be shown are also to be thought.
Thinking gemini_thinking(const Fields& config) {
  if (const auto level = config.string("thinkingLevel"); level && *level != "THINKING_LEVEL_UNSPECIFIED")
    return thinking_of_effort(ascii_lower(*level), config.place("thinkingLevel"));
  const auto budget = config.integer("thinkingBudget", -1, std::numeric_limits<int>::max());
  if (budget) return {*budget != 0, *budget > 0 ? static_cast<int>(*budget) : -1};
  if (config.boolean_or("includeThoughts", false)) return {true, -1};
  return {};
}

// MEDIA_RESOLUTION_LOW, _MEDIUM, _HIGH: of all pictures.
std::string gemini_budget(const Fields& config) {
  const std::string resolution = config.string_or("mediaResolution", "");
  if (resolution.ends_with("_LOW")) return "low";
  if (resolution.ends_with("_MEDIUM")) return "medium";
  if (resolution.ends_with("_HIGH")) return "high";
  return {};
}

}  // namespace

void read_gemini_config(const Fields& config, GeminiRequest& request) {
  GenerationRequest& generation = request.generation;
  read_gemini_sampling(config, generation);
  generation.format = gemini_format(config);
  if (const auto thinking = config.object("thinkingConfig")) {
    generation.thinking = gemini_thinking(*thinking);
    request.shows_thoughts = thinking->boolean_or("includeThoughts", false);
  }
  for (const std::string& modality : config.strings("responseModalities"))
    if (modality != "TEXT")
      throw ApiError(ApiError::Kind::Unsupported,
                     fmt::format("generationConfig.responseModalities: '{}', and the model answers in TEXT", modality),
                     "generationConfig.responseModalities");
  if (const std::string budget = gemini_budget(config); !budget.empty())
    for (MediaInput& media : generation.media) media.budget = budget;
}

}  // namespace facet::server
