#include "server/dialects/openai/completion_writer.h"

#include <algorithm>

#include "server/dialects/errors.h"
#include "server/dialects/openai/usage.h"
#include "server/json_reading.h"

namespace facet::server {
namespace {

// The older form of log-probabilities: a list for each column.
struct CompletionLogprobs {
  Json tokens = Json::array(), token_logprobs = Json::array(), top_logprobs = Json::array(),
       text_offset = Json::array();

  // offset: characters in front of the first token; moves on behind the last.
  void add(const std::vector<TokenLogprob>& list, int64_t& offset) {
    for (const TokenLogprob& token : list) {
      tokens.push_back(token.bytes);
      token_logprobs.push_back(finite_logprob(token.logprob));
      Json top = Json::object();
      for (const auto& [bytes, logprob] : token.top) top[bytes] = finite_logprob(logprob);
      top_logprobs.push_back(std::move(top));
      text_offset.push_back(offset);
      offset += std::count_if(token.bytes.begin(), token.bytes.end(),
                              [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    }
  }
  Json json() const {
    return {{"tokens", tokens},
            {"token_logprobs", token_logprobs},
            {"top_logprobs", top_logprobs},
            {"text_offset", text_offset}};
  }
};

struct CompletionChoice {
  std::string text;
  CompletionLogprobs logprobs;
  int64_t offset = 0;
  Finish reason = Finish::Stop;
};

class CompletionWriter : public ReplyWriter {
 public:
  CompletionWriter(const CompletionRequest& request, std::vector<std::string> echoes, ReplyHead head)
      : head_(std::move(head)), reply_(request.reply), has_logprobs_(request.prompts[0].n_logprobs >= 0) {
    const auto n = static_cast<size_t>(request.prompts[0].n);
    choices_.resize(request.prompts.size() * n);
    for (size_t i = 0; i < choices_.size() && !echoes.empty(); ++i) choices_[i].text = echoes[i / n];
  }

  bool is_stream() const override { return reply_.is_stream; }
  std::string_view content_type() const override { return reply_.is_stream ? "text/event-stream" : "application/json"; }
  std::string heartbeat() const override { return ": keep-alive\n\n"; }
  std::string write(const Event& event) override {
    return std::visit([this](const auto& e) { return on(e); }, event);
  }

 private:
  CompletionChoice& choice(int index) { return choices_.at(static_cast<size_t>(index)); }

  std::string on(const event::Started& started) {
    model_ = started.model;
    std::string out;
    for (size_t i = 0; i < choices_.size() && reply_.is_stream; ++i)
      if (!choices_[i].text.empty()) out += piece(static_cast<int>(i), choices_[i].text, {});
    return out;
  }
  std::string on(const event::Text& text) {
    if (reply_.is_stream) return piece(text.choice, text.text, text.logprobs);
    CompletionChoice& to = choice(text.choice);
    to.text += text.text;
    to.logprobs.add(text.logprobs, to.offset);
    return {};
  }
  std::string on(const event::Finished& finished) {
    if (reply_.is_stream) return piece(finished.choice, "", finished.logprobs, finish_word(finished.reason));
    CompletionChoice& to = choice(finished.choice);
    to.reason = finished.reason;
    to.logprobs.add(finished.logprobs, to.offset);
    return {};
  }
  std::string on(const event::Done& done) { return reply_.is_stream ? stream_end(done.usage) : whole(done.usage); }
  std::string on(const event::Failed& failed) {
    return "data: " + openai_error(to_api_error(failed.error)) + "\n\ndata: [DONE]\n\n";
  }
  // A text that is continued has neither thoughts nor calls.
  template <class Other>
  std::string on(const Other&) {
    return {};
  }

  Json body(Json choices) const {
    return {{"id", head_.id},
            {"object", "text_completion"},
            {"created", head_.created},
            {"model", model_},
            {"system_fingerprint", head_.fingerprint},
            {"choices", std::move(choices)}};
  }

  std::string piece(int index, const std::string& text, const std::vector<TokenLogprob>& tokens,
                    std::string_view reason = {}) {
    CompletionLogprobs logprobs;
    logprobs.add(tokens, choice(index).offset);
    Json entry = {{"index", index}, {"text", text}};
    entry["logprobs"] = has_logprobs_ && !tokens.empty() ? logprobs.json() : Json();
    entry["finish_reason"] = reason.empty() ? Json() : Json(reason);
    Json chunk = body(Json::array({std::move(entry)}));
    if (reply_.has_usage) chunk["usage"] = nullptr;
    return sse_data(chunk);
  }

  std::string stream_end(const Usage& usage) const {
    std::string out;
    if (reply_.has_usage) {
      Json last = body(Json::array());
      last["usage"] = usage_json(usage);
      out = sse_data(last);
    }
    return out + "data: [DONE]\n\n";
  }

  std::string whole(const Usage& usage) const {
    Json choices = Json::array();
    for (const CompletionChoice& choice : choices_)
      choices.push_back({{"index", choices.size()},
                         {"text", choice.text},
                         {"logprobs", has_logprobs_ ? choice.logprobs.json() : Json()},
                         {"finish_reason", finish_word(choice.reason)}});
    Json reply = body(std::move(choices));
    reply["usage"] = usage_json(usage);
    return to_json_text(reply);
  }

  ReplyHead head_;
  ReplyOptions reply_;
  bool has_logprobs_;
  std::string model_;
  std::vector<CompletionChoice> choices_;
};

}  // namespace

std::unique_ptr<ReplyWriter> completion_writer(const CompletionRequest& request, std::vector<std::string> echoes,
                                               ReplyHead head) {
  return std::make_unique<CompletionWriter>(request, std::move(echoes), std::move(head));
}

}  // namespace facet::server
