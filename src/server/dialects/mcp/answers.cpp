#include "server/dialects/mcp/answers.h"

#include <algorithm>

#include "server/dialects/mcp/tools.h"
#include "server/mcp/revisions.h"

namespace facet::server {
namespace {

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
void mcp_call(McpPeer& peer, Service& service, const Json& id, const Fields& params) {
  static const Json kNone = Json::object();
  const Json* arguments = params.find("arguments");
  try {
    McpTask task = mcp_task(params.required_string("name"), Fields(arguments ? *arguments : kNone));
    std::visit([&peer](auto& request) { request.client = peer.client(); }, task);
    if (auto* question = std::get_if<GenerationRequest>(&task)) return peer.ask(std::move(*question), id);
    if (auto* texts = std::get_if<EmbeddingRequest>(&task)) texts->is_cancelled = [&peer] { return peer.is_gone(); };
    const auto* sound = std::get_if<TranscriptionRequest>(&task);
    const Json result = sound ? mcp_result(service, *sound) : mcp_result(service, std::get<EmbeddingRequest>(task));
    peer.reply(mcp_response(id, result));
  } catch (const std::exception&) {
    const ApiError error = to_api_error(std::current_exception());
    const bool is_unknown = error.kind() == ApiError::Kind::NotFound && error.parameter() == "name";
    peer.reply(is_unknown ? mcp_error(id, kMcpInvalidParams, error.what()) : mcp_failure(id, error.what()));
  }
}

// A message that wants an answer.
void mcp_request(McpPeer& peer, Service& service, const Json& id, const std::string& method, const Fields& params) {
  if (method == "initialize") return peer.reply(mcp_response(id, mcp_initialize(params)));
  if (method == "ping") return peer.reply(mcp_response(id, Json::object()));
  if (method == "tools/list") return peer.reply(mcp_response(id, {{"tools", mcp_tools(service.model(""))}}));
  if (method == "tools/call") return mcp_call(peer, service, id, params);
  peer.reply(mcp_error(id, kMcpUnknownMethod, "method not found: " + method));
}

// One that wants none: a notification, or the answer to what was never asked.
void mcp_notice(McpPeer& peer, const Fields& message) {
  const Json* method = message.find("method");
  const Json* params = message.find("params");
  const bool is_cancelled = method != nullptr && *method == "notifications/cancelled" && params != nullptr;
  if (is_cancelled && params->is_object() && params->contains("requestId")) peer.cancel((*params)["requestId"]);
  peer.accept();
}

}  // namespace

std::unique_ptr<ReplyWriter> mcp_writer(const Json& id) { return std::make_unique<McpReply>(id); }

Json mcp_failure(const Json& id, const std::string& what) { return mcp_response(id, mcp_text(what, true)); }

// What is wrong with a message is said in JSON-RPC's words, and under its id where that could be read.
void mcp_answer(McpPeer& peer, Service& service, std::string_view text) {
  static const Json kNone = Json::object();
  Json id;
  int code = kMcpParseError;
  try {
    const Json json = parse_body(text);
    code = kMcpInvalidRequest;
    const Fields message(json);
    if (const Json* given = message.find("id")) id = *given;
    const bool is_response = !message.has("method") && (message.has("result") || message.has("error"));
    if (is_response || (message.has("method") && id.is_null())) return mcp_notice(peer, message);
    const std::string method = message.required_string("method");
    code = kMcpInvalidParams;
    const Json* params = message.find("params");
    mcp_request(peer, service, id, method, Fields(params ? *params : kNone, "params"));
  } catch (const ApiError& e) {
    peer.reply(mcp_error(id, code, e.what()));
  }
}

}  // namespace facet::server
