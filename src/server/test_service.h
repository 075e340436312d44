// A service whose answers a test writes down, and exchanges whose replies it reads. For tests of dialects.
#pragma once

#include <cmath>
#include <utility>

#include "base/error.h"
#include "server/api_error.h"
#include "server/service.h"

namespace facet::server {

class TestExchange : public http::Exchange {
 public:
  explicit TestExchange(http::Request request) : request_(std::move(request)) {}

  const http::Request& request() const override { return request_; }
  void reply(int status, std::string_view content_type, std::string body, http::Headers headers) override {
    begin(status, content_type, std::move(headers));
    write(std::move(body));
    end();
  }
  void begin(int status, std::string_view content_type, http::Headers headers) override {
    status_ = status;
    content_type_ = content_type;
    headers_ = std::move(headers);
  }
  void write(std::string bytes) override {
    body_ += bytes;
    pieces_.push_back(std::move(bytes));
  }
  void end() override { has_ended_ = true; }
  bool is_closed() const override { return is_closed_; }
  void on_close(std::function<void()> callback) override { on_close_ = std::move(callback); }

  void on_quiet(std::function<void()> callback) override { on_quiet_ = std::move(callback); }

  void be_quiet() {
    if (on_quiet_) on_quiet_();
  }
  void close() {
    is_closed_ = true;
    if (on_close_) on_close_();
  }
  int status() const { return status_; }  // 0: no reply yet
  const std::string& content_type() const { return content_type_; }
  const std::string& body() const { return body_; }
  const std::vector<std::string>& pieces() const { return pieces_; }  // as written
  const http::Headers& headers() const { return headers_; }
  bool has_ended() const { return has_ended_; }

 private:
  http::Request request_;
  int status_ = 0;
  std::string content_type_, body_;
  std::vector<std::string> pieces_;
  http::Headers headers_;
  bool has_ended_ = false, is_closed_ = false;
  std::function<void()> on_close_, on_quiet_;
};

// Knows one model, "nano", and gives every request the events of `events`, at once.
class TestService : public Service {
 public:
  std::vector<Event> events;
  std::vector<GenerationRequest> asked;
  std::vector<EmbeddingRequest> embedded;
  std::vector<TranscriptionRequest> transcribed;
  std::vector<LiveRequest> listened;
  std::vector<std::string> names;  // that were added
  std::function<void()> changed;
  ModelInfo info = test_model();

  static ModelInfo test_model() {
    ModelInfo m;
    m.name = "nano";
    m.path = "/models/nano.gguf";
    m.size_bytes = 12345678;
    m.modified = 1790000000;
    m.digest = std::string(64, 'a');
    m.family = "gemma4";
    m.parameters = "6.5M";
    m.quantization = "Q8_0";
    m.format = "gguf";
    m.context = m.model_context = 32768;
    m.n_embd = 192;
    m.image_budget = 280;
    m.sees = m.hears = m.thinks = m.calls = m.chats = true;
    return m;
  }

  std::vector<ModelInfo> models() override { return {info}; }
  ModelInfo model(const std::string& name) override {
    if (!name.empty() && name != info.name && name != info.name + ":latest")
      throw ApiError(ApiError::Kind::NotFound, "model '" + name + "' not found", "model");
    return info;
  }
  void load(const std::string& name, std::optional<double>) override { info.is_loaded = !model(name).name.empty(); }
  void unload(const std::string& name) override { info.is_loaded = model(name).name.empty(); }

  MachineInfo machine() override { return {int64_t{8} << 30, int64_t{1} << 30, "cpu", "avx2", 2}; }
  void on_change(std::function<void()> callback) override { changed = std::move(callback); }

  void add_name(const std::string& name, const std::string& new_name) override {
    model(name);
    names.push_back(new_name);
  }
  void remove_name(const std::string& name) override {
    if (std::erase(names, name) > 0) return;
    model(name);
    throw ApiError(ApiError::Kind::Conflict, "'" + name + "' is the model's own name");
  }

  std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) override {
    model(request.model);
    asked.push_back(std::move(request));
    for (const Event& e : events) sink(e);
    struct Nothing : Job {
      void cancel() override {}
    };
    return std::make_shared<Nothing>();
  }
  int count_tokens(const GenerationRequest& request) override {
    model(request.model);
    return 7;
  }
  std::vector<text::TokenId> tokenize(const std::string&, const std::string& text, bool) override {
    return std::vector<text::TokenId>(text.begin(), text.end());
  }
  std::string detokenize(const std::string&, std::span<const text::TokenId> tokens) override {
    return std::string(tokens.begin(), tokens.end());
  }
  EmbeddingResult embed(const EmbeddingRequest& request) override {
    embedded.push_back(request);
    EmbeddingResult result;
    result.model = model(request.model).name;
    result.embeddings.assign(request.inputs.size(), {0.6f, 0.8f});
    result.n_tokens = 3 * static_cast<int>(request.inputs.size());
    return result;
  }
  TranscriptionResult transcribe(const TranscriptionRequest& request,
                                 const std::function<bool(const TranscriptionSegment&)>& segment) override {
    transcribed.push_back(request);
    TranscriptionResult result{
        model(request.model).name, "english", 2.5, {{0, 1.25, "one two", 2}, {1.25, 2.5, "three", 1}}};
    for (const auto& s : result.segments)
      if (segment && !segment(s)) break;
    return result;
  }

  // Sound is speech where it is not 0; each turn says "one two". Louder than 0.9 is too much for it.
  std::unique_ptr<LiveTranscription> listen(const LiveRequest& request, runtime::LiveListener& listener) override {
    model(request.model);
    listened.push_back(request);
    class Live : public LiveTranscription {
     public:
      Live(bool finds_turns, runtime::LiveListener& listener) : finds_turns_(finds_turns), listener_(listener) {}
      void push(std::span<const float> samples) override {
        for (const float sample : samples) {
          n_samples_ += 1;
          is_loud_ = is_loud_ || sample > 0.9f;
          const bool is_speech = std::abs(sample) > 0.01f, had_speech = has_speech_;
          has_speech_ = had_speech || is_speech;
          if (!finds_turns_) continue;
          if (is_speech && !had_speech) listener_.on_speech(position());
          if (!is_speech && had_speech) commit();
        }
      }
      bool commit() override {
        if (!std::exchange(has_speech_, false)) return false;
        listener_.on_turn(position());
        if (is_loud_) throw ResourceError("too loud");
        listener_.on_words("one");
        listener_.on_words(" two");
        listener_.on_transcript("one two", 0.5);
        return true;
      }
      void clear() override { has_speech_ = is_loud_ = false; }
      double position() const override { return n_samples_ / 16000; }

     private:
      bool finds_turns_, has_speech_ = false, is_loud_ = false;
      runtime::LiveListener& listener_;
      double n_samples_ = 0;
    };
    return std::make_unique<Live>(request.finds_turns, listener);
  }
};

}  // namespace facet::server
