#include "server/dialects/anthropic/reply.h"

#include <algorithm>

#include "server/dialects/anthropic/reply_parts.h"
#include "server/dialects/anthropic/stream.h"
#include "server/ids.h"
#include "server/json_reading.h"

namespace facet::server {

Json anthropic_usage(int n_prompt, int n_cached, int n_generated) {
  return {{"input_tokens", n_prompt - n_cached},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", n_cached},
          {"output_tokens", n_generated}};
}

AnthropicEnd anthropic_end(const event::Finished& finished) {
  switch (finished.reason) {
    case Finish::StopString:
      return {"stop_sequence", finished.stop_string};
    case Finish::Calls:
      return {"tool_use", nullptr};
    case Finish::Length:
      return {"max_tokens", nullptr};
    default:
      return {};
  }
}

std::string anthropic_call_id(const std::string& id) {
  return "toolu_" + (id.starts_with("call_") ? id.substr(5) : id);
}

Json anthropic_message(const std::string& model, int n_prompt, int n_cached) {
  return {{"id", new_id("msg_")},     {"type", "message"},
          {"role", "assistant"},      {"model", model},
          {"content", Json::array()}, {"stop_reason", nullptr},
          {"stop_sequence", nullptr}, {"usage", anthropic_usage(n_prompt, n_cached, 0)}};
}

namespace {

class AnthropicWhole final : public ReplyWriter {
 public:
  explicit AnthropicWhole(std::string model) : model_(std::move(model)) {}

  bool is_stream() const override { return false; }
  std::string_view content_type() const override { return "application/json"; }

  std::string write(const Event& event) override {
    if (const auto* thought = std::get_if<event::Thought>(&event)) {
      add("thinking", thought->text);
    } else if (const auto* text = std::get_if<event::Text>(&event)) {
      add("text", text->text);
    } else if (const auto* call = std::get_if<event::CallEnd>(&event)) {
      content_.push_back({{"type", "tool_use"},
                          {"id", anthropic_call_id(call->id)},
                          {"name", call->name},
                          {"input", call->arguments}});
    } else if (const auto* finished = std::get_if<event::Finished>(&event)) {
      end_ = anthropic_end(*finished);
    } else if (const auto* done = std::get_if<event::Done>(&event)) {
      return body(done->usage);
    }
    return {};
  }

 private:
  // type: of the block, and the name of its text.
  void add(const char* type, const std::string& text) {
    if (content_.empty() || content_.back()["type"] != type) {
      content_.push_back({{"type", type}, {type, ""}});
      if (content_.back()["type"] == "thinking") content_.back()["signature"] = kAnthropicSignature;
    }
    content_.back()[type].get_ref<std::string&>() += text;
  }

  std::string body(const Usage& usage) {
    Json message = anthropic_message(model_, usage.n_prompt, usage.n_cached);
    message["content"] = std::move(content_);
    message["stop_reason"] = end_.reason;
    message["stop_sequence"] = end_.stop_string;
    message["usage"] = anthropic_usage(usage.n_prompt, usage.n_cached, usage.n_generated);
    return to_json_text(message);
  }

  const std::string model_;
  Json content_ = Json::array();
  AnthropicEnd end_;
};

}  // namespace

std::unique_ptr<ReplyWriter> anthropic_reply(std::string model, bool is_stream) {
  if (is_stream) return std::make_unique<AnthropicStream>(std::move(model));
  return std::make_unique<AnthropicWhole>(std::move(model));
}

}  // namespace facet::server
