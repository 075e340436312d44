#include "server/dialects/openai/responses/mcp_round.h"

namespace facet::server {

using Step = event::HostedItem::Step;

int McpItems::begin(const char* id_prefix, Json item) {
  sink_(event::HostedItem{Step::Begin, n_items_, id_prefix, std::move(item)});
  return n_items_++;
}

void McpItems::progress(int item, const char* type, Json fields) {
  sink_(event::HostedItem{Step::Progress, item, type, std::move(fields)});
}

void McpItems::end(int item, Json changes) { sink_(event::HostedItem{Step::End, item, {}, std::move(changes)}); }

int McpItems::begin_call(const McpTools::Tool& tool, Json approval_request_id) {
  const int item = begin("mcp", {{"id", ""},
                                 {"type", "mcp_call"},
                                 {"status", "in_progress"},
                                 {"approval_request_id", std::move(approval_request_id)},
                                 {"server_label", tool.server->label},
                                 {"name", tool.name()},
                                 {"arguments", ""},
                                 {"output", Json()},
                                 {"error", Json()}});
  progress(item, "response.mcp_call.in_progress");
  return item;
}

void McpItems::say_arguments(int item, const std::string& text) {
  progress(item, "response.mcp_call_arguments.done", {{"arguments", text}});
}

void McpItems::end_call(int item, const std::string& arguments, const Json& output, const Json& error) {
  const bool has_failed = !error.is_null();
  progress(item, has_failed ? "response.mcp_call.failed" : "response.mcp_call.completed");
  end(item, {{"status", has_failed ? "failed" : "completed"},
             {"arguments", arguments},
             {"output", output},
             {"error", error}});
}

void McpRound::take(const Event& event) {
  std::visit([this](const auto& e) { on(e); }, event);
}

void McpRound::wait() {
  std::unique_lock lock(mutex_);
  over_.wait(lock, [this] { return is_over_; });
  if (error_) std::rethrow_exception(error_);
}

void McpRound::finish() {
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  over_.notify_all();
}

Json McpRound::message() const {
  Json message = {{"role", "assistant"}, {"content", text_}};
  if (!thought_.empty()) message["reasoning_content"] = thought_;
  for (const Call& call : calls_)
    if (call.whole)
      message["tool_calls"].push_back(
          {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", *call.whole}}}});
  return message;
}

void McpRound::on(const event::Text& text) {
  text_ += text.text;
  sink_(text);
}

void McpRound::on(const event::Thought& thought) {
  thought_ += thought.text;
  sink_(thought);
}

void McpRound::on(const event::CallBegin& begin) {
  const McpTools::Tool* tool = tools_->find(begin.name);
  const bool is_made = tool != nullptr && !tool->needs_approval;
  calls_.push_back({begin.id, begin.name, tool, is_made ? items_->begin_call(*tool, {}) : -1, {}, {}});
  if (tool == nullptr) sink_(begin);
}

void McpRound::on(const event::CallArguments& piece) {
  Call& call = calls_.at(static_cast<size_t>(piece.call));
  if (call.tool == nullptr) return sink_(piece);
  call.arguments += piece.json;
  if (call.item >= 0 && !piece.json.empty())
    items_->progress(call.item, "response.mcp_call_arguments.delta", {{"delta", piece.json}});
}

void McpRound::on(const event::CallEnd& end) {
  Call& call = calls_.at(static_cast<size_t>(end.call));
  call.whole = end.arguments;
  if (call.tool == nullptr) return sink_(end);
  if (call.arguments.empty()) on(event::CallArguments{end.choice, end.call, text::chat_json_text(end.arguments)});
  if (call.item >= 0) return items_->say_arguments(call.item, call.arguments);
  items_->end(items_->begin("mcpr", {{"id", ""},
                                     {"type", "mcp_approval_request"},
                                     {"server_label", call.tool->server->label},
                                     {"name", call.tool->name()},
                                     {"arguments", call.arguments}}));
}

void McpRound::on(const event::Done& done) {
  usage_ = done.usage;
  finish();
}

void McpRound::on(const event::Failed& failed) {
  error_ = failed.error;
  finish();
}

}  // namespace facet::server
