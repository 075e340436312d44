#include "server/dialects/openai/responses/responses_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/dialects/openai/options.h"
#include "server/dialects/openai/output_format.h"
#include "server/dialects/openai/tools.h"

namespace facet::server {
namespace {

// Declares the function under its own name, or, where that is taken, with its namespace in front.
void add_namespaced(const Fields& function, const std::string& space, ResponsesRequest& request) {
  Json tool = function_tool(function);
  const std::string name = tool["function"]["name"];
  const Json& tools = request.generation.tools;
  const bool is_taken =
      std::any_of(tools.begin(), tools.end(), [&](const Json& other) { return other["function"]["name"] == name; });
  const std::string declared = is_taken ? space + (space.ends_with("__") ? "" : "__") + name : name;
  tool["function"]["name"] = declared;
  request.namespaces[declared] = {space, name};
  add_tool(request.generation.tools, std::move(tool), function.place());
}

void read_response_tool(const Fields& tool, ResponsesRequest& request) {
  const std::string type = tool.required_string("type");
  if (type == "function") {
    const auto inner = tool.object("function");  // as in chats
    return add_tool(request.generation.tools, function_tool(inner ? *inner : tool), tool.place());
  }
  if (type == "mcp") return read_mcp_server(tool, request.mcp);
  if (type != "namespace") return;  // tools that others host; agents declare them whatever the server is
  const std::string space = tool.required_string("name");
  size_t index = 0;
  for (const Json& inner : tool.list("tools")) {
    const Fields function(inner, item_place(tool.place("tools"), index++));
    if (function.string_or("type", "function") == "function") add_namespaced(function, space, request);
  }
}

void read_response_tools(const Fields& body, ResponsesRequest& request) {
  size_t index = 0;
  for (const Json& tool : body.list("tools")) read_response_tool(Fields(tool, item_place("tools", index++)), request);
  request.mcp.max_calls =
      static_cast<int>(body.integer("max_tool_calls", 0, std::numeric_limits<int>::max()).value_or(-1));
  if (read_mcp_choice(body, request.mcp, request.generation))
    request.generation.parallel_calls = body.boolean("parallel_tool_calls");
  else
    read_tool_choice(body, request.generation, !request.mcp.is_empty());
}

Json input_items(const Fields& body) {
  const Json& input = body.require("input");
  if (input.is_string()) return Json::array({{{"type", "message"}, {"role", "user"}, {"content", input}}});
  if (body.list("input").empty()) throw_invalid("input", "is empty");
  return input;
}

// References become the items that they name.
Json resolved_items(Json items, const ResponseSources& sources) {
  constexpr int kMaxReferences = 256;  // each may name an item of megabytes
  int n_references = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const Fields item(items[i], item_place("input", i));
    if (item.string_or("type", item.has("role") ? "message" : "item_reference") != "item_reference") continue;
    if (++n_references > kMaxReferences)
      throw_invalid("input", fmt::format("more than {} references to stored items", kMaxReferences));
    const std::string id = item.required_string("id"), place = item.place("id");
    Json found = sources.item ? sources.item(id) : Json();
    if (found.is_null())
      throw ApiError(ApiError::Kind::NotFound, fmt::format("{}: no stored item '{}'", place, id), place);
    items[i] = std::move(found);
  }
  return items;
}

void read_conversation(const Fields& body, ResponsesRequest& request, const ResponseSources& sources) {
  GenerationRequest& generation = request.generation;
  if (const auto instructions = body.string("instructions"))
    generation.messages.push_back({{"role", "developer"}, {"content", *instructions}});
  ItemReader reader(generation, sources.find_file, request.namespaces, request.mcp);
  if (const auto previous = body.string("previous_response_id")) {
    size_t index = 0;
    for (const Json& item : sources.history(*previous)) reader.add(item, item_place("previous_response_id", index++));
  }
  request.input = resolved_items(input_items(body), sources);
  size_t index = 0;
  for (const Json& item : request.input) reader.add(item, item_place("input", index++));
  for (const ApprovedMcpCall& call : request.mcp.approved)
    if (request.mcp.find(call.label) == nullptr)
      throw_invalid("input",
                    fmt::format("a call of the MCP server '{}' is approved, which is not among the tools", call.label));
}

void refuse_hosted(const Fields& body) {
  for (const char* key : {"conversation", "prompt"})
    if (body.has(key))
      throw ApiError(ApiError::Kind::Unsupported, fmt::format("{}: is not kept by this server", key), key);
}

void read_reasoning(const Fields& body, ResponsesRequest& request) {
  request.generation.thinking = read_thinking(body);
  if (const auto reasoning = body.object("reasoning"))
    request.has_summary = reasoning->has("summary") || reasoning->has("generate_summary");
  for (const std::string& what : body.strings("include")) {
    request.has_sealed |= what == "reasoning.encrypted_content";
    request.has_logprobs |= what == "message.output_text.logprobs";
  }
  const auto top = body.integer("top_logprobs", 0, 20);
  request.has_logprobs |= top.has_value();
  if (request.has_logprobs) request.generation.n_logprobs = static_cast<int>(top.value_or(0));
}

Json echo_of(const Json& body) {
  static const Json kDefaults = Json::parse(R"({"instructions": null, "max_output_tokens": null, "max_tool_calls": null,
      "parallel_tool_calls": true, "previous_response_id": null, "prompt_cache_key": null, "reasoning":
      {"effort": null, "summary": null}, "safety_identifier": null, "service_tier": "default", "store": true,
      "temperature": null, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_logprobs": 0,
      "top_p": null, "truncation": "disabled", "user": null, "background": false, "metadata": {}})");
  Json echo = kDefaults;
  for (auto& [key, value] : echo.items())
    if (const auto given = body.find(key); given != body.end() && !given->is_null()) value = *given;
  echo["tools"] = without_secrets(std::move(echo["tools"]));
  if (!echo["text"].contains("format")) echo["text"]["format"] = {{"type", "text"}};
  return echo;
}

}  // namespace

ResponsesRequest parse_responses_request(const Json& json, const ResponseSources& sources) {
  const Fields body(json);
  ResponsesRequest request;
  GenerationRequest& generation = request.generation;
  refuse_hosted(body);
  read_options(body, generation);
  generation.n = 1;
  read_response_tools(body, request);
  if (const auto text = body.object("text"))
    if (const auto format = text->object("format")) generation.format = read_format(*format);
  generation.max_tokens = read_max_tokens(body, {"max_output_tokens"});
  generation.shortens = body.string_or("truncation", "disabled") == "auto";
  body.object("metadata");
  read_reasoning(body, request);
  read_conversation(body, request, sources);
  request.is_stream = body.boolean_or("stream", false);
  request.is_stored = body.boolean_or("store", true);
  request.is_background = generation.is_background = body.boolean_or("background", false);
  if (request.is_background && !request.is_stored) throw_invalid("background", "needs store to be true");
  if (request.is_background && request.is_stream)
    throw ApiError(ApiError::Kind::Unsupported, "stream: not together with background, ask for the response later",
                   "stream");
  request.echo = echo_of(json);
  return request;
}

}  // namespace facet::server
