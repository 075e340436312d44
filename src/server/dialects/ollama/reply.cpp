#include "server/dialects/ollama/reply.h"

#include <algorithm>
#include <cmath>

#include "server/dialects/errors.h"
#include "server/dialects/ollama/context.h"
#include "server/dialects/stamps.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

Json ollama_token(const std::string& bytes, float logprob) {
  Json list = Json::array();
  for (const char c : bytes) list.push_back(static_cast<unsigned char>(c));
  return {{"token", bytes}, {"logprob", finite_logprob(logprob)}, {"bytes", std::move(list)}};
}

void append_logprobs(const std::vector<TokenLogprob>& tokens, Json& list) {
  for (const TokenLogprob& token : tokens) {
    Json made = ollama_token(token.bytes, token.logprob);
    if (!token.top.empty()) made["top_logprobs"] = Json::array();
    for (const auto& [bytes, logprob] : token.top) made["top_logprobs"].push_back(ollama_token(bytes, logprob));
    list.push_back(std::move(made));
  }
}

// What one line says: an event's part of the answer, or the whole of it.
struct OllamaPiece {
  std::string text, thinking;
  Json calls = Json::array();
  Json logprobs = Json::array();
};

Json ollama_line(const std::string& model, bool is_chat, const OllamaPiece& piece) {
  Json line = {{"model", model}, {"created_at", utc_now()}};
  if (is_chat) line["message"] = {{"role", "assistant"}};
  Json& place = is_chat ? line["message"] : line;
  place[is_chat ? "content" : "response"] = piece.text;
  if (!piece.thinking.empty()) place["thinking"] = piece.thinking;
  if (!piece.calls.empty()) place["tool_calls"] = piece.calls;
  line["done"] = false;
  if (!piece.logprobs.empty()) line["logprobs"] = piece.logprobs;
  return line;
}

class OllamaReply final : public ReplyWriter {
 public:
  OllamaReply(std::string model, bool is_chat, bool is_stream, Json conversation)
      : model_(std::move(model)), is_chat_(is_chat), is_stream_(is_stream), conversation_(std::move(conversation)) {}

  bool is_stream() const override { return is_stream_; }
  std::string_view content_type() const override {
    return is_stream_ ? "application/x-ndjson" : "application/json; charset=utf-8";
  }
  // Clients parse every line, so that there is no room for a comment; an empty piece changes nothing.
  std::string heartbeat() const override { return text_of(ollama_line(model_, is_chat_, {})); }

  std::string write(const Event& event) override {
    if (const auto* failed = std::get_if<event::Failed>(&event))
      return ollama_error(to_api_error(failed->error)) + '\n';
    if (const auto* done = std::get_if<event::Done>(&event)) return last_line(done->usage);
    if (!take(event) || !is_stream_) return {};
    std::string line = text_of(ollama_line(model_, is_chat_, piece_));
    piece_ = {};
    return line;
  }

 private:
  static std::string text_of(const Json& line) { return to_json_text(line) + '\n'; }

  // Adds the event to the piece; false: it says nothing.
  bool take(const Event& event) {
    if (const auto* text = std::get_if<event::Text>(&event)) {
      piece_.text += text->text;
      if (!conversation_.is_null()) answer_ += text->text;
      append_logprobs(text->logprobs, piece_.logprobs);
    } else if (const auto* thought = std::get_if<event::Thought>(&event)) {
      piece_.thinking += thought->text;
    } else if (const auto* call = std::get_if<event::CallEnd>(&event)) {
      piece_.calls.push_back(
          {{"id", call->id},
           {"function", {{"index", call->call}, {"name", call->name}, {"arguments", call->arguments}}}});
    } else if (const auto* finished = std::get_if<event::Finished>(&event)) {
      reason_ = finished->reason == Finish::Length ? "length" : "stop";
      append_logprobs(finished->logprobs, piece_.logprobs);
      return false;
    } else {
      return false;
    }
    return true;
  }

  std::string last_line(const Usage& usage) {
    Json line = ollama_line(model_, is_chat_, piece_);
    line["done"] = true;
    line["done_reason"] = reason_;
    if (!conversation_.is_null()) {
      conversation_.push_back({{"role", "assistant"}, {"content", answer_}});
      line["context"] = ollama_context(conversation_);
    }
    line["total_duration"] = nanoseconds(usage.total_seconds);
    line["load_duration"] = nanoseconds(usage.load_seconds);
    line["prompt_eval_count"] = usage.n_prompt;
    line["prompt_eval_cached_count"] = usage.n_cached;
    line["prompt_eval_duration"] = nanoseconds(usage.prompt_seconds);
    line["eval_count"] = usage.n_generated;
    line["eval_duration"] = nanoseconds(usage.decode_seconds);
    return text_of(line);
  }

  const std::string model_;
  const bool is_chat_, is_stream_;
  Json conversation_;
  std::string answer_;  // only where a context is to continue it
  OllamaPiece piece_;
  std::string reason_ = "stop";
};

}  // namespace

// Clients divide by durations, so none is 0.
int64_t nanoseconds(double seconds) { return std::max<int64_t>(1, std::llround(seconds * 1e9)); }

std::unique_ptr<ReplyWriter> ollama_chat_reply(std::string model, bool is_stream) {
  return std::make_unique<OllamaReply>(std::move(model), true, is_stream, nullptr);
}

std::unique_ptr<ReplyWriter> ollama_generate_reply(std::string model, bool is_stream, Json conversation) {
  return std::make_unique<OllamaReply>(std::move(model), false, is_stream, std::move(conversation));
}

Json ollama_loaded(const std::string& model, bool is_chat, const std::string& reason) {
  Json line = ollama_line(model, is_chat, {});
  line["done"] = true;
  line["done_reason"] = reason;
  return line;
}

}  // namespace facet::server
