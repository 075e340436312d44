#include "apps/eval/dialects.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "apps/eval/subject.h"
#include "base/error.h"
#include "base/file.h"
#include "server/base64.h"

namespace facet::apps::eval {
namespace {

using text::ChatJson;

constexpr std::array<std::pair<const char*, Dialect>, 5> kDialects{{{"openai", Dialect::OpenAI},
                                                                    {"responses", Dialect::Responses},
                                                                    {"ollama", Dialect::Ollama},
                                                                    {"anthropic", Dialect::Anthropic},
                                                                    {"gemini", Dialect::Gemini}}};

std::string data_of(const ChatJson& part) {
  return server::to_base64(read_file(part["path"].get_ref<const std::string&>()));
}

std::string extension_of(const ChatJson& part) {
  const std::string extension = std::filesystem::path(part["path"].get<std::string>()).extension().string();
  return extension.empty() ? extension : extension.substr(1);
}

// "image/png", "audio/opus".
std::string media_type_of(const ChatJson& part) {
  const std::string extension = extension_of(part);
  return part["type"].get<std::string>() + "/" + (extension == "jpg" ? "jpeg" : extension);
}

// A message's content as parts.
ChatJson parts_of(const ChatJson& message) {
  const auto content = message.find("content");
  if (content == message.end() || content->is_null()) return ChatJson::array();
  if (content->is_array()) return *content;
  return ChatJson::array({{{"type", "text"}, {"text", *content}}});
}

std::string text_of(const ChatJson& message) {
  std::string text;
  for (const ChatJson& part : parts_of(message))
    if (part["type"] == "text") text += part["text"].get_ref<const std::string&>();
  return text;
}

const ChatJson& calls_of(const ChatJson& message) {
  static const ChatJson kNone = ChatJson::array();
  const auto calls = message.find("tool_calls");
  return calls == message.end() ? kNone : *calls;
}

// The function that a result is of, by its call's id.
std::string name_of_result(const ChatJson& messages, const ChatJson& result) {
  if (result.contains("name")) return result["name"];
  for (const ChatJson& message : messages)
    for (const ChatJson& call : calls_of(message))
      if (call.value("id", "") == result.value("tool_call_id", "")) return call["function"]["name"];
  return {};
}

template <class Write>
ChatJson each(const ChatJson& list, Write&& write) {
  ChatJson written = ChatJson::array();
  for (const ChatJson& item : list) written.push_back(write(item));
  return written;
}

ChatJson functions_of(const evaluation::Item& item) {
  return item.tools.is_null() ? ChatJson::array()
                              : each(item.tools, [](const ChatJson& tool) { return tool["function"]; });
}

// --- OpenAI: chat completions and responses ---

ChatJson openai_part(const ChatJson& part, bool in_responses) {
  if (part["type"] == "text") return {{"type", in_responses ? "input_text" : "text"}, {"text", part["text"]}};
  if (part["type"] == "audio")
    return {{"type", "input_audio"}, {"input_audio", {{"data", data_of(part)}, {"format", extension_of(part)}}}};
  const std::string url = "data:" + media_type_of(part) + ";base64," + data_of(part),
                    detail = part.value("budget", "auto");
  if (in_responses) return {{"type", "input_image"}, {"image_url", url}, {"detail", detail}};
  return {{"type", "image_url"}, {"image_url", {{"url", url}, {"detail", detail}}}};
}

ChatJson openai_messages(const ChatJson& messages) {
  return each(messages, [](const ChatJson& message) {
    ChatJson written = message;
    if (message.contains("content") && message["content"].is_array())
      written["content"] = each(message["content"], [](const ChatJson& part) { return openai_part(part, false); });
    if (message.contains("tool_calls"))
      for (ChatJson& call : written["tool_calls"]) call["function"]["arguments"] = call["function"]["arguments"].dump();
    return written;
  });
}

DialectRequest openai_request(const evaluation::Item& item) {
  ChatJson body = {{"messages", openai_messages(item.messages)},
                   {"max_completion_tokens", item.max_tokens},
                   {"temperature", 0},
                   {"chat_template_kwargs", {{"enable_thinking", item.think}}}};
  if (!item.tools.is_null()) body["tools"] = item.tools;
  return {"/v1/chat/completions", std::move(body)};
}

// Adds a call; one whose arguments were cut short is none.
void add_call(const ChatJson& name, ChatJson arguments, evaluation::Answer& answer) {
  if (arguments.is_string()) arguments = ChatJson::parse(arguments.get<std::string>(), nullptr, false);
  if (!arguments.is_discarded()) answer.calls.push_back({{"name", name}, {"arguments", std::move(arguments)}});
}

evaluation::Answer openai_answer(const ChatJson& reply) {
  const ChatJson& message = reply.at("choices").at(0).at("message");
  evaluation::Answer answer;
  if (message.contains("content") && message["content"].is_string()) answer.content = message["content"];
  for (const ChatJson& call : calls_of(message))
    add_call(call.at("function").at("name"), call.at("function").at("arguments"), answer);
  return answer;
}

void add_response_items(const ChatJson& message, ChatJson& items) {
  const std::string role = message["role"];
  if (role == "tool") {
    items.push_back({{"type", "function_call_output"},
                     {"call_id", message.value("tool_call_id", "")},
                     {"output", text_of(message)}});
    return;
  }
  if (role == "assistant") {
    if (const std::string text = text_of(message); !text.empty()) items.push_back({{"role", role}, {"content", text}});
    for (const ChatJson& call : calls_of(message))
      items.push_back({{"type", "function_call"},
                       {"call_id", call.value("id", "")},
                       {"name", call["function"]["name"]},
                       {"arguments", call["function"]["arguments"].dump()}});
    return;
  }
  items.push_back({{"role", role},
                   {"content", each(parts_of(message), [](const ChatJson& part) { return openai_part(part, true); })}});
}

DialectRequest responses_request(const evaluation::Item& item) {
  ChatJson input = ChatJson::array();
  for (const ChatJson& message : item.messages) add_response_items(message, input);
  ChatJson body = {{"input", std::move(input)},
                   {"max_output_tokens", item.max_tokens},
                   {"temperature", 0},
                   {"store", false},
                   {"reasoning", {{"effort", item.think ? "xhigh" : "none"}}}};
  if (!item.tools.is_null())
    body["tools"] = each(functions_of(item), [](ChatJson function) {
      function["type"] = "function";
      function["strict"] = false;
      return function;
    });
  return {"/v1/responses", std::move(body)};
}

evaluation::Answer responses_answer(const ChatJson& reply) {
  evaluation::Answer answer;
  for (const ChatJson& item : reply.at("output")) {
    if (item.at("type") == "function_call") add_call(item.at("name"), item.at("arguments"), answer);
    if (item.at("type") != "message") continue;
    for (const ChatJson& part : item.at("content")) answer.content += part.at("text").get_ref<const std::string&>();
  }
  return answer;
}

// --- Ollama ---

DialectRequest ollama_request(const evaluation::Item& item) {
  const ChatJson messages = each(item.messages, [&](const ChatJson& message) {
    ChatJson written = {{"role", message["role"]}, {"content", text_of(message)}};
    for (const ChatJson& part : parts_of(message))
      if (part["type"] == "image") written["images"].push_back(data_of(part));
    for (const ChatJson& call : calls_of(message)) written["tool_calls"].push_back({{"function", call["function"]}});
    if (message["role"] == "tool") written["tool_name"] = name_of_result(item.messages, message);
    return written;
  });
  ChatJson body = {{"messages", messages},
                   {"stream", false},
                   {"think", item.think},
                   {"options", {{"temperature", 0}, {"num_predict", item.max_tokens}}}};
  if (!item.tools.is_null()) body["tools"] = item.tools;
  return {"/api/chat", std::move(body)};
}

evaluation::Answer ollama_answer(const ChatJson& reply) {
  const ChatJson& message = reply.at("message");
  evaluation::Answer answer{message.at("content")};
  for (const ChatJson& call : calls_of(message))
    add_call(call.at("function").at("name"), call.at("function").at("arguments"), answer);
  return answer;
}

// --- Anthropic ---

ChatJson anthropic_part(const ChatJson& part) {
  if (part["type"] == "text") return part;
  return {{"type", "image"},
          {"source", {{"type", "base64"}, {"media_type", media_type_of(part)}, {"data", data_of(part)}}}};
}

ChatJson anthropic_message(const ChatJson& message) {
  if (message["role"] == "tool")
    return {{"role", "user"},
            {"content",
             {{{"type", "tool_result"},
               {"tool_use_id", message.value("tool_call_id", "")},
               {"content", text_of(message)}}}}};
  ChatJson blocks = each(parts_of(message), anthropic_part);
  for (const ChatJson& call : calls_of(message))
    blocks.push_back({{"type", "tool_use"},
                      {"id", call.value("id", "")},
                      {"name", call["function"]["name"]},
                      {"input", call["function"]["arguments"]}});
  return {{"role", message["role"]}, {"content", std::move(blocks)}};
}

DialectRequest anthropic_request(const evaluation::Item& item) {
  ChatJson body = {{"messages", ChatJson::array()},
                   {"max_tokens", item.max_tokens},
                   {"temperature", 0},
                   {"thinking", {{"type", item.think ? "adaptive" : "disabled"}}}};
  for (const ChatJson& message : item.messages) {
    if (message["role"] == "system")
      body["system"] = text_of(message);
    else
      body["messages"].push_back(anthropic_message(message));
  }
  if (!item.tools.is_null())
    body["tools"] = each(functions_of(item), [](const ChatJson& function) {
      return ChatJson{{"name", function["name"]},
                      {"description", function.value("description", "")},
                      {"input_schema", function.value("parameters", ChatJson{{"type", "object"}})}};
    });
  return {"/v1/messages", std::move(body)};
}

evaluation::Answer anthropic_answer(const ChatJson& reply) {
  evaluation::Answer answer;
  for (const ChatJson& block : reply.at("content")) {
    if (block.at("type") == "text") answer.content += block.at("text").get_ref<const std::string&>();
    if (block.at("type") == "tool_use") add_call(block.at("name"), block.at("input"), answer);
  }
  return answer;
}

// --- Google ---

ChatJson gemini_content(const ChatJson& messages, const ChatJson& message) {
  if (message["role"] == "tool")
    return {{"role", "user"},
            {"parts",
             {{{"functionResponse",
                {{"name", name_of_result(messages, message)}, {"response", {{"result", text_of(message)}}}}}}}}};
  ChatJson parts = each(parts_of(message), [](const ChatJson& part) -> ChatJson {
    if (part["type"] == "text") return {{"text", part["text"]}};
    return {{"inlineData", {{"mimeType", media_type_of(part)}, {"data", data_of(part)}}}};
  });
  for (const ChatJson& call : calls_of(message))
    parts.push_back({{"functionCall", {{"name", call["function"]["name"]}, {"args", call["function"]["arguments"]}}}});
  return {{"role", message["role"] == "assistant" ? "model" : "user"}, {"parts", std::move(parts)}};
}

// The word for how many tokens pictures take, "" where nothing is said; none if there is no word.
std::optional<std::string> gemini_resolution(const evaluation::Item& item) {
  std::string word;
  for (const ChatJson& message : item.messages)
    for (const ChatJson& part : parts_of(message)) {
      if (part["type"] != "image") continue;
      const std::string budget = part.value("budget", "medium");
      const char* own = budget == "70"       ? "MEDIA_RESOLUTION_LOW"
                        : budget == "medium" ? "MEDIA_RESOLUTION_MEDIUM"
                        : budget == "560"    ? "MEDIA_RESOLUTION_HIGH"
                                             : nullptr;
      if (own == nullptr || (!word.empty() && word != own)) return {};
      word = own;
    }
  return word;
}

DialectRequest gemini_request(const evaluation::Item& item, const std::string& model) {
  ChatJson config = {{"temperature", 0},
                     {"maxOutputTokens", item.max_tokens},
                     {"thinkingConfig", {{"thinkingBudget", item.think ? -1 : 0}}}};
  if (const std::string word = gemini_resolution(item).value_or(""); !word.empty()) config["mediaResolution"] = word;
  ChatJson body = {{"contents", ChatJson::array()}, {"generationConfig", std::move(config)}};
  for (const ChatJson& message : item.messages) {
    if (message["role"] == "system")
      body["systemInstruction"] = {{"parts", {{{"text", text_of(message)}}}}};
    else
      body["contents"].push_back(gemini_content(item.messages, message));
  }
  if (!item.tools.is_null())
    body["tools"] = {{{"functionDeclarations", each(functions_of(item), [](ChatJson function) {
                         if (const auto schema = function.find("parameters"); schema != function.end()) {
                           ChatJson kept = *schema;
                           function.erase("parameters");
                           function["parametersJsonSchema"] = std::move(kept);
                         }
                         return function;
                       })}}};
  return {"/v1beta/models/" + model + ":generateContent", std::move(body)};
}

evaluation::Answer gemini_answer(const ChatJson& reply) {
  evaluation::Answer answer;
  const ChatJson& candidate = reply.at("candidates").at(0);
  if (!candidate.contains("content") || !candidate["content"].contains("parts")) return answer;
  for (const ChatJson& part : candidate["content"]["parts"]) {
    if (part.contains("text") && !part.value("thought", false)) answer.content += part["text"].get<std::string>();
    if (part.contains("functionCall"))
      add_call(part["functionCall"].at("name"), part["functionCall"].value("args", ChatJson::object()), answer);
  }
  return answer;
}

bool says_budget(const evaluation::Item& item) {
  return std::ranges::any_of(item.messages, [](const ChatJson& message) {
    return std::ranges::any_of(parts_of(message),
                               [](const ChatJson& part) { return part["type"] == "image" && part.contains("budget"); });
  });
}

bool has_tiles(const evaluation::Item& item) {
  return std::ranges::any_of(item.messages, [](const ChatJson& message) {
    return std::ranges::any_of(parts_of(message), [](const ChatJson& part) { return part.value("tile", false); });
  });
}

}  // namespace

std::optional<Dialect> parse_dialect(const std::string& name) {
  for (const auto& [word, dialect] : kDialects)
    if (name == word) return dialect;
  return {};
}

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const auto& [word, dialect] : kDialects) names.emplace_back(word);
  return names;
}

