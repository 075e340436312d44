#include "server/dialects/mcp/tools.h"

#include <fmt/format.h>

#include "server/media_parts.h"

namespace facet::server {
namespace {

Json text_argument(const char* meaning) { return {{"type", "string"}, {"description", meaning}}; }

Json mcp_tool(const char* name, const char* meaning, Json properties, Json required) {
  return {
      {"name", name},
      {"description", meaning},
      {"inputSchema", {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}}}};
}

GenerationRequest mcp_question(const Fields& arguments, Json content) {
  GenerationRequest request;
  request.model = arguments.string_or("model", "");
  if (const auto system = arguments.string("system"); system && !system->empty())
    request.messages.push_back({{"role", "system"}, {"content", *system}});
  request.messages.push_back({{"role", "user"}, {"content", std::move(content)}});
  request.max_tokens =
      static_cast<int>(arguments.integer("max_tokens", 1, std::numeric_limits<int>::max()).value_or(-1));
  return request;
}

GenerationRequest mcp_picture(const Fields& arguments) {
  std::vector<MediaInput> media;
  Json part = file_part(bytes_of_base64(arguments.required_string("image"), "image"), "", "", "image", media);
  if (part.at("type") != "image") throw_invalid("image", "is no picture");
  const std::string question = arguments.string_or("question", "Describe this picture.");
  GenerationRequest request =
      mcp_question(arguments, Json::array({std::move(part), {{"type", "text"}, {"text", question}}}));
  request.media = std::move(media);
  return request;
}

GenerationRequest mcp_translation(const Fields& arguments) {
  const std::string from = arguments.string_or("from", "");
  const std::string task = fmt::format(
      "Translate the following text{} into {}. Answer with the translation alone.\n\n{}",
      from.empty() ? "" : " from " + from, arguments.required_string("to"), arguments.required_string("text"));
  return mcp_question(arguments, task);
}

TranscriptionRequest mcp_transcription(const Fields& arguments) {
  TranscriptionRequest request;
  request.model = arguments.string_or("model", "");
  request.bytes = bytes_of_base64(arguments.required_string("audio"), "audio");
  request.place = "audio";
  request.language = arguments.string_or("language", "");
  request.translate_to = arguments.string_or("translate_to", "");
  return request;
}

EmbeddingRequest mcp_embedding(const Fields& arguments) {
  EmbeddingRequest request;
  request.model = arguments.string_or("model", "");
  arguments.require("texts");
  for (std::string& text : arguments.strings("texts")) request.inputs.push_back({std::move(text), {}});
  return request;
}

}  // namespace

Json mcp_tools(const ModelInfo& model) {
  Json tools = Json::array();
  tools.push_back(mcp_tool("ask", "Asks the local model a question and gives its answer.",
                           {{"prompt", text_argument("the question, with all that is needed to answer it")},
                            {"system", text_argument("how the model is to behave")},
                            {"max_tokens", {{"type", "integer"}, {"minimum", 1}}}},
                           {"prompt"}));
  if (model.sees)
    tools.push_back(mcp_tool("describe_image", "Looks at a picture and describes it, or answers a question about it.",
                             {{"image", text_argument("the picture's file (PNG, JPEG, WebP ...) as base64")},
                              {"question", text_argument("what to find out; left out: a description")}},
                             {"image"}));
  if (model.hears)
    tools.push_back(mcp_tool("transcribe", "Writes down what is said in a sound file.",
                             {{"audio", text_argument("the sound file (WAV, MP3, FLAC ...) as base64")},
                              {"language", text_argument("that is spoken; left out: whichever it is")},
                              {"translate_to", text_argument("a language for the text; left out: as it is spoken")}},
                             {"audio"}));
  tools.push_back(mcp_tool("translate", "Translates a text.",
                           {{"text", text_argument("to be translated")},
                            {"to", text_argument("the language to translate into")},
                            {"from", text_argument("the language of the text; left out: whichever it is")}},
                           {"text", "to"}));
  tools.push_back(
      mcp_tool("embed", "Gives a vector of length 1 for each text; texts of like meaning have like vectors.",
               {{"texts", {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}}}}, {"texts"}));
  return tools;
}

McpTask mcp_task(const std::string& tool, const Fields& arguments) {
  if (tool == "ask") return mcp_question(arguments, arguments.required_string("prompt"));
  if (tool == "describe_image") return mcp_picture(arguments);
  if (tool == "translate") return mcp_translation(arguments);
  if (tool == "transcribe") return mcp_transcription(arguments);
  if (tool == "embed") return mcp_embedding(arguments);
  throw ApiError(ApiError::Kind::NotFound, fmt::format("unknown tool '{}'", tool), "name");
}

}  // namespace facet::server
