#include "server/dialects/openai/chat_writer.h"

#include "server/dialects/openai/chat_chunks.h"
#include "server/dialects/openai/usage.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

struct ChatCall {
  std::string id, name, arguments;
};

// What has come of one choice.
struct ChatChoice {
  std::string content, reasoning;
  std::vector<ChatCall> calls;
  std::vector<TokenLogprob> logprobs;
  Finish reason = Finish::Stop;
};

Json function_json(const ChatCall& call) { return {{"name", call.name}, {"arguments", call.arguments}}; }

Json message_json(const ChatChoice& choice, bool is_legacy) {
  Json message = {{"role", "assistant"}};
  message["content"] = choice.content.empty() && !choice.calls.empty() ? Json(nullptr) : Json(choice.content);
  message["refusal"] = nullptr;
  if (!choice.reasoning.empty())
    for (const char* name : {"reasoning", "reasoning_content"}) message[name] = choice.reasoning;
  if (choice.calls.empty()) return message;
  if (is_legacy) {
    message["function_call"] = function_json(choice.calls[0]);
    return message;
  }
  for (const ChatCall& call : choice.calls)
    message["tool_calls"].push_back({{"id", call.id}, {"type", "function"}, {"function", function_json(call)}});
  return message;
}

class WholeChat : public ReplyWriter {
 public:
  WholeChat(const ChatRequest& request, ReplyHead head)
      : head_(std::move(head)),
        reply_(request.reply),
        has_logprobs_(request.generation.n_logprobs >= 0),
        choices_(static_cast<size_t>(request.generation.n)) {}

  bool is_stream() const override { return false; }
  std::string_view content_type() const override { return "application/json"; }

  std::string write(const Event& event) override {
    if (const auto* done = std::get_if<event::Done>(&event)) return to_json_text(body(done->usage));
    if (const auto* started = std::get_if<event::Started>(&event)) model_ = started->model;
    if (const auto* text = std::get_if<event::Text>(&event)) {
      choice(text->choice).content += text->text;
      add_logprobs(text->choice, text->logprobs);
    }
    if (const auto* thought = std::get_if<event::Thought>(&event)) choice(thought->choice).reasoning += thought->text;
    if (const auto* call = std::get_if<event::CallEnd>(&event))
      choice(call->choice).calls.push_back({call->id, call->name, text::chat_json_text(call->arguments)});
    if (const auto* finished = std::get_if<event::Finished>(&event)) {
      choice(finished->choice).reason = finished->reason;
      add_logprobs(finished->choice, finished->logprobs);
    }
    return {};
  }

 private:
  ChatChoice& choice(int index) { return choices_.at(static_cast<size_t>(index)); }

  void add_logprobs(int index, const std::vector<TokenLogprob>& tokens) {
    std::vector<TokenLogprob>& all = choice(index).logprobs;
    all.insert(all.end(), tokens.begin(), tokens.end());
  }

  Json body(const Usage& usage) const {
    Json choices = Json::array();
    for (const ChatChoice& choice : choices_) {
      const bool is_function = reply_.is_legacy_function && choice.reason == Finish::Calls;
      choices.push_back({{"index", choices.size()},
                         {"message", message_json(choice, reply_.is_legacy_function)},
                         {"logprobs", has_logprobs_ ? Json{{"content", logprobs_json(choice.logprobs)}} : Json()},
                         {"finish_reason", is_function ? "function_call" : finish_word(choice.reason)}});
    }
    return {{"id", head_.id},
            {"object", "chat.completion"},
            {"created", head_.created},
            {"model", model_},
            {"system_fingerprint", head_.fingerprint},
            {"choices", std::move(choices)},
            {"usage", usage_json(usage)}};
  }

  ReplyHead head_;
  ReplyOptions reply_;
  bool has_logprobs_;
  std::string model_;
  std::vector<ChatChoice> choices_;
};

}  // namespace

std::unique_ptr<ReplyWriter> chat_writer(const ChatRequest& request, ReplyHead head) {
  if (request.reply.is_stream) return chat_chunks(request, std::move(head));
  return std::make_unique<WholeChat>(request, std::move(head));
}

}  // namespace facet::server