std::optional<std::string> why_unsaid(Dialect dialect, const evaluation::Item& item) {
  if (has_tiles(item)) return "no protocol has a word for pictures that are cut into tiles";
  if (dialect == Dialect::OpenAI || dialect == Dialect::Responses) return {};
  if (dialect != Dialect::Gemini && has_part(item, "audio")) return "the protocol has no place for sound";
  if (dialect == Dialect::Gemini ? !gemini_resolution(item) : says_budget(item))
    return "the protocol has no word for the tokens that its pictures take";
  return {};
}

DialectRequest request_of(Dialect dialect, const evaluation::Item& item, const std::string& model) {
  DialectRequest request = dialect == Dialect::OpenAI      ? openai_request(item)
                           : dialect == Dialect::Responses ? responses_request(item)
                           : dialect == Dialect::Ollama    ? ollama_request(item)
                           : dialect == Dialect::Anthropic ? anthropic_request(item)
                                                           : gemini_request(item, model);
  if (dialect != Dialect::Gemini) request.body["model"] = model;
  return request;
}

evaluation::Answer answer_of(Dialect dialect, const ChatJson& reply) {
  try {
    switch (dialect) {
      case Dialect::OpenAI:
        return openai_answer(reply);
      case Dialect::Responses:
        return responses_answer(reply);
      case Dialect::Ollama:
        return ollama_answer(reply);
      case Dialect::Anthropic:
        return anthropic_answer(reply);
      case Dialect::Gemini:
        return gemini_answer(reply);
    }
  } catch (const ChatJson::exception&) {
  }
  throw_error<FormatError>("the reply is not what this protocol answers: {}", reply.dump().substr(0, 200));
}

}  // namespace facet::apps::eval
