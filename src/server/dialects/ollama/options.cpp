// The fields that Ollama's chat and generate share.
#include "server/dialects/ollama/request.h"
#include "server/duration.h"

namespace facet::server {
namespace {

void read_ollama_sampling(const Fields& options, GenerationRequest& generation) {
  constexpr double kMany = 1e6;
  SamplingRequest& sampling = generation.sampling;
  sampling.temperature = options.number("temperature", 0, kMany);
  sampling.top_p = options.number("top_p", 0, 1);
  sampling.min_p = options.number("min_p", 0, 1);
  sampling.typical_p = options.number("typical_p", 0, 1);
  sampling.top_k = options.integer("top_k", 0, std::numeric_limits<int>::max());
  sampling.repetition_penalty = options.number("repeat_penalty", 0, kMany);
  sampling.presence_penalty = options.number("presence_penalty", -kMany, kMany);
  sampling.frequency_penalty = options.number("frequency_penalty", -kMany, kMany);
  sampling.penalty_window = options.integer("repeat_last_n", -1, std::numeric_limits<int>::max());
  const auto seed = options.integer("seed");
  if (seed && *seed >= 0) sampling.seed = static_cast<uint64_t>(*seed);  // -1: a random one
  generation.stop = stop_strings(options, "stop");
  // -1: without end, -2: to the end of the context; both end there.
  const int64_t n = options.integer("num_predict", -2, std::numeric_limits<int>::max()).value_or(-1);
  if (n > 0) generation.max_tokens = static_cast<int>(n);
}

OutputFormat ollama_format(const Fields& body) {
  const Json* format = body.find("format");
  if (!format || (format->is_string() && format->get_ref<const std::string&>().empty())) return {};
  OutputFormat result;
  if (format->is_object()) {
    result.kind = OutputFormat::Kind::Schema;
    result.schema = *format;
  } else if (format->is_string() && format->get_ref<const std::string&>() == "json") {
    result.kind = OutputFormat::Kind::JsonObject;
  } else {
    throw_invalid("format", "expected \"json\" or a JSON schema, which is an object");
  }
  return result;
}

Thinking ollama_thinking(const Fields& body, const ModelInfo& model) {
  const Json* think = body.find("think");
  if (!think) return {model.thinks, -1};
  const Thinking thinking = think->is_string() ? thinking_of_effort(think->get<std::string>(), "think")
                                               : Thinking{*body.boolean("think"), -1};
  // A model that cannot think answers at once: clients ask all models alike.
  return model.thinks ? thinking : Thinking{false, -1};
}

}  // namespace

std::string ollama_model_name(const Fields& body) {
  const std::string name = body.string_or("model", body.string_or("name", ""));
  if (name.empty()) throw_invalid("model", "model is required");
  return name;
}

void read_ollama_options(const Fields& body, const ModelInfo& model, OllamaRequest& request) {
  GenerationRequest& generation = request.generation;
  request.is_stream = body.boolean_or("stream", true);
  if (const auto options = body.object("options")) read_ollama_sampling(*options, generation);
  generation.format = ollama_format(body);
  generation.thinking = ollama_thinking(body, model);
  generation.keep_alive = read_keep_alive(body);
  generation.shortens = body.boolean_or("truncate", true);
  const auto n_top = body.integer("top_logprobs", 0, 20);
  if (body.boolean_or("logprobs", false)) generation.n_logprobs = static_cast<int>(n_top.value_or(0));
}

}  // namespace facet::server
