#include "server/dialects/openai/responses/response_builder.h"

#include <algorithm>

#include "server/api_error.h"
#include "server/dialects/openai/usage.h"

namespace facet::server {
namespace {

Json text_part(const std::string& text, const Json& logprobs) {
  return {{"type", "output_text"}, {"annotations", Json::array()}, {"logprobs", logprobs}, {"text", text}};
}

Json response_usage(const Usage& usage) {
  return {{"input_tokens", usage.n_prompt},
          {"input_tokens_details", {{"cached_tokens", usage.n_cached}}},
          {"output_tokens", usage.n_generated},
          {"output_tokens_details", {{"reasoning_tokens", usage.n_thought}}},
          {"total_tokens", usage.n_prompt + usage.n_generated}};
}

}  // namespace

ResponseBuilder::ResponseBuilder(const ResponsesRequest& request, ReplyHead head)
    : head_(std::move(head)),
      echo_(request.echo),
      namespaces_(request.namespaces),
      has_summary_(request.has_summary),
      has_sealed_(request.has_sealed),
      model_(request.generation.model) {}

std::vector<Json> ResponseBuilder::take(const Event& event) {
  std::visit([this](const auto& e) { on(e); }, event);
  return std::exchange(events_, {});
}

Json ResponseBuilder::response() const {
  Json response = {{"id", head_.id},    {"object", "response"}, {"created_at", head_.created},
                   {"status", status_}, {"error", error_},      {"incomplete_details", incomplete_},
                   {"model", model_},   {"output", output_}};
  response.update(echo_);
  response["usage"] = usage_;
  return response;
}

void ResponseBuilder::send(const char* type, Json fields) { send_about(output_.size() - 1, type, fields); }

void ResponseBuilder::send_about(size_t index, const std::string& type, const Json& fields) {
  Json event = {{"type", type}, {"item_id", output_[index]["id"]}, {"output_index", index}};
  event.update(fields);
  events_.push_back(std::move(event));
}

void ResponseBuilder::send_response(const char* type) { events_.push_back({{"type", type}, {"response", response()}}); }

void ResponseBuilder::open(Open kind, const char* id_prefix, Json item) {
  close("completed");
  open_ = kind;
  text_.clear();
  logprobs_ = Json::array();
  add_item(id_prefix, std::move(item));
}

void ResponseBuilder::add_item(const char* id_prefix, Json item) {
  item["id"] = id_prefix + head_.id.substr(head_.id.find('_')) + "_" + std::to_string(output_.size());
  output_.push_back(std::move(item));
  events_.push_back(
      {{"type", "response.output_item.added"}, {"output_index", output_.size() - 1}, {"item", output_.back()}});
}

void ResponseBuilder::close(const char* status) {
  if (open_ == Open::Nothing) return;
  if (open_ == Open::Thought) close_thought();
  if (open_ == Open::Message) close_message();
  if (open_ == Open::Call) close_call();
  if (open_ != Open::Thought) item()["status"] = status;
  open_ = Open::Nothing;
  events_.push_back({{"type", "response.output_item.done"}, {"output_index", output_.size() - 1}, {"item", item()}});
}

void ResponseBuilder::close_thought() {
  if (has_summary_) {
    const Json part = {{"type", "summary_text"}, {"text", text_}};
    send("response.reasoning_summary_text.done", {{"summary_index", 0}, {"text", text_}});
    send("response.reasoning_summary_part.done", {{"summary_index", 0}, {"part", part}});
    item()["summary"] = Json::array({part});
  } else {
    send("response.reasoning_text.done", {{"content_index", 0}, {"text", text_}});
    item()["content"] = Json::array({{{"type", "reasoning_text"}, {"text", text_}}});
  }
  if (has_sealed_) item()["encrypted_content"] = sealed_thought(text_);
}

void ResponseBuilder::close_message() {
  const Json part = text_part(text_, logprobs_);
  send("response.output_text.done", {{"content_index", 0}, {"text", text_}, {"logprobs", logprobs_}});
  send("response.content_part.done", {{"content_index", 0}, {"part", part}});
  item()["content"] = Json::array({part});
}

void ResponseBuilder::close_call() {
  send("response.function_call_arguments.done", {{"name", item()["name"]}, {"arguments", text_}});
  item()["arguments"] = text_;
}

void ResponseBuilder::on(const event::Started& started) {
  model_ = started.model;
  send_response("response.created");
  send_response("response.in_progress");
}

void ResponseBuilder::on(const event::Text& text) {
  if (open_ != Open::Message) {
    open(Open::Message, "msg",
         {{"id", ""},
          {"type", "message"},
          {"status", "in_progress"},
          {"role", "assistant"},
          {"content", Json::array()}});
    send("response.content_part.added", {{"content_index", 0}, {"part", text_part("", Json::array())}});
  }
  text_ += text.text;
  Json logprobs = logprobs_json(text.logprobs);
  logprobs_.insert(logprobs_.end(), logprobs.begin(), logprobs.end());
  send("response.output_text.delta", {{"content_index", 0}, {"delta", text.text}, {"logprobs", std::move(logprobs)}});
}

void ResponseBuilder::on(const event::Thought& thought) {
  if (open_ != Open::Thought) {
    open(Open::Thought, "rs", {{"id", ""}, {"type", "reasoning"}, {"summary", Json::array()}});
    if (has_summary_)
      send("response.reasoning_summary_part.added",
           {{"summary_index", 0}, {"part", {{"type", "summary_text"}, {"text", ""}}}});
  }
  text_ += thought.text;
  if (has_summary_)
    send("response.reasoning_summary_text.delta", {{"summary_index", 0}, {"delta", thought.text}});
  else
    send("response.reasoning_text.delta", {{"content_index", 0}, {"delta", thought.text}});
}

void ResponseBuilder::on(const event::CallBegin& call) {
  Json item = {{"id", ""},           {"type", "function_call"}, {"status", "in_progress"},
               {"call_id", call.id}, {"name", call.name},       {"arguments", ""}};
  if (const auto found = namespaces_.find(call.name); found != namespaces_.end()) {
    item["name"] = found->second.name;
    item["namespace"] = found->second.space;
  }
  open(Open::Call, "fc", std::move(item));
}

void ResponseBuilder::on(const event::CallArguments& piece) {
  if (piece.json.empty()) return;
  text_ += piece.json;
  send("response.function_call_arguments.delta", {{"delta", piece.json}});
}

// Where the arguments did not come in pieces, they come whole.
void ResponseBuilder::on(const event::CallEnd& call) {
  if (text_.empty()) on(event::CallArguments{call.choice, call.call, text::chat_json_text(call.arguments)});
  close("completed");
}

void ResponseBuilder::on(const event::HostedItem& hosted) {
  using Step = event::HostedItem::Step;
  if (hosted.step == Step::Begin) {
    close("completed");
    hosted_[hosted.item] = output_.size();
    return add_item(hosted.name.c_str(), hosted.fields);
  }
  const auto found = hosted_.find(hosted.item);
  if (found == hosted_.end()) return;
  const size_t index = found->second;
  if (hosted.step == Step::Progress) return send_about(index, hosted.name, hosted.fields);
  hosted_.erase(found);
  output_[index].update(hosted.fields);
  end_hosted(index);
}

void ResponseBuilder::end_hosted(size_t index) {
  events_.push_back({{"type", "response.output_item.done"}, {"output_index", index}, {"item", output_[index]}});
}

// The answer ends while they are under way.
void ResponseBuilder::end_all_hosted() {
  for (const auto& [item, index] : std::exchange(hosted_, {})) {
    if (output_[index].contains("status")) output_[index]["status"] = "incomplete";
    end_hosted(index);
  }
}

void ResponseBuilder::on(const event::Finished& finished) {
  end_all_hosted();
  status_ = finished.reason == Finish::Length      ? "incomplete"
            : finished.reason == Finish::Cancelled ? "cancelled"
                                                   : "completed";
  if (finished.reason == Finish::Length) incomplete_ = {{"reason", "max_output_tokens"}};
  // Clients look for a message, also where the model said nothing.
  const auto is_list = [](const Json& item) { return item["type"] == "mcp_list_tools"; };
  if (std::all_of(output_.begin(), output_.end(), is_list)) on(event::Text{finished.choice, "", {}});
  close(status_ == "completed" ? "completed" : "incomplete");
}

void ResponseBuilder::on(const event::Done& done) {
  usage_ = response_usage(done.usage);
  send_response(status_ == "completed" ? "response.completed" : "response.incomplete");
}

void ResponseBuilder::on(const event::Failed& failed) {
  close("incomplete");
  end_all_hosted();
  status_ = "failed";
  const ApiError error = to_api_error(failed.error);
  error_ = {{"code", error.status() == 429 ? "rate_limit_exceeded" : "server_error"}, {"message", error.what()}};
  send_response("response.failed");
}

}  // namespace facet::server
