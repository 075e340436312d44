#include "runtime/generation_defaults.h"

#include <algorithm>
#include <array>
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

Json read_json(const std::string& path, int max_depth) {
  const MappedFile file(path);
  constexpr size_t kMaxBytes = 16 << 20;  // ten times what real ones have
  if (file.bytes().size() > kMaxBytes)
    throw_error<FormatError>("{}: has {} bytes, expected at most {}", path, file.bytes().size(), kMaxBytes);
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > max_depth) throw_error<FormatError>("{}: nested more than {} deep", path, max_depth);
    return true;
  };
  Json json = Json::parse(text, text + file.bytes().size(), check_depth, false);
  if (!json.is_object()) throw_error<FormatError>("{}: not a JSON object", path);
  return json;
}

// A value as a message shows it.
std::string shown(const Json& value) {
  constexpr size_t kMaxChars = 40;
  std::string text = value.dump(-1, ' ', true);
  if (text.size() > kMaxChars) text.replace(kMaxChars, std::string::npos, "...");
  return text;
}

// Fields of a generation_config.json; null counts as absent.
class JsonFields {
 public:
  explicit JsonFields(std::string path) : path_(std::move(path)), json_(read_json(path_, kMaxDepth)) {}

  const Json* find(const char* key) const {
    const auto it = json_.find(key);
    return it == json_.end() || it->is_null() ? nullptr : &*it;
  }
  double number(const char* key, double fallback) const {
    const Json* v = find(key);
    if (v != nullptr && !v->is_number()) wrong(key, *v, "a number");
    return v == nullptr ? fallback : v->get<double>();
  }
  bool boolean(const char* key, bool fallback) const {
    const Json* v = find(key);
    if (v != nullptr && !v->is_boolean()) wrong(key, *v, "true or false");
    return v == nullptr ? fallback : v->get<bool>();
  }
  // One id, or an array of them, all in the vocabulary.
  std::vector<TokenId> ids(const char* key, const text::Tokenizer& tokenizer) const {
    std::vector<TokenId> out;
    const Json* v = find(key);
    if (v == nullptr) return out;
    for (const Json& id : v->is_array() ? *v : Json::array({*v})) {
      if (!id.is_number_integer() || id < 0 || id >= tokenizer.n_tokens())
        throw_error<FormatError>("{}: \"{}\" holds {}, expected token ids below {}", path_, key, shown(id),
                                 tokenizer.n_tokens());
      out.push_back(id.get<TokenId>());
    }
    return out;
  }

 private:
  static constexpr int kMaxDepth = 8;  // published ones have two levels

  [[noreturn]] void wrong(const char* key, const Json& value, const char* expected) const {
    throw_error<FormatError>("{}: \"{}\" is {}, expected {}", path_, key, shown(value), expected);
  }

  std::string path_;
  Json json_;
};

// -1 stands for all tokens, and get_uint takes nothing below 0.
int read_penalty_window(const gguf::File& file, int fallback) {
  constexpr const char* kKey = "general.sampling.penalty_last_n";
  constexpr std::array kMinusOne = {std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}};
  const gguf::Value* v = file.find(kKey);
  if (v != nullptr && v->type == gguf::ValueType::I32 && std::ranges::equal(v->payload, kMinusOne)) return -1;
  return static_cast<int>(std::min<uint64_t>(file.get_uint(kKey).value_or(static_cast<uint64_t>(fallback)), 1 << 24));
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
  constexpr int kPenaltyWindow = 64;  // llama.cpp's, whose keys these are
  d.penalty_window = read_penalty_window(file, kPenaltyWindow);
  if (const auto ids = file.get_uint_array("tokenizer.ggml.suppress_tokens"))
    for (const uint64_t id : *ids) d.suppress_tokens.push_back(static_cast<TokenId>(std::min<uint64_t>(id, INT32_MAX)));
  check(d, file.path());
  return d;
}

GenerationDefaults read_defaults(const std::string& folder, const text::Tokenizer& tokenizer) {
  GenerationDefaults d = family_defaults(tokenizer);
  const std::string path = folder + "/generation_config.json";
  if (!std::filesystem::exists(path)) return d;
  const JsonFields f(path);
  d.sample = f.boolean("do_sample", d.sample);
  d.temperature = static_cast<float>(f.number("temperature", d.temperature));
  d.top_k = static_cast<int>(std::clamp(f.number("top_k", d.top_k), 0.0, 1e6));
  d.top_p = static_cast<float>(f.number("top_p", d.top_p));
  d.min_p = static_cast<float>(f.number("min_p", d.min_p));
  d.typical_p = static_cast<float>(f.number("typical_p", d.typical_p));
  d.repetition_penalty = static_cast<float>(f.number("repetition_penalty", d.repetition_penalty));
  check(d, path);
  for (const TokenId id : f.ids("eos_token_id", tokenizer))
    if (std::find(d.stop_tokens.begin(), d.stop_tokens.end(), id) == d.stop_tokens.end()) d.stop_tokens.push_back(id);
  for (const TokenId id : f.ids("suppress_tokens", tokenizer)) d.suppress_tokens.push_back(id);
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
    constexpr int kMaxDepth = 64;  // it may hold the schema of an answer, which nests a dozen levels
    const Json json = read_json(config_path, kMaxDepth);
    if (json.contains("chat_template") && json["chat_template"].is_string())
      chat_template = json["chat_template"].get<std::string>();
  }
  return family_of(chat_template, config, tokenizer);
}

}  // namespace facet::runtime
