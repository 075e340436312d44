// llama.cpp's server: its properties, and text as tokens.
#include "server/dialects/discovery/discovery.h"
#include "text/utf8.h"

namespace facet::server {

Json llama_props(const ModelInfo& model) {
  return {{"default_generation_settings", {{"n_ctx", model.context}}},
          {"total_slots", 1},
          {"model_alias", model.name},
          {"model_path", model.name},
          {"modalities", {{"vision", model.sees}, {"audio", model.hears}}},
          {"chat_template", ""},
          {"build_info", "facet"}};
}

Json llama_tokenize(Service& service, const Fields& body) {
  const std::string model = body.string_or("model", "");
  const auto tokens = service.tokenize(model, body.string_or("content", ""), body.boolean_or("add_special", false));
  if (!body.boolean_or("with_pieces", false)) return {{"tokens", tokens}};
  Json list = Json::array();
  for (const text::TokenId token : tokens) {
    const std::string piece = service.detokenize(model, std::span(&token, 1));
    Json entry = {{"id", token}, {"piece", piece}};
    if (!text::is_utf8(piece)) {  // part of a character: as its bytes
      entry["piece"] = Json::array();
      for (const char c : piece) entry["piece"].push_back(static_cast<unsigned char>(c));
    }
    list.push_back(std::move(entry));
  }
  return {{"tokens", std::move(list)}};
}

Json llama_detokenize(Service& service, const Fields& body) {
  std::vector<text::TokenId> tokens;
  for (const Json& token : body.list("tokens"))
    tokens.push_back(static_cast<text::TokenId>(
        integer_at(token, item_place("tokens", tokens.size()), 0, std::numeric_limits<int32_t>::max())));
  return {{"content", service.detokenize(body.string_or("model", ""), tokens)}};
}

}  // namespace facet::server
