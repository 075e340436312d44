#include "server/dialects/anthropic/request.h"

#include <fmt/format.h>

#include "server/dialects/anthropic/blocks.h"

namespace facet::server {
namespace {

ToolChoice anthropic_tool_choice(const Fields& choice) {
  using Kind = ToolChoice::Kind;
  const std::string type = choice.required_string("type");
  if (type == "auto") return {Kind::Auto, {}, {}};
  if (type == "any") return {Kind::Required, {}, {}};
  if (type == "none") return {Kind::None, {}, {}};
  if (type == "tool") return {Kind::Named, choice.required_string("name"), {}};
  throw_invalid(choice.place("type"), fmt::format("'{}' is none of auto, any, tool, none", type));
}

// thinking: enabled with a budget, adaptive with an effort, or disabled.
Thinking anthropic_thinking(const Fields& body) {
  const auto thinking = body.object("thinking");
  if (!thinking) return {};
  const std::string type = thinking->required_string("type");
  if (type == "disabled") return {false, -1};
  if (type == "enabled") {
    const auto budget = thinking->integer("budget_tokens", 1, std::numeric_limits<int>::max());
    return {true, static_cast<int>(budget.value_or(-1))};
  }
  if (type != "adaptive")
    throw_invalid(thinking->place("type"), fmt::format("'{}' is none of enabled, adaptive, disabled", type));
  const auto output = body.object("output_config");
  const auto effort = output ? output->string("effort") : std::nullopt;
  Thinking result = effort ? thinking_of_effort(*effort, "output_config.effort") : Thinking{};
  result.on = true;
  return result;
}

// output_config.format, or output_format as it was called first.
OutputFormat anthropic_format(const Fields& body) {
  const auto output = body.object("output_config");
  auto format = output ? output->object("format") : std::nullopt;
  if (!format) format = body.object("output_format");
  if (!format) return {};
  const std::string type = format->required_string("type");
  if (type != "json_schema") throw_invalid(format->place("type"), fmt::format("'{}' is not json_schema", type));
  OutputFormat result;
  result.kind = OutputFormat::Kind::Schema;
  result.schema = format->require("schema");
  return result;
}

void read_anthropic_sampling(const Fields& body, GenerationRequest& generation) {
  generation.sampling.temperature = body.number("temperature", 0, 2);
  generation.sampling.top_p = body.number("top_p", 0, 1);
  generation.sampling.top_k = body.integer("top_k", 0, std::numeric_limits<int>::max());
  generation.stop = stop_strings(body, "stop_sequences");
}

}  // namespace

Json anthropic_tools(const Fields& body) {
  Json tools;
  const Json& list = body.list("tools");
  for (size_t i = 0; i < list.size(); i++) {
    const Fields tool(list[i], item_place("tools", i));
    const std::string type = tool.string_or("type", "custom");
    if (type != "custom") {
      if (is_anthropic_server_tool(type)) continue;
      throw ApiError(ApiError::Kind::Unsupported,
                     fmt::format("{}: '{}' is not known here: declare the tool with a name and an input_schema",
                                 tool.place("type"), type),
                     tool.place("type"));
    }
    Json function = {{"name", tool.required_string("name")}};
    if (const auto description = tool.string("description")) function["description"] = *description;
    const auto schema = tool.object("input_schema");
    function["parameters"] = schema ? *tool.find("input_schema") : Json{{"type", "object"}};
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return tools;
}

AnthropicRequest anthropic_request(const Fields& body, bool needs_limit) {
  AnthropicRequest request;
  GenerationRequest& generation = request.generation;
  generation.model = body.required_string("model");
  if (needs_limit) body.require("max_tokens");
  generation.max_tokens = static_cast<int>(body.integer("max_tokens", 1, std::numeric_limits<int>::max()).value_or(-1));
  if (!body.list("mcp_servers").empty())
    throw ApiError(ApiError::Kind::Unsupported, "mcp_servers: this server calls none, send their tools in \"tools\"",
                   "mcp_servers");
  generation.messages = anthropic_messages_of(body, generation.media);
  const Json& last = generation.messages.back();
  generation.continues_last = last.at("role") == "assistant" && !last.contains("tool_calls");
  generation.tools = anthropic_tools(body);
  if (const auto choice = body.object("tool_choice")) {
    generation.tool_choice = anthropic_tool_choice(*choice);
    if (const auto disabled = choice->boolean("disable_parallel_tool_use")) generation.parallel_calls = !*disabled;
  }
  generation.thinking = anthropic_thinking(body);
  generation.format = anthropic_format(body);
  read_anthropic_sampling(body, generation);
  request.is_stream = body.boolean_or("stream", false);
  return request;
}

}  // namespace facet::server
