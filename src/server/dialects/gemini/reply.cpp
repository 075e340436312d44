#include "server/dialects/gemini/reply.h"

#include <map>

#include "server/dialects/errors.h"
#include "server/dialects/gemini/candidate.h"
#include "server/ids.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

class GeminiReply final : public ReplyWriter {
 public:
  GeminiReply(std::string model, GeminiForm form, bool shows_thoughts)
      : model_(std::move(model)), form_(form), shows_thoughts_(shows_thoughts), id_(new_id("")) {}

  bool is_stream() const override { return form_ != GeminiForm::Whole; }
  std::string_view content_type() const override {
    return form_ == GeminiForm::Events ? "text/event-stream" : "application/json; charset=utf-8";
  }
  // Google's libraries know no comments in a stream; white space between the values of an array is nothing.
  std::string heartbeat() const override {
    if (form_ == GeminiForm::Array) return "\n";
    GeminiCandidate nothing;
    return "data: " + to_json_text(response(Json::array({nothing.json(0)}))) + "\n\n";
  }

  std::string write(const Event& event) override {
    if (const auto* done = std::get_if<event::Done>(&event)) return end(done->usage);
    if (const auto* failed = std::get_if<event::Failed>(&event)) return fail(to_api_error(failed->error));
    const int choice = take(event);
    if (choice < 0 || !is_stream()) return {};
    const Json part = candidates_[choice].json(choice);
    candidates_[choice] = {};
    return piece(response(Json::array({part})));
  }

 private:
  // Adds the event to its candidate, whose number it returns; -1: there is nothing to send yet.
  int take(const Event& event) {
    if (const auto* text = std::get_if<event::Text>(&event)) {
      candidates_[text->choice].add_text(text->text, false);
      candidates_[text->choice].add_logprobs(text->logprobs);
      return text->choice;
    }
    if (const auto* thought = std::get_if<event::Thought>(&event); thought && shows_thoughts_) {
      candidates_[thought->choice].add_text(thought->text, true);
      return thought->choice;
    }
    if (const auto* call = std::get_if<event::CallEnd>(&event)) {
      candidates_[call->choice].add_call(call->id, call->name, call->arguments);
      return call->choice;
    }
    if (const auto* finished = std::get_if<event::Finished>(&event)) {
      candidates_[finished->choice].add_logprobs(finished->logprobs);
      candidates_[finished->choice].finish(finished->reason);
    }
    return -1;
  }

  Json response(Json candidates) const {
    return {{"candidates", std::move(candidates)}, {"modelVersion", model_}, {"responseId", id_}};
  }

  // The last response: what has not been sent, why each candidate ended, and the counts.
  std::string end(const Usage& usage) {
    Json list = Json::array();
    for (const auto& [choice, candidate] : candidates_) list.push_back(candidate.json(choice));
    Json last = response(std::move(list));
    last["usageMetadata"] = gemini_usage(usage);
    return piece(last) + (form_ == GeminiForm::Array ? "]" : "");
  }

  std::string fail(const ApiError& error) {
    const std::string body = gemini_error(error);
    if (form_ == GeminiForm::Events) return "data: " + body + "\n\n";
    return (has_begun_ ? ",\n" : "[") + body + "]";
  }

  std::string piece(const Json& response) {
    const std::string text = to_json_text(response);
    if (form_ == GeminiForm::Events) return "data: " + text + "\n\n";
    if (form_ == GeminiForm::Whole) return text;
    return (std::exchange(has_begun_, true) ? ",\n" : "[") + text;
  }

  const std::string model_;
  const GeminiForm form_;
  const bool shows_thoughts_;
  const std::string id_;
  std::map<int, GeminiCandidate> candidates_;  // what is to be sent of each
  bool has_begun_ = false;                     // of an array, the first response has been sent
};

}  // namespace

std::unique_ptr<ReplyWriter> gemini_reply(std::string model, GeminiForm form, bool shows_thoughts) {
  return std::make_unique<GeminiReply>(std::move(model), form, shows_thoughts);
}

}  // namespace facet::server
