#include "server/dialects/openai/embeddings.h"

#include <bit>
#include <limits>

#include "server/base64.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

constexpr size_t kMaxInputs = 2048;

EmbeddingRequest::Input tokens_input(const Json& list, const std::string& place) {
  EmbeddingRequest::Input input;
  for (const Json& token : list)
    input.tokens.push_back(static_cast<text::TokenId>(
        integer_at(token, item_place(place, input.tokens.size()), 0, std::numeric_limits<int32_t>::max())));
  if (input.tokens.empty()) throw_invalid(place, "is empty");
  return input;
}

std::vector<EmbeddingRequest::Input> read_inputs(const Fields& body) {
  const Json& value = body.require("input");
  if (value.is_string()) return {{value, {}}};
  const Json& list = body.list("input");
  if (list.empty()) throw_invalid("input", "is empty");
  if (list[0].is_number()) return {tokens_input(list, "input")};
  if (list.size() > kMaxInputs) throw_invalid("input", "more than 2048 texts");
  std::vector<EmbeddingRequest::Input> inputs;
  for (const Json& item : list) {
    const std::string place = item_place("input", inputs.size());
    inputs.push_back(item.is_array() ? tokens_input(item, place) : EmbeddingRequest::Input{string_at(item, place), {}});
  }
  return inputs;
}

std::string base64_of(const std::vector<float>& vector) {
  static_assert(std::endian::native == std::endian::little);
  return to_base64({reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)});
}

}  // namespace

EmbeddingsCall parse_embeddings(const Json& json) {
  const Fields body(json);
  EmbeddingsCall call;
  call.request.model = body.string_or("model", "");
  call.request.inputs = read_inputs(body);
  call.request.dimensions = static_cast<int>(body.integer("dimensions", 1, 1 << 20).value_or(0));
  const std::string format = body.string_or("encoding_format", "float");
  if (format != "float" && format != "base64") throw_invalid("encoding_format", "expected float or base64");
  call.is_base64 = format == "base64";
  return call;
}

Json embeddings_json(const EmbeddingResult& result, bool is_base64) {
  Json data = Json::array();
  for (const std::vector<float>& vector : result.embeddings)
    data.push_back({{"object", "embedding"},
                    {"index", data.size()},
                    {"embedding", is_base64 ? Json(base64_of(vector)) : Json(vector)}});
  return {{"object", "list"},
          {"data", std::move(data)},
          {"model", result.model},
          {"usage", {{"prompt_tokens", result.n_tokens}, {"total_tokens", result.n_tokens}}}};
}

}  // namespace facet::server
