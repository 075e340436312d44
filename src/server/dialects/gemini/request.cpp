#include "server/dialects/gemini/request.h"

#include <fmt/format.h>

#include "server/dialects/gemini/normal_form.h"

namespace facet::server {
namespace {

Json gemini_declaration(const Fields& declaration) {
  Json function = {{"name", declaration.required_string("name")}};
  if (const auto description = declaration.string("description")) function["description"] = *description;
  if (const Json* schema = declaration.find("parametersJsonSchema"))
    function["parameters"] = *schema;
  else if (const Json* own = declaration.find("parameters"))
    function["parameters"] = gemini_json_schema(*own);
  else
    function["parameters"] = {{"type", "object"}};
  return {{"type", "function"}, {"function", std::move(function)}};
}

ToolChoice gemini_tool_choice(const Fields& config) {
  using Kind = ToolChoice::Kind;
  std::vector<std::string> allowed = config.strings("allowedFunctionNames");
  const std::string mode = config.string_or("mode", "AUTO");
  if (mode == "NONE") return {Kind::None, {}, {}};
  if (mode == "AUTO" || mode == "VALIDATED" || mode == "MODE_UNSPECIFIED") return {Kind::Auto, {}, std::move(allowed)};
  if (mode != "ANY")
    throw_invalid(config.place("mode"), fmt::format("'{}' is none of AUTO, ANY, NONE, VALIDATED", mode));
  if (allowed.size() == 1) return {Kind::Named, allowed.front(), {}};
  return {Kind::Required, {}, std::move(allowed)};
}

// The text of an embedding's content.
std::string gemini_text(const Fields& content) {
  std::string text;
  const Json& parts = content.list("parts");
  for (size_t i = 0; i < parts.size(); i++)
    text += Fields(parts[i], item_place(content.place("parts"), i)).required_string("text");
  return text;
}

}  // namespace

Json gemini_tools(const Fields& body) {
  Json tools;
  const Json& list = body.list("tools");
  for (size_t i = 0; i < list.size(); i++) {
    const Fields tool(list[i], item_place("tools", i));
    const Json& declarations = tool.list("functionDeclarations");
    for (size_t k = 0; k < declarations.size(); k++)
      tools.push_back(gemini_declaration(Fields(declarations[k], item_place(tool.place("functionDeclarations"), k))));
  }
  return tools;
}

GeminiRequest gemini_request(const Fields& body, const std::string& model) {
  if (body.has("cachedContent"))
    throw ApiError(ApiError::Kind::Unsupported,
                   "cachedContent: send the contents again; what was computed for them is found by itself",
                   "cachedContent");
  GeminiRequest request;
  GenerationRequest& generation = request.generation;
  generation.model = model;
  generation.messages = gemini_messages(body, generation.media);
  const Json& last = generation.messages.back();
  generation.continues_last = last.at("role") == "assistant" && !last.contains("tool_calls");
  generation.tools = gemini_tools(body);
  if (const auto config = body.object("toolConfig"))
    if (const auto calling = config->object("functionCallingConfig"))
      generation.tool_choice = gemini_tool_choice(*calling);
  if (const auto config = body.object("generationConfig")) read_gemini_config(*config, request);
  return request;
}

EmbeddingRequest gemini_embedding(const Fields& body, const std::string& model) {
  EmbeddingRequest request;
  request.model = model;
  request.truncates = true;  // as Google's embedding models do
  request.dimensions = static_cast<int>(body.integer("outputDimensionality", 1, 1 << 20).value_or(0));
  request.inputs.push_back({gemini_text(Fields(body.require("content"), body.place("content"))), {}});
  return request;
}

EmbeddingRequest gemini_embeddings(const Fields& body, const std::string& model) {
  const Json& list = body.list("requests");
  if (list.empty()) throw_invalid("requests", "at least one is required");
  EmbeddingRequest all;
  for (size_t i = 0; i < list.size(); i++) {
    EmbeddingRequest one = gemini_embedding(Fields(list[i], item_place("requests", i)), model);
    if (i == 0) {
      all = std::move(one);
      continue;
    }
    if (one.dimensions != all.dimensions)
      throw_invalid(item_place("requests", i) + ".outputDimensionality", "expected the same number in all requests");
    all.inputs.push_back(std::move(one.inputs.front()));
  }
  return all;
}

}  // namespace facet::server
