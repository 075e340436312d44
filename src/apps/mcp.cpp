// facet mcp: what the model can do, as tools of the Model Context Protocol on standard input and output.
#include <cstdio>
#include <iostream>

#include "apps/commands.h"
#include "apps/serve/served_models.h"
#include "server/dialects/mcp/lines.h"

namespace facet::apps {
namespace {

int answer_lines(const ServedModelFlags& flags) {
  const auto service = make_service(flags);
  std::ios::sync_with_stdio(false);
  server::serve_mcp_lines(*service, std::cin, [](std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  });
  return 0;
}

}  // namespace

void add_mcp(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("mcp", "Offer a model's abilities as tools to an MCP client that starts it");
  const auto flags = std::make_shared<ServedModelFlags>();
  flags->add_to(*command);
  command->footer(
      "Messages are JSON-RPC, one a line, on standard input and output.\n"
      "Example:\n  claude mcp add facet -- facet mcp -m gemma-4-E2B-it-Q4_0.gguf");
  command->callback([flags, &action] { action = [flags] { return answer_lines(*flags); }; });
}

}  // namespace facet::apps
