// The server as an MCP server: JSON-RPC by POST on /mcp. It keeps no sessions, and sends nothing by itself, so that
// every message is answered alone.
#include <algorithm>
#include <array>

#include "server/dialects/dialects.h"
#include "server/dialects/mcp/tools.h"

namespace facet::server {
namespace {

// Revisions of the protocol that have what is used here; the newest is offered to clients that name another.
constexpr std::array<std::string_view, 3> kMcpRevisions = {"2025-06-18", "2025-03-26", "2024-11-05"};

constexpr int kParseError = -32700, kInvalidRequest = -32600, kUnknownMethod = -32601, kInvalidParams = -32602;

Json mcp_response(const Json& id, Json result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

Json mcp_error(const Json& id, int code, const std::string& message) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

Json mcp_text(const std::string& text, bool is_error = false) {
  Json content = Json::array();
  content.push_back({{"type", "text"}, {"text", text}});
  return {{"content", std::move(content)}, {"isError", is_error}};
}

void reply_mcp(http::Exchange& exchange, const Json& body) {
  exchange.reply(200, "application/json", to_json_text(body));
}

// The answer of the model as the result of a call.
class McpReply final : public ReplyWriter {
 public:
  explicit McpReply(Json id) : id_(std::move(id)) {}
  bool is_stream() const override { return false; }
  std::string_view content_type() const override { return "application/json"; }
  std::string write(const Event& event) override {
    if (const auto* text = std::get_if<event::Text>(&event)) text_ += text->text;
    return std::holds_alternative<event::Done>(event) ? to_json_text(mcp_response(id_, mcp_text(text_))) : "";
  }

 private:
  const Json id_;
  std::string text_;
};

Json mcp_initialize(const Fields& params) {
  const std::string asked = params.string_or("protocolVersion", "");
  const bool is_known = std::find(kMcpRevisions.begin(), kMcpRevisions.end(), asked) != kMcpRevisions.end();
  return {{"protocolVersion", is_known ? asked : std::string(kMcpRevisions.front())},
          {"capabilities", {{"tools", Json::object()}}},
          {"serverInfo", {{"name", "facet"}, {"version", "1"}}}};
}

// What a tool gives that is done when it returns.
Json mcp_result(Service& service, const TranscriptionRequest& request) {
  std::string text;
  for (const TranscriptionSegment& segment : service.transcribe(request, nullptr).segments)
    text += (text.empty() ? "" : " ") + segment.text;
  return mcp_text(text);
}

Json mcp_result(Service& service, const EmbeddingRequest& request) {
  return mcp_text(to_json_text(service.embed(request).embeddings));
}

// Errors of a tool are told to the model that called it, as results; an unknown tool is the client's error.
void mcp_call(const std::shared_ptr<http::Exchange>& exchange, Service& service, const Json& id, const Fields& params) {
  static const Json kNone = Json::object();
  const Json* arguments = params.find("arguments");
  try {
    McpTask task = mcp_task(params.required_string("name"), Fields(arguments ? *arguments : kNone));
    if (auto* question = std::get_if<GenerationRequest>(&task))
      return answer(exchange, service, std::move(*question), std::make_unique<McpReply>(id));
    std::visit([&exchange](auto& request) { request.client = exchange->request().client; }, task);
    if (auto* texts = std::get_if<EmbeddingRequest>(&task))
      texts->is_cancelled = [&exchange] { return exchange->is_closed(); };
    const auto* sound = std::get_if<TranscriptionRequest>(&task);
    const Json result = sound ? mcp_result(service, *sound) : mcp_result(service, std::get<EmbeddingRequest>(task));
    reply_mcp(*exchange, mcp_response(id, result));
  } catch (const std::exception&) {
    const ApiError error = to_api_error(std::current_exception());
    const bool is_unknown = error.kind() == ApiError::Kind::NotFound && error.parameter() == "name";
    reply_mcp(*exchange, is_unknown ? mcp_error(id, kInvalidParams, error.what())
                                    : mcp_response(id, mcp_text(error.what(), true)));
  }
}

// A message that wants an answer.
void mcp_answer(const std::shared_ptr<http::Exchange>& exchange, Service& service, const Json& id,
                const std::string& method, const Fields& params) {
  if (method == "initialize") return reply_mcp(*exchange, mcp_response(id, mcp_initialize(params)));
  if (method == "ping") return reply_mcp(*exchange, mcp_response(id, Json::object()));
  if (method == "tools/list") return reply_mcp(*exchange, mcp_response(id, {{"tools", mcp_tools(service.model(""))}}));
  if (method == "tools/call") return mcp_call(exchange, service, id, params);
  reply_mcp(*exchange, mcp_error(id, kUnknownMethod, "method not found: " + method));
}

// What is wrong with a message is said in JSON-RPC's words, and under its id where that could be read.
void mcp_post(const std::shared_ptr<http::Exchange>& exchange, Service& service) {
  static const Json kNone = Json::object();
  Json id;
  int code = kParseError;
  try {
    const Json json = parse_body(exchange->request().body);
    code = kInvalidRequest;
    const Fields message(json);
    if (const Json* given = message.find("id")) id = *given;
    const bool is_response = !message.has("method") && (message.has("result") || message.has("error"));
    if (is_response || (message.has("method") && id.is_null())) return exchange->reply(202, "application/json", "");
    const std::string method = message.required_string("method");
    code = kInvalidParams;
    const Json* params = message.find("params");
    mcp_answer(exchange, service, id, method, Fields(params ? *params : kNone, "params"));
  } catch (const ApiError& e) {
    reply_mcp(*exchange, mcp_error(id, code, e.what()));
  }
}

}  // namespace

http::Routes mcp_routes(Service& service) {
  return {{"POST", "/mcp", [&service](const std::shared_ptr<http::Exchange>& e) { mcp_post(e, service); },
           http::Scope::Use}};
}

}  // namespace facet::server
