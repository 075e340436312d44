#include "server/dialects/openai/tools.h"

#include <fmt/format.h>

#include <algorithm>

namespace facet::server {
namespace {

bool is_declared(const Json& tools, const std::string& name) {
  return std::any_of(tools.begin(), tools.end(), [&](const Json& tool) { return tool["function"]["name"] == name; });
}

// The name in {function: {name}} or {name}; it has to be declared.
std::string declared_name(const Fields& choice, const Json& tools) {
  const auto function = choice.object("function");
  const Fields& fields = function ? *function : choice;
  const std::string name = fields.required_string("name");
  if (!is_declared(tools, name)) throw_invalid(fields.place("name"), fmt::format("no tool '{}' is declared", name));
  return name;
}

ToolChoice choice_of_word(const std::string& word, const std::string& place) {
  if (word == "auto") return {};
  if (word == "none") return {ToolChoice::Kind::None, {}, {}};
  if (word == "required" || word == "any") return {ToolChoice::Kind::Required, {}, {}};
  throw_invalid(place, fmt::format("expected none, auto or required, got '{}'", word));
}

// {type: allowed_tools, mode, tools} as responses have it, or with the two inside of "allowed_tools".
ToolChoice allowed_tools(const Fields& choice, const Json& tools) {
  const auto inner = choice.object("allowed_tools");
  const Fields& fields = inner ? *inner : choice;
  ToolChoice result = choice_of_word(fields.string_or("mode", "auto"), fields.place("mode"));
  const std::string place = fields.place("tools");
  for (const Json& tool : fields.list("tools"))
    result.allowed.push_back(declared_name(Fields(tool, item_place(place, result.allowed.size())), tools));
  if (result.allowed.empty()) throw_invalid(place, "expected at least one tool");
  return result;
}

ToolChoice choice_of_object(const Fields& choice, const Json& tools) {
  const std::string type = choice.string_or("type", "function");
  if (type == "function") return {ToolChoice::Kind::Named, declared_name(choice, tools), {}};
  if (type == "allowed_tools") return allowed_tools(choice, tools);
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("{}: tools of type '{}' are not supported, expected function or allowed_tools",
                             choice.place("type"), type),
                 choice.place("type"));
}

// What tool_choice was before: "none", "auto" or {name}.
void read_functions(const Fields& body, GenerationRequest& request) {
  size_t index = 0;
  for (const Json& function : body.list("functions")) {
    const std::string place = item_place("functions", index++);
    add_tool(request.tools, function_tool(Fields(function, place)), place);
  }
  request.parallel_calls = false;  // a message has room for one
  if (const Json* choice = body.find("function_call"))
    request.tool_choice =
        choice->is_string()
            ? choice_of_word(choice->get<std::string>(), "function_call")
            : ToolChoice{ToolChoice::Kind::Named, declared_name(Fields(*choice, "function_call"), request.tools), {}};
}

}  // namespace

Json function_tool(const Fields& declaration) {
  Json function = {{"name", declaration.required_string("name")}};
  if (function["name"] == "") throw_invalid(declaration.place("name"), "is empty");
  if (auto description = declaration.string("description")) function["description"] = std::move(*description);
  if (declaration.object("parameters")) function["parameters"] = declaration.require("parameters");
  if (const auto strict = declaration.boolean("strict")) function["strict"] = *strict;
  return {{"type", "function"}, {"function", std::move(function)}};
}

void add_tool(Json& tools, Json tool, const std::string& place) {
  if (tools.is_null()) tools = Json::array();
  constexpr size_t kMaxTools = 1024;
  if (tools.size() == kMaxTools) throw_invalid(place, fmt::format("more than {} tools", kMaxTools));
  const auto& name = tool["function"]["name"].get_ref<const std::string&>();
  if (is_declared(tools, name)) throw_invalid(place, fmt::format("a tool '{}' is declared already", name));
  tools.push_back(std::move(tool));
}

void read_tool_choice(const Fields& body, GenerationRequest& request, bool has_others) {
  if (const Json* choice = body.find("tool_choice"))
    request.tool_choice = choice->is_string() ? choice_of_word(choice->get<std::string>(), "tool_choice")
                                              : choice_of_object(Fields(*choice, "tool_choice"), request.tools);
  if (request.tool_choice.kind == ToolChoice::Kind::Required && request.tools.is_null() && !has_others)
    throw_invalid("tool_choice", "a call is required, but no tools are declared");
  request.parallel_calls = body.boolean("parallel_tool_calls");
}

void read_tools(const Fields& body, GenerationRequest& request) {
  if (body.has("functions") && !body.has("tools")) return read_functions(body, request);
  size_t index = 0;
  for (const Json& tool : body.list("tools")) {
    const Fields fields(tool, item_place("tools", index++));
    if (const std::string type = fields.string_or("type", "function"); type != "function")
      throw ApiError(
          ApiError::Kind::Unsupported,
          fmt::format("{}: tools of type '{}' are not supported, expected function", fields.place("type"), type),
          fields.place("type"));
    fields.require("function");
    add_tool(request.tools, function_tool(*fields.object("function")), fields.place());
  }
  read_tool_choice(body, request);
}

}  // namespace facet::server
