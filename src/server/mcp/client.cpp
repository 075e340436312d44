#include "server/mcp/client.h"

#include <algorithm>
#include <chrono>

#include "server/mcp/revisions.h"

namespace facet::server {
namespace {

constexpr int kMaxPages = 64;                        // of a list of tools
constexpr auto kListTime = std::chrono::minutes(2);  // for all pages
constexpr int kNotFound = 404;

}  // namespace

McpClient::McpClient(std::string url, McpReach reach, HttpPoster::Headers headers, std::function<bool()> is_cancelled)
    : poster_(std::move(url), reach, std::move(is_cancelled)), own_headers_(std::move(headers)) {}

HttpPoster::Headers McpClient::headers() const {
  HttpPoster::Headers all = own_headers_;
  all.emplace_back("Content-Type", "application/json");
  all.emplace_back("Accept", "application/json, text/event-stream");
  if (!revision_.empty()) all.emplace_back("MCP-Protocol-Version", revision_);
  if (!session_.empty()) all.emplace_back("Mcp-Session-Id", session_);
  return all;
}

Json McpClient::post(const std::string& method, Json params) {
  const int id = ++last_id_;
  McpReplyReader reader(id);
  const Json message = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  const HttpPostReply reply = poster_.post(headers(), to_json_text(message), &reader);
  if (reply.status == kNotFound && !session_.empty()) return {};
  if (reply.status == kNotFound) throw McpError(McpError::Kind::Http, kNotFound, "there is no MCP server at this URL");
  if (!is_open_) session_ = reply.session;
  return mcp_result_of(reader.take());
}

void McpClient::open() {
  session_.clear();
  revision_.clear();
  const Json hello = post("initialize", {{"protocolVersion", kMcpRevisions.front()},
                                         {"capabilities", Json::object()},
                                         {"clientInfo", {{"name", "facet"}, {"version", "1"}}}});
  const auto found = hello.find("protocolVersion");
  const std::string revision = found != hello.end() && found->is_string() ? found->get<std::string>() : "";
  if (std::find(kMcpRevisions.begin(), kMcpRevisions.end(), revision) == kMcpRevisions.end())
    throw McpError(McpError::Kind::Protocol, kMcpInvalidRequest,
                   "the server speaks revision '" + revision + "' of the protocol, which is not known here");
  revision_ = revision;
  is_open_ = true;
  poster_.post(headers(), to_json_text({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}), nullptr);
}

// A server may forget a session at any time; then there is a new one, once.
Json McpClient::request(const std::string& method, Json params) {
  if (!is_open_) open();
  Json result = post(method, params);
  if (!result.is_null()) return result;
  is_open_ = false;
  open();
  result = post(method, std::move(params));
  if (result.is_null()) throw McpError(McpError::Kind::Http, kNotFound, "the server forgets its sessions at once");
  return result;
}

Json McpClient::list_tools() {
  Json tools = Json::array();
  std::string cursor;
  size_t n_bytes = 0;
  const auto deadline = std::chrono::steady_clock::now() + kListTime;
  for (int page = 0; page == 0 || !cursor.empty(); ++page) {
    if (page == kMaxPages)
      throw McpError(McpError::Kind::Protocol, kMcpInvalidRequest, "the server's list of tools has no end");
    const Json listed = request("tools/list", cursor.empty() ? Json::object() : Json{{"cursor", cursor}});
    n_bytes += to_json_text(listed).size();
    if (n_bytes > McpReplyReader::kMaxBytes || std::chrono::steady_clock::now() > deadline)
      throw McpError(McpError::Kind::Protocol, kMcpInvalidRequest, "the server's list of tools is too long");
    cursor = add_mcp_tools(listed, tools);
  }
  return tools;
}

McpOutput McpClient::call(const std::string& tool, const Json& arguments) {
  return mcp_output(request("tools/call", {{"name", tool}, {"arguments", arguments}}));
}

}  // namespace facet::server
