#include "server/dialects/openai/chat_chunks.h"

#include <set>

#include "server/dialects/errors.h"
#include "server/dialects/openai/usage.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

class ChatChunks : public ReplyWriter {
 public:
  ChatChunks(const ChatRequest& request, ReplyHead head)
      : head_(std::move(head)),
        reply_(request.reply),
        n_choices_(request.generation.n),
        has_logprobs_(request.generation.n_logprobs >= 0) {}

  bool is_stream() const override { return true; }
  std::string_view content_type() const override { return "text/event-stream"; }
  std::string heartbeat() const override { return ": keep-alive\n\n"; }
  std::string write(const Event& event) override {
    return std::visit([this](const auto& e) { return on(e); }, event);
  }

 private:
  std::string on(const event::Started& started) {
    model_ = started.model;
    std::string out;
    for (int i = 0; i < n_choices_; ++i) out += chunk(i, {{"role", "assistant"}});
    return out;
  }
  std::string on(const event::Text& text) { return chunk(text.choice, {{"content", text.text}}, text.logprobs); }
  // Under both of the names that clients look for.
  std::string on(const event::Thought& thought) {
    return chunk(thought.choice, {{"reasoning_content", thought.text}, {"reasoning", thought.text}});
  }
  std::string on(const event::CallBegin& call) {
    Json function = {{"name", call.name}, {"arguments", ""}};
    if (reply_.is_legacy_function) return legacy(call.choice, call.call, std::move(function));
    return calls(call.choice,
                 {{"index", call.call}, {"id", call.id}, {"type", "function"}, {"function", std::move(function)}});
  }
  std::string on(const event::CallArguments& piece) {
    if (piece.json.empty()) return {};
    has_arguments_.emplace(piece.choice, piece.call);
    Json function = {{"arguments", piece.json}};
    if (reply_.is_legacy_function) return legacy(piece.choice, piece.call, std::move(function));
    return calls(piece.choice, {{"index", piece.call}, {"type", "function"}, {"function", std::move(function)}});
  }
  // Where the arguments did not come in pieces, they come whole.
  std::string on(const event::CallEnd& call) {
    if (has_arguments_.contains({call.choice, call.call})) return {};
    return on(event::CallArguments{call.choice, call.call, text::chat_json_text(call.arguments)});
  }
  std::string on(const event::HostedItem&) { return {}; }  // responses alone have such
  std::string on(const event::Finished& finished) {
    const bool is_function = reply_.is_legacy_function && finished.reason == Finish::Calls;
    return chunk(finished.choice, Json::object(), finished.logprobs,
                 is_function ? "function_call" : finish_word(finished.reason));
  }
  std::string on(const event::Done& done) {
    std::string out;
    if (reply_.has_usage) {
      Json last = head();
      last["choices"] = Json::array();
      last["usage"] = usage_json(done.usage);
      out = sse_data(last);
    }
    return out + "data: [DONE]\n\n";
  }
  std::string on(const event::Failed& failed) {
    return "data: " + openai_error(to_api_error(failed.error)) + "\n\ndata: [DONE]\n\n";
  }

  std::string calls(int choice, Json call) { return chunk(choice, {{"tool_calls", Json::array({std::move(call)})}}); }
  // There is room for one call.
  std::string legacy(int choice, int call, Json function) {
    return call == 0 ? chunk(choice, {{"function_call", std::move(function)}}) : std::string();
  }

  Json head() const {
    return {{"id", head_.id},
            {"object", "chat.completion.chunk"},
            {"created", head_.created},
            {"model", model_},
            {"system_fingerprint", head_.fingerprint}};
  }

  std::string chunk(int choice, Json delta, const std::vector<TokenLogprob>& logprobs = {},
                    std::string_view reason = {}) {
    Json entry = {{"index", choice}, {"delta", std::move(delta)}};
    entry["logprobs"] = has_logprobs_ && !logprobs.empty() ? Json{{"content", logprobs_json(logprobs)}} : Json();
    entry["finish_reason"] = reason.empty() ? Json() : Json(reason);
    Json chunk = head();
    chunk["choices"] = Json::array({std::move(entry)});
    if (reply_.has_usage) chunk["usage"] = nullptr;
    return sse_data(chunk);
  }

  ReplyHead head_;
  ReplyOptions reply_;
  int n_choices_;
  bool has_logprobs_;
  std::string model_;
  std::set<std::pair<int, int>> has_arguments_;  // choice and call
};

}  // namespace

std::unique_ptr<ReplyWriter> chat_chunks(const ChatRequest& request, ReplyHead head) {
  return std::make_unique<ChatChunks>(request, std::move(head));
}

}  // namespace facet::server
