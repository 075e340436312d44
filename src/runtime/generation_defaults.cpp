#include "runtime/generation_defaults.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"

namespace facet::runtime {
namespace {

using Json = nlohmann::json;

// Never valid output, whatever the model: padding, sequence borders and media markers.
constexpr std::string_view kNeverOutput[] = {"<pad>",     "<bos>",     "<unk>",    "<mask>",   "<|image>", "<|audio>",
                                             "<|image|>", "<|audio|>", "<image|>", "<audio|>", "<|video|>"};

GenerationDefaults family_defaults(const text::Tokenizer& tokenizer) {
  GenerationDefaults d;
  d.stop_tokens.assign(tokenizer.stop_tokens().begin(), tokenizer.stop_tokens().end());
  for (const std::string_view text : kNeverOutput)
    if (const auto id = tokenizer.find(text)) d.suppress_tokens.push_back(*id);
  return d;
}

// What a file asks for must be possible; source names the file.
void check(const GenerationDefaults& d, const std::string& source) {
  const auto check_range = [&](const char* name, float value, double low, double high) {
    if (!(value >= low && value <= high))
      throw_error<FormatError>("{}: {} {} is not between {} and {}", source, name, value, low, high);
  };
  check_range("temperature", d.temperature, 0, 100);
  check_range("top_p", d.top_p, 0, 1);
  check_range("min_p", d.min_p, 0, 1);
  check_range("typical_p", d.typical_p, 0, 1);
  check_range("repetition penalty", d.repetition_penalty, 0.01, 100);
}

std::vector<TokenId> read_ids(const Json& value, const text::Tokenizer& tokenizer, const std::string& path,
                              const char* key) {
  std::vector<TokenId> ids;
  for (const Json& id : value.is_array() ? value : Json::array({value})) {
    if (!id.is_number_integer() || id < 0 || id >= tokenizer.n_tokens())
      throw_error<FormatError>("{}: \"{}\" holds {}, expected token ids below {}", path, key, id.dump(),
                               tokenizer.n_tokens());
    ids.push_back(id.get<TokenId>());
  }
  return ids;
}

Json read_json(const std::string& path) {
  const MappedFile file(path);
  constexpr size_t kMaxBytes = 16 << 20;  // ten times what real ones have
  if (file.bytes().size() > kMaxBytes)
    throw_error<FormatError>("{}: has {} bytes, expected at most {}", path, file.bytes().size(), kMaxBytes);
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  Json json = Json::parse(text, text + file.bytes().size(), nullptr, false);
  if (!json.is_object()) throw_error<FormatError>("{}: not a JSON object", path);
  return json;
}

ChatFamily family_of(const std::string& chat_template, const model::Config& config, const text::Tokenizer& tokenizer) {
  if (tokenizer.find("<start_of_turn>")) return chat_template.empty() ? ChatFamily::None : ChatFamily::Gemma3;
  if (!tokenizer.find("<|turn>")) return ChatFamily::None;
  // The template of the large models opens an answer with an empty thought when thinking is off; without a template the
  // small ones are told by their per-layer embeddings.
  if (chat_template.empty()) return config.n_ple > 0 ? ChatFamily::Gemma4Small : ChatFamily::Gemma4Large;
  const size_t last_prompt = chat_template.rfind("add_generation_prompt");
  const bool empty_thought =
      last_prompt != std::string::npos && chat_template.find("<|channel>thought", last_prompt) != std::string::npos;
  return empty_thought ? ChatFamily::Gemma4Large : ChatFamily::Gemma4Small;
}

}  // namespace

GenerationDefaults read_defaults(const gguf::File& file, const text::Tokenizer& tokenizer) {
  GenerationDefaults d = family_defaults(tokenizer);
  d.temperature = static_cast<float>(file.get_float("general.sampling.temp").value_or(d.temperature));
  d.top_p = static_cast<float>(file.get_float("general.sampling.top_p").value_or(d.top_p));
  d.top_k = static_cast<int>(
      std::min<uint64_t>(file.get_uint("general.sampling.top_k").value_or(static_cast<uint64_t>(d.top_k)), 1 << 20));
  d.min_p = static_cast<float>(file.get_float("general.sampling.min_p").value_or(d.min_p));
  d.repetition_penalty =
      static_cast<float>(file.get_float("general.sampling.penalty_repeat").value_or(d.repetition_penalty));
  if (const auto ids = file.get_uint_array("tokenizer.ggml.suppress_tokens"))
    for (const uint64_t id : *ids) d.suppress_tokens.push_back(static_cast<TokenId>(std::min<uint64_t>(id, INT32_MAX)));
  check(d, file.path());
  return d;
}

GenerationDefaults read_defaults(const std::string& folder, const text::Tokenizer& tokenizer) {
  GenerationDefaults d = family_defaults(tokenizer);
  const std::string path = folder + "/generation_config.json";
  if (!std::filesystem::exists(path)) return d;
  const Json json = read_json(path);
  const auto number = [&](const char* key, double fallback) {
    const auto it = json.find(key);
    if (it == json.end() || it->is_null()) return fallback;
    if (!it->is_number()) throw_error<FormatError>("{}: \"{}\" is {}, expected a number", path, key, it->dump());
    return it->get<double>();
  };
  d.sample = json.value("do_sample", Json(true)) == Json(true);
  d.temperature = static_cast<float>(number("temperature", d.temperature));
  d.top_k = static_cast<int>(std::clamp(number("top_k", d.top_k), 0.0, 1e6));
  d.top_p = static_cast<float>(number("top_p", d.top_p));
  d.min_p = static_cast<float>(number("min_p", d.min_p));
  d.typical_p = static_cast<float>(number("typical_p", d.typical_p));
  d.repetition_penalty = static_cast<float>(number("repetition_penalty", d.repetition_penalty));
  check(d, path);
  const auto ids = [&](const char* key) {
    const auto it = json.find(key);
    return it == json.end() || it->is_null() ? std::vector<TokenId>{} : read_ids(*it, tokenizer, path, key);
  };
  for (const TokenId id : ids("eos_token_id"))
    if (std::find(d.stop_tokens.begin(), d.stop_tokens.end(), id) == d.stop_tokens.end()) d.stop_tokens.push_back(id);
  for (const TokenId id : ids("suppress_tokens")) d.suppress_tokens.push_back(id);
  return d;
}

ChatFamily read_chat_family(const gguf::File& file, const model::Config& config, const text::Tokenizer& tokenizer) {
  return family_of(std::string(file.get_string("tokenizer.chat_template").value_or("")), config, tokenizer);
}

ChatFamily read_chat_family(const std::string& folder, const model::Config& config, const text::Tokenizer& tokenizer) {
  std::string chat_template;
  if (const std::string path = folder + "/chat_template.jinja"; std::filesystem::exists(path)) {
    const MappedFile file(path);
    chat_template.assign(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  } else if (const std::string config_path = folder + "/tokenizer_config.json"; std::filesystem::exists(config_path)) {
    const Json json = read_json(config_path);
    if (json.contains("chat_template") && json["chat_template"].is_string())
      chat_template = json["chat_template"].get<std::string>();
  }
  return family_of(chat_template, config, tokenizer);
}

}  // namespace facet::runtime
