#include "server/dialects/anthropic/stream.h"

#include "server/dialects/anthropic/reply.h"
#include "server/dialects/errors.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

std::string anthropic_event(const Json& data) {
  return "event: " + data.at("type").get<std::string>() + "\ndata: " + to_json_text(data) + "\n\n";
}

}  // namespace

std::string AnthropicStream::write(const Event& event) {
  if (const auto* started = std::get_if<event::Started>(&event)) return start(*started);
  if (const auto* thought = std::get_if<event::Thought>(&event)) return text(Block::Thought, thought->text);
  if (const auto* said = std::get_if<event::Text>(&event)) return text(Block::Text, said->text);
  if (const auto* call = std::get_if<event::CallBegin>(&event)) return begin_call(*call);
  if (const auto* piece = std::get_if<event::CallArguments>(&event)) return call_piece(piece->json);
  if (const auto* call = std::get_if<event::CallEnd>(&event)) return end_call(*call);
  if (const auto* done = std::get_if<event::Done>(&event)) return end(done->usage);
  if (const auto* failed = std::get_if<event::Failed>(&event))
    return "event: error\ndata: " + anthropic_error(to_api_error(failed->error)) + "\n\n";
  end_ = anthropic_end(std::get<event::Finished>(event));
  return close();
}

// The libraries skip a ping everywhere, but some programs want message_start first; a comment is nothing to anybody.
std::string AnthropicStream::heartbeat() const { return has_started_ ? anthropic_event({{"type", "ping"}}) : ":\n\n"; }

std::string AnthropicStream::start(const event::Started& started) {
  has_started_ = true;
  return anthropic_event(
             {{"type", "message_start"}, {"message", anthropic_message(model_, started.n_prompt, started.n_cached)}}) +
         anthropic_event({{"type", "ping"}});
}

std::string AnthropicStream::text(Block kind, const std::string& text) {
  std::string out;
  const bool is_text = kind == Block::Text;
  if (block_ != kind) {
    out = close();
    out += open(kind, is_text ? Json{{"type", "text"}, {"text", ""}}
                              : Json{{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
  }
  return out + delta(is_text ? Json{{"type", "text_delta"}, {"text", text}}
                             : Json{{"type", "thinking_delta"}, {"thinking", text}});
}

std::string AnthropicStream::begin_call(const event::CallBegin& call) {
  has_arguments_ = false;
  std::string out = close();
  out +=
      open(Block::Call,
           {{"type", "tool_use"}, {"id", anthropic_call_id(call.id)}, {"name", call.name}, {"input", Json::object()}});
  return out;
}

std::string AnthropicStream::call_piece(const std::string& json) {
  has_arguments_ = true;
  return delta({{"type", "input_json_delta"}, {"partial_json", json}});
}

std::string AnthropicStream::end_call(const event::CallEnd& call) {
  std::string out;
  if (block_ != Block::Call) out = begin_call({call.choice, call.call, call.id, call.name});
  if (!has_arguments_) out += call_piece(text::chat_json_text(call.arguments));
  out += close();
  return out;
}

std::string AnthropicStream::end(const Usage& usage) {
  const Json reason = {{"stop_reason", end_.reason}, {"stop_sequence", end_.stop_string}};
  return anthropic_event({{"type", "message_delta"},
                          {"delta", reason},
                          {"usage", anthropic_usage(usage.n_prompt, usage.n_cached, usage.n_generated)}}) +
         anthropic_event({{"type", "message_stop"}});
}

std::string AnthropicStream::open(Block kind, Json content) {
  block_ = kind;
  return anthropic_event(
      {{"type", "content_block_start"}, {"index", n_blocks_}, {"content_block", std::move(content)}});
}

std::string AnthropicStream::delta(Json delta) {
  return anthropic_event({{"type", "content_block_delta"}, {"index", n_blocks_}, {"delta", std::move(delta)}});
}

std::string AnthropicStream::close() {
  std::string out;
  if (block_ == Block::Thought) out = delta({{"type", "signature_delta"}, {"signature", kAnthropicSignature}});
  if (block_ == Block::None) return out;
  out += anthropic_event({{"type", "content_block_stop"}, {"index", n_blocks_}});
  block_ = Block::None;
  ++n_blocks_;
  return out;
}

}  // namespace facet::server
