#include "server/dialects/openai/responses/mcp_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/dialects/openai/tools.h"

namespace facet::server {
namespace {

Json mcp_function(const std::string& declared, const McpTools::Tool& tool) {
  Json function = {{"name", declared}, {"parameters", tool.listed["input_schema"]}};
  std::string description =
      tool.listed["description"].is_string() ? tool.listed["description"].get<std::string>() : std::string();
  if (const std::string& server = tool.server->description; !server.empty())
    description += fmt::format("{}({})", description.empty() ? "" : " ", server);
  if (!description.empty()) function["description"] = std::move(description);
  return {{"type", "function"}, {"function", std::move(function)}};
}

}  // namespace

void McpTools::add(const McpServer& server, const Json& list) {
  for (const Json& tool : list)
    if (server.allowed.fits(tool)) tools_.push_back({&server, tool, server.needs_approval(tool)});
}

void McpTools::declare(const McpRequest& mcp, GenerationRequest& generation) {
  std::multiset<std::string> names;
  if (generation.tools.is_array())
    for (const Json& function : generation.tools) names.insert(function["function"]["name"].get<std::string>());
  for (const Tool& tool : tools_) names.insert(tool.name());
  for (size_t i = 0; i < tools_.size(); ++i) {
    const std::string& name = tools_[i].name();
    const std::string declared = names.count(name) == 1 ? name : tools_[i].server->label + "__" + name;
    add_tool(generation.tools, mcp_function(declared, tools_[i]), tools_[i].server->place);
    declared_[declared] = i;
  }
  rename_past_calls(generation.messages);
  settle_choice(mcp, generation.tool_choice);
}

const McpTools::Tool* McpTools::find(const std::string& declared) const {
  const auto found = declared_.find(declared);
  return found != declared_.end() ? &tools_[found->second] : nullptr;
}

const McpTools::Tool* McpTools::find(const std::string& label, const std::string& name) const {
  const auto found = std::find_if(tools_.begin(), tools_.end(),
                                  [&](const Tool& tool) { return tool.server->label == label && tool.name() == name; });
  return found != tools_.end() ? &*found : nullptr;
}

std::string McpTools::declared_name(const std::string& label, const std::string& name) const {
  for (const auto& [declared, index] : declared_)
    if (tools_[index].server->label == label && tools_[index].name() == name) return declared;
  return {};
}

void McpTools::rename_past_calls(Json& messages) const {
  for (Json& message : messages) {
    const auto calls = message.find("tool_calls");
    if (calls == message.end()) continue;
    for (Json& call : *calls) {
      const auto label = call.find("server_label");
      if (label == call.end()) continue;
      Json& name = call["function"]["name"];
      const std::string declared = declared_name(label->get<std::string>(), name.get<std::string>());
      if (!declared.empty()) name = declared;
      call.erase("server_label");
    }
  }
}

void McpTools::settle_choice(const McpRequest& mcp, ToolChoice& choice) const {
  for (const McpToolName& chosen : mcp.chosen) {
    const size_t n_before = choice.allowed.size();
    for (const auto& [declared, index] : declared_) {
      const Tool& tool = tools_[index];
      if (tool.server->label == chosen.label && (chosen.name.empty() || tool.name() == chosen.name))
        choice.allowed.push_back(declared);
    }
    if (choice.allowed.size() == n_before)
      throw_invalid(
          "tool_choice",
          chosen.name.empty()
              ? fmt::format("the MCP server '{}' has no tools that may be called", chosen.label)
              : fmt::format("the MCP server '{}' has no tool '{}' that may be called", chosen.label, chosen.name));
  }
  if (choice.kind == ToolChoice::Kind::Named && !mcp.chosen.empty()) {
    choice.name = choice.allowed.front();
    choice.allowed.clear();
  }
}

}  // namespace facet::server
