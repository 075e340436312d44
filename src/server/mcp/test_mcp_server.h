// A small MCP server over real sockets, whose tools a test writes down. For the tests of the client.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "http/test_client.h"
#include "server/json_reading.h"

namespace facet::server {

class TestMcpServer {
 public:
  // Of tools/call: the result for these arguments.
  using Tool = std::function<Json(const Json& arguments)>;

  explicit TestMcpServer(std::map<std::string, Tool> tools, bool speaks_events = false)
      : tools_(std::move(tools)), speaks_events_(speaks_events), server_(routes()) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/mcp"; }
  // Methods that were asked for, in order; "call NAME" for tools.
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::string header(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return std::string(last_.header(name));
  }

  std::string revision = "2025-03-26";
  size_t page_size = 100;
  std::atomic<int> n_sessions{0};
  std::atomic<bool> forgets{false};  // the session under way

  static Json text(const std::string& said) { return {{"content", Json::array({{{"type", "text"}, {"text", said}}})}}; }

 private:
  http::Routes routes() {
    return {http::route("POST", "/mcp", [this](const std::shared_ptr<http::Exchange>& e) { handle(*e); }),
            http::route("POST", "/moved", [](const std::shared_ptr<http::Exchange>& e) {
              e->reply(307, "text/plain", "", {{"Location", "/mcp"}});
            })};
  }

  std::string session() const { return "session-" + std::to_string(n_sessions); }

  void handle(http::Exchange& exchange) {
    const Json message = Json::parse(exchange.request().body);
    note(exchange.request(), message);
    if (!message.contains("id")) return exchange.reply(202, "application/json", "");
    if (message["method"] == "initialize") {
      ++n_sessions;
      forgets = false;
      return answer(exchange, {{"id", message["id"]},
                               {"result", {{"protocolVersion", revision}, {"capabilities", Json::object()}}}});
    }
    if (exchange.request().header("mcp-session-id") != session() || forgets)
      return exchange.reply(404, "text/plain", "no such session");
    answer(exchange, reply_to(message));
  }

  Json reply_to(const Json& message) {
    Json reply = {{"jsonrpc", "2.0"}, {"id", message["id"]}};
    const Json& params = message["params"];
    if (message["method"] == "tools/list") {
      reply["result"] = page(params.value("cursor", "0"));
    } else if (const auto tool = tools_.find(params["name"].get<std::string>()); tool != tools_.end()) {
      reply["result"] = tool->second(params["arguments"]);
    } else {
      reply["error"] = {{"code", -32602}, {"message", "no such tool"}};
    }
    return reply;
  }

  Json page(const std::string& cursor) {
    Json result = {{"tools", Json::array()}};
    size_t index = 0;
    const size_t begin = std::stoul(cursor);
    for (const auto& [name, tool] : tools_) {
      if (index >= begin && index < begin + page_size)
        result["tools"].push_back(
            {{"name", name},
             {"description", "does " + name},
             {"inputSchema", {{"type", "object"}, {"properties", {{"word", {{"type", "string"}}}}}}},
             {"annotations", {{"readOnlyHint", name.starts_with("get")}}}});
      ++index;
    }
    if (begin + page_size < tools_.size()) result["nextCursor"] = std::to_string(begin + page_size);
    return result;
  }

  void answer(http::Exchange& exchange, const Json& message) {
    const http::Headers headers = {{"Mcp-Session-Id", session()}};
    if (!speaks_events_) return exchange.reply(200, "application/json", message.dump(), headers);
    exchange.begin(200, "text/event-stream", headers);
    exchange.write(": hello\n\ndata: {\"method\":\"notifications/message\"}\n\n");
    exchange.write("event: message\ndata: " + message.dump() + "\n\n");
    exchange.end();
  }

  void note(const http::Request& request, const Json& message) {
    const std::lock_guard lock(mutex_);
    const std::string method = message["method"];
    asked_.push_back(method == "tools/call" ? "call " + message["params"]["name"].get<std::string>() : method);
    last_ = request;
  }

  std::map<std::string, Tool> tools_;
  bool speaks_events_;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  http::Request last_;
  http::TestServer server_;  // last: it uses the others
};

}  // namespace facet::server
