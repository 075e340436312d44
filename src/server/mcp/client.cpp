#include "server/mcp/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "server/mcp/revisions.h"

namespace facet::server {
namespace {

constexpr int kMaxPages = 64;                        // of a list of tools
constexpr auto kListTime = std::chrono::minutes(2);  // for all pages
constexpr auto kRequestLimit = std::chrono::minutes(1);
constexpr auto kEndLimit = std::chrono::seconds(2);  // nobody waits for the end of a session
constexpr size_t kMaxErrorBytes = 500;
constexpr int kNotFound = 404;

}  // namespace

McpClient::McpClient(std::string url, McpReach reach, http::Client::Headers headers, std::function<bool()> is_cancelled)
    : url_(std::move(url)),
      reach_(reach),
      own_headers_(std::move(headers)),
      client_({.may_connect = [reach](const sockaddr& address) { return may_connect(reach, address); },
               .is_cancelled = std::move(is_cancelled),
               .limit = kRequestLimit}) {}

void McpClient::end() noexcept {
  if (session_.empty()) return;
  try {
    http::Client client({.may_connect = [reach = reach_](const sockaddr& a) { return may_connect(reach, a); },
                         .is_cancelled = {},
                         .connect_limit = kEndLimit,
                         .limit = kEndLimit});
    client.ask("DELETE", url_, headers(), {}, [](const http::ClientReply&, std::string_view) { return false; });
  } catch (...) {
  }
  session_.clear();
}

http::Client::Headers McpClient::headers() const {
  http::Client::Headers all = own_headers_;
  all.emplace_back("Content-Type", "application/json");
  all.emplace_back("Accept", "application/json, text/event-stream");
  if (!revision_.empty()) all.emplace_back("MCP-Protocol-Version", revision_);
  if (!session_.empty()) all.emplace_back("Mcp-Session-Id", session_);
  return all;
}

// What comes with a status of success goes to the reader, where there is one.
http::ClientReply McpClient::send(const Json& message, McpReplyReader* reader) {
  using Kind = McpError::Kind;
  std::string error_text;
  bool has_begun = false;
  const auto take = [&](const http::ClientReply& reply, std::string_view bytes) {
    if (reply.status < 200 || reply.status > 299) {
      error_text += bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_text.size()));
      return error_text.size() < kMaxErrorBytes;
    }
    if (reader == nullptr) return false;  // nobody asked
    if (!std::exchange(has_begun, true)) reader->begin(reply.header("content-type"));
    return reader->push(bytes);
  };
  http::ClientReply reply;
  try {
    reply = client_.ask("POST", url_, headers(), to_json_text(message), take);
  } catch (const http::AddressRefused& e) {
    throw McpError(Kind::Http, 0, std::string(e.what()) + " (--allow-mcp)");
  } catch (const ResourceError& e) {
    throw McpError(Kind::Http, 0, e.what());
  }
  if (reply.status >= 300 && reply.status <= 399)
    throw McpError(Kind::Http, reply.status, "the server answers with a redirect, which is not followed");
  if (reply.status > 399 && reply.status != kNotFound)
    throw McpError(Kind::Http, reply.status,
                   fmt::format("the server answers with status {}: {}", reply.status, error_text));
  return reply;
}

Json McpClient::post(const std::string& method, Json params) {
  const int id = ++last_id_;
  McpReplyReader reader(id);
  const Json message = {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}};
  const http::ClientReply reply = send(message, &reader);
  if (reply.status == kNotFound && !session_.empty()) return {};
  if (reply.status == kNotFound) throw McpError(McpError::Kind::Http, kNotFound, "there is no MCP server at this URL");
  if (!is_open_) session_ = reply.header("mcp-session-id");
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
  send({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}, nullptr);
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
