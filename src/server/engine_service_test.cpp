// The real service on the built-in model, as dialects ask it.
#include "server/engine_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "runtime/model_facts.h"
#include "runtime/prefix_cache.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

constexpr const char* kNano = "models/nano/nano-q8_0.gguf";
constexpr const char* kPicture = "models/nano/eval/media/colour-24-0.png";

struct Answer {
  std::string text, thought;
  std::vector<event::CallEnd> calls;
  std::string arguments;  // of all calls, as they came
  std::vector<Finish> finishes;
  std::string stop_string;
  std::vector<TokenLogprob> logprobs;
  Usage usage;
  std::exception_ptr error;
};

class EngineServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kNano)) GTEST_SKIP() << "models/nano is not in this checkout";
    make({});
  }

  static runtime::EngineOptions engine_options() {
    runtime::EngineOptions engine;
    engine.n_threads = 1;
    engine.context = 2048;
    engine.cache_bytes = 64 << 20;
    return engine;
  }

  void make(EngineServiceOptions options, decltype(EngineServiceOptions::load) load = {}) {
    service_ = nullptr;
    options.load = [engine = engine_options()](const std::string& path, int64_t memory_bytes) mutable {
      engine.memory_limit = memory_bytes;
      return runtime::Engine::load(path, engine);
    };
    if (load) options.load = std::move(load);
    options.load = [this, load_it = std::move(options.load)](const std::string& path, int64_t memory_bytes) {
      ++n_loads_;
      last_memory_ = memory_bytes;
      return load_it(path, memory_bytes);
    };
    if (!options.open_cache)
      options.open_cache = [](const std::shared_ptr<const runtime::Engine>& loaded) {
        return std::make_shared<runtime::PrefixCache>(loaded);
      };
    service_ = std::make_unique<EngineService>(
        std::make_unique<ModelCatalog>([this] { return catalog_; }, engine_options()), options);
  }

  static GenerationRequest chat(const std::string& text) {
    GenerationRequest request;
    request.model = "nano";
    request.messages = Json::array({{{"role", "user"}, {"content", text}}});
    request.sampling.temperature = 0.0f;
    request.max_tokens = 200;
    return request;
  }

  // What came until Done or Failed.
  struct Collected {
    std::promise<Answer> promise;
    Answer answer;
    void take(const Event& e) {
      if (const auto* text = std::get_if<event::Text>(&e)) {
        answer.text += text->text;
        answer.logprobs.insert(answer.logprobs.end(), text->logprobs.begin(), text->logprobs.end());
      }
      if (const auto* thought = std::get_if<event::Thought>(&e)) answer.thought += thought->text;
      if (const auto* arguments = std::get_if<event::CallArguments>(&e)) answer.arguments += arguments->json;
      if (const auto* call = std::get_if<event::CallEnd>(&e)) answer.calls.push_back(*call);
      if (const auto* finished = std::get_if<event::Finished>(&e)) {
        answer.finishes.push_back(finished->reason);
        answer.stop_string = finished->stop_string;
      }
      if (const auto* done = std::get_if<event::Done>(&e)) {
        answer.usage = done->usage;
        promise.set_value(answer);
      }
      if (const auto* failed = std::get_if<event::Failed>(&e)) {
        answer.error = failed->error;
        promise.set_value(answer);
      }
    }
  };

  std::future<Answer> start(const GenerationRequest& request, std::shared_ptr<Job>* job = nullptr) {
    auto collected = std::make_shared<Collected>();
    auto future = collected->promise.get_future();
    auto running = service_->generate(request, [collected](const Event& e) { collected->take(e); });
    if (job != nullptr) *job = running;
    return future;
  }
  Answer ask(const GenerationRequest& request) { return start(request).get(); }

  std::string refusal(const GenerationRequest& request) {
    try {
      ask(request);
    } catch (...) {
      const ApiError e = to_api_error(std::current_exception());
      return std::to_string(e.status()) + " " + e.what();
    }
    return "";
  }

  std::vector<ServedModel> catalog_{{"nano", kNano}};
  std::atomic<int> n_loads_ = 0;
  std::atomic<int64_t> last_memory_ = -1;  // that an engine was to be planned for
  std::unique_ptr<EngineService> service_;
};

TEST_F(EngineServiceTest, AnswersAChat) {
  const Answer answer = ask(chat("Who are you?"));
  EXPECT_NE(answer.text.find("nano"), std::string::npos) << answer.text;
  EXPECT_EQ(answer.finishes, std::vector{Finish::Stop});
  EXPECT_GT(answer.usage.n_prompt, 5);
  EXPECT_GT(answer.usage.n_generated, 3);
  EXPECT_EQ(service_->count_tokens(chat("Who are you?")), answer.usage.n_prompt);
}

TEST_F(EngineServiceTest, ThinksWhenAsked) {
  GenerationRequest request = chat("What is 12 + 25?");
  request.thinking.on = true;
  const Answer answer = ask(request);
  EXPECT_FALSE(answer.thought.empty());
  EXPECT_GT(answer.usage.n_thought, 3);
  EXPECT_LT(answer.usage.n_thought, answer.usage.n_generated);
}

TEST_F(EngineServiceTest, CallsThatMustComeCome) {
  GenerationRequest request = chat("Hello!");
  request.tools = Json::parse(R"([{"type": "function", "function": {"name": "add", "description": "adds",
      "parameters": {"type": "object", "properties": {"kind": {"enum": ["x"]}}, "required": ["kind"]}}}])");
  request.tool_choice.kind = ToolChoice::Kind::Required;
  request.parallel_calls = false;
  const Answer answer = ask(request);
  ASSERT_EQ(answer.calls.size(), 1u);
  EXPECT_EQ(answer.calls[0].name, "add");
  EXPECT_EQ(answer.calls[0].arguments, Json::parse(R"({"kind": "x"})"));
  EXPECT_EQ(answer.arguments, R"({"kind":"x"})");
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.finishes, std::vector{Finish::Calls});
}

TEST_F(EngineServiceTest, AnswersHaveTheFormAskedFor) {
  GenerationRequest request = chat("Hello!");
  request.format.kind = OutputFormat::Kind::Schema;
  request.format.schema =
      Json::parse(R"({"type": "object", "properties": {"v": {"enum": ["żółw 🐢"]}}, "required": ["v"],
                                          "additionalProperties": false})");
  EXPECT_EQ(ask(request).text, R"({"v":"żółw 🐢"})");
}

TEST_F(EngineServiceTest, SeveralChoicesOfOnePrompt) {
  GenerationRequest request = chat("Say one two three.");
  request.n = 3;
  const Answer answer = ask(request);
  EXPECT_EQ(answer.finishes.size(), 3u);
}

TEST_F(EngineServiceTest, StopStringsEndTheTextAndAreNamed) {
  const std::string whole = ask(chat("Who are you?")).text;
  ASSERT_GT(whole.size(), 8u);
  GenerationRequest request = chat("Who are you?");
  request.stop = {whole.substr(4, 3)};
  const Answer answer = ask(request);
  EXPECT_EQ(answer.text, whole.substr(0, whole.find(request.stop[0])));
  EXPECT_EQ(answer.finishes, std::vector{Finish::StopString});
  EXPECT_EQ(answer.stop_string, request.stop[0]);
}

TEST_F(EngineServiceTest, LogprobsCoverTheText) {
  GenerationRequest request = chat("Who are you?");
  request.n_logprobs = 2;
  const Answer answer = ask(request);
  std::string bytes;
  for (const TokenLogprob& l : answer.logprobs) {
    bytes += l.bytes;
    EXPECT_LE(l.logprob, 0);
    EXPECT_EQ(l.top.size(), 2u);
  }
  EXPECT_EQ(bytes, answer.text);
}

TEST_F(EngineServiceTest, IgnoringTheEndGoesOnToTheLimit) {
  GenerationRequest request = chat("Who are you?");
  request.ignores_stop = true;
  request.max_tokens = 60;
  const Answer answer = ask(request);
  EXPECT_EQ(answer.usage.n_generated, 60);
  EXPECT_EQ(answer.finishes, std::vector{Finish::Length});
}

TEST_F(EngineServiceTest, ContinuesATextAndTokens) {
  GenerationRequest request;
  request.is_raw = true;
  request.raw = "one two three";
  request.ignores_stop = true;
  request.max_tokens = 5;
  EXPECT_EQ(ask(request).usage.n_generated, 5);
  const auto tokens = service_->tokenize("nano", request.raw, true);
  EXPECT_EQ(service_->detokenize("nano", std::span(tokens).subspan(1)), request.raw);
  GenerationRequest same;
  same.is_raw = true;
  same.raw_tokens = tokens;
  same.max_tokens = 5;
  EXPECT_EQ(ask(same).usage.n_prompt, static_cast<int>(tokens.size()));
}

TEST_F(EngineServiceTest, ACancelledAnswerEnds) {
  GenerationRequest request = chat("Who are you?");
  request.ignores_stop = true;
  request.max_tokens = 1500;
  std::shared_ptr<Job> job;
  auto answer = start(request, &job);
  job->cancel();
  const Answer ended = answer.get();
  EXPECT_EQ(ended.finishes, std::vector{Finish::Cancelled});
  EXPECT_LT(ended.usage.n_generated, 1500);
}

TEST_F(EngineServiceTest, WhatIsWrongIsSaid) {
  GenerationRequest unknown = chat("x");
  unknown.model = "gpt-4o";
  EXPECT_EQ(refusal(unknown), "404 model 'gpt-4o' not found; there is nano");
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "word ";
  const std::string too_long = refusal(chat(text));
  EXPECT_TRUE(too_long.starts_with("400 the prompt has ")) << too_long;
  EXPECT_NE(too_long.find("context length of 2048 tokens"), std::string::npos) << too_long;
  GenerationRequest hot = chat("x");
  hot.sampling.temperature = -1.0f;
  EXPECT_TRUE(refusal(hot).starts_with("400 ")) << refusal(hot);
}

// A bias makes the model say one word for ever.
TEST_F(EngineServiceTest, AnAnswerThatOnlyRepeatsItselfEndsUnlessItHasALimit) {
  EngineServiceOptions options;
  options.max_same_text = 40;
  make(options);
  GenerationRequest request = chat("Who are you?");
  request.sampling.bias = {{service_->tokenize("nano", "word", false).front(), 100.0f}};
  request.max_tokens = -1;
  const Answer ended = ask(request);
  EXPECT_EQ(ended.usage.n_generated, 41);
  EXPECT_EQ(ended.finishes, std::vector{Finish::Stop});
  request.max_tokens = 100;
  const Answer whole = ask(request);
  EXPECT_EQ(whole.usage.n_generated, 100);
  EXPECT_EQ(whole.finishes, std::vector{Finish::Length});
}

TEST_F(EngineServiceTest, OldMessagesGoWhereThatIsWanted) {
  GenerationRequest request = chat("first");
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "word ";
  request.messages.push_back({{"role", "assistant"}, {"content", text}});
  request.messages.push_back({{"role", "user"}, {"content", text}});
  request.messages.push_back({{"role", "assistant"}, {"content", "ok"}});
  request.messages.push_back({{"role", "user"}, {"content", "Who are you?"}});
  request.shortens = true;
  const int n_prompt = ask(request).usage.n_prompt;  // without the first question and its answer
  EXPECT_LT(n_prompt, 1600);
  EXPECT_GT(n_prompt, 1500);
}

TEST_F(EngineServiceTest, EmbeddingsHaveLengthOne) {
  EmbeddingRequest request;
  request.inputs = {{"a red circle", {}}, {"a red circle", {}}, {"good morning", {}}};
  const EmbeddingResult result = service_->embed(request);
  ASSERT_EQ(result.embeddings.size(), 3u);
  EXPECT_EQ(result.embeddings[0], result.embeddings[1]);
  EXPECT_NE(result.embeddings[0], result.embeddings[2]);
  double sum = 0;
  for (const float v : result.embeddings[0]) sum += v * v;
  EXPECT_NEAR(sum, 1, 1e-5);
  request.dimensions = 16;
  EXPECT_EQ(service_->embed(request).embeddings[0].size(), 16u);
}

TEST_F(EngineServiceTest, EmbeddingsEndWithTheirClient) {
  EmbeddingRequest request;
  request.inputs.assign(50, {"a red circle", {}});
  const auto n_computed = [&] { return service_->total().n_finished; };
  request.is_cancelled = [&] { return n_computed() >= 3; };
  EXPECT_THROW(service_->embed(request), CancelledError);
  EXPECT_LT(n_computed(), 10);
}

TEST_F(EngineServiceTest, ModelsComeAndGo) {
  EXPECT_FALSE(service_->model("nano").is_loaded);
  service_->load("NANO:latest", {});
  EXPECT_TRUE(service_->model("nano").is_loaded);
  EXPECT_EQ(service_->model("nano").context, 2048);
  service_->unload("nano");
  for (int i = 0; i < 200 && service_->model("nano").is_loaded; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(service_->model("nano").is_loaded);
  EXPECT_EQ(ask(chat("Who are you?")).finishes.size(), 1u);  // and come back
}

TEST_F(EngineServiceTest, FiguresOutliveTheirModels) {
  const int n_generated = ask(chat("Who are you?")).usage.n_generated;
  service_->unload("nano");
  for (int i = 0; i < 2000 && service_->model("nano").is_loaded; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(service_->metrics().empty());
  const runtime::SchedulerMetrics past = service_->total();
  EXPECT_EQ(past.n_tokens, n_generated);
  EXPECT_EQ(past.n_finished, 1);
  EXPECT_EQ(past.n_running, 0);
  EXPECT_EQ(past.kv_reserved_bytes, 0);
  ask(chat("Who are you?"));
  EXPECT_GT(service_->total().n_tokens, n_generated);
}

TEST_F(EngineServiceTest, DamagedModelsAreNoShortage) {
  const std::string path = std::filesystem::temp_directory_path() / ("facet_damaged_" + std::to_string(::getpid()));
  replace_file(path, read_file(kNano).substr(0, 1 << 20));
  catalog_ = {{"damaged", path}, {"gone", path + ".gone"}};
  for (const char* name : {"damaged", "gone"}) {
    GenerationRequest request = chat("x");
    request.model = name;
    EXPECT_TRUE(refusal(request).starts_with("500 " + path)) << refusal(request);
    try {
      service_->model(name);
      ADD_FAILURE() << name << " was described";
    } catch (const ApiError& e) {
      EXPECT_EQ(e.status(), 500);
      EXPECT_EQ(e.retry_after(), 0);
    }
  }
  std::filesystem::remove(path);
}

TEST_F(EngineServiceTest, LackOfMemoryPasses) {
  EngineServiceOptions options;
  make(options, [](const std::string&, int64_t) -> std::shared_ptr<const runtime::Engine> {
    throw ShortageError("not enough memory");
  });
  EXPECT_EQ(refusal(chat("x")), "503 not enough memory");
}

// Where the system does not tell what it has available.
TEST_F(EngineServiceTest, WithoutALimitNoneIsSet) {
  service_->load("nano", {});
  EXPECT_EQ(last_memory_, 0);
  EXPECT_GT(service_->memory_bytes(), 0);
}

// The same model twice, as two files.
class TwoModels : public EngineServiceTest {
 protected:
  void SetUp() override {
    EngineServiceTest::SetUp();
    if (IsSkipped()) return;
    std::filesystem::copy_file(kNano, copy_, std::filesystem::copy_options::overwrite_existing);
    catalog_.push_back({"copy", copy_});
    least_ = share_of(runtime::read_plan(kNano, engine_options()), 0).total_bytes;
  }
  void TearDown() override {
    service_ = nullptr;
    std::filesystem::remove(copy_);
  }
  // Room for so many models of the least that one takes.
  void make_room_for(double n_models, EngineServiceOptions options = {}) {
    options.memory_bytes = static_cast<int64_t>(n_models * static_cast<double>(least_));
    make(std::move(options));
  }
  bool is_loaded(const std::string& name) { return service_->model(name).is_loaded; }
  // There is room for one; nano is on its way out, and its memory free when may_end has a value.
  void let_nano_go_until(std::promise<void>& may_end) {
    EngineServiceOptions options;
    options.open_cache = [end = may_end.get_future().share()](const std::shared_ptr<const runtime::Engine>& engine) {
      return std::shared_ptr<runtime::PrefixCache>(new runtime::PrefixCache(engine),
                                                   [end](runtime::PrefixCache* cache) {
                                                     end.wait();
                                                     delete cache;
                                                   });
    };
    make_room_for(1.2, options);
    service_->load("nano", {});
    service_->unload("nano");
    while (is_loaded("nano")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  const std::string copy_ =
      std::filesystem::temp_directory_path() / ("facet_copy_" + std::to_string(::getpid()) + ".gguf");
  int64_t least_ = 0;
};

TEST_F(TwoModels, StayWhereThereIsRoomForBoth) {
  make_room_for(6);
  service_->load("nano", {});
  service_->load("copy", {});
  EXPECT_TRUE(is_loaded("nano") && is_loaded("copy"));
  EXPECT_LE(service_->memory_bytes(), 6 * least_);
}

TEST_F(TwoModels, AnIdleOneMakesRoom) {
  make_room_for(1.2);
  service_->load("nano", {});
  service_->load("copy", {});
  EXPECT_TRUE(is_loaded("copy"));
  EXPECT_FALSE(is_loaded("nano"));
  EXPECT_LE(service_->memory_bytes(), static_cast<int64_t>(1.2 * static_cast<double>(least_)));
}

// A load takes seconds: none is begun for a model that will have to leave, or cannot come.
TEST_F(TwoModels, TakingTurnsAreLoadedOnceATurn) {
  make_room_for(1.2);
  for (const char* name : {"nano", "copy", "nano", "copy"}) service_->load(name, {});
  EXPECT_EQ(n_loads_, 4);
}

TEST_F(TwoModels, OneInUseStays) {
  make_room_for(1.2);
  std::promise<void> started, may_go_on;
  auto answer = std::make_shared<Collected>();
  service_->generate(chat("Who are you?"), [&, answer](const Event& e) {
    if (std::holds_alternative<event::Started>(e)) {
      started.set_value();
      may_go_on.get_future().wait();
    }
    answer->take(e);
  });
  started.get_future().wait();
  GenerationRequest other = chat("Who are you?");
  other.model = "copy";
  const std::string refused = refusal(other);
  EXPECT_TRUE(refused.starts_with("503 ")) << refused;
  EXPECT_NE(refused.find("models that are in use"), std::string::npos) << refused;
  EXPECT_EQ(n_loads_, 1);
  may_go_on.set_value();
  answer->promise.get_future().get();
  for (int i = 0; i < 2000 && refusal(other) != ""; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_loaded("copy")) << "once the first was idle";
}

// The end of a model takes a while: it has to write what it keeps.
TEST_F(TwoModels, WhatIsOnItsWayOutIsWaitedFor) {
  std::promise<void> may_end;
  let_nano_go_until(may_end);
  EXPECT_GE(service_->memory_bytes(), least_) << "its memory is not free yet";
  auto loading = std::async(std::launch::async, [&] { service_->load("copy", {}); });
  EXPECT_EQ(loading.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  EXPECT_EQ(n_loads_, 1);
  may_end.set_value();
  loading.get();
  EXPECT_TRUE(is_loaded("copy"));
}

// One waits for the memory, the other one for the first to be loaded.
TEST_F(TwoModels, WhoWaitsForAModelMayGoAway) {
  std::promise<void> may_end;
  let_nano_go_until(may_end);
  GenerationRequest request = chat("Who are you?");
  request.model = "copy";
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.cancel = gone;
  const auto wait = [&] { EXPECT_THROW(service_->generate(request, [](const Event&) {}), CancelledError); };
  auto first = std::async(std::launch::async, wait), second = std::async(std::launch::async, wait);
  EXPECT_EQ(first.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  *gone = true;
  const bool are_over = first.wait_for(std::chrono::seconds(20)) == std::future_status::ready &&
                        second.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  may_end.set_value();
  EXPECT_TRUE(are_over);
  EXPECT_EQ(n_loads_, 1);
  service_->load("copy", {});
  EXPECT_TRUE(is_loaded("copy"));
}

// Two clients want two models that do not fit together: one may be told to wait, none is loaded for nothing.
TEST_F(TwoModels, EachLoadIsOfUseWhereClientsCompete) {
  EngineServiceOptions options;
  options.keep_alive = 0;
  make_room_for(1.2, options);
  std::atomic<int> n_used = 0;
  const auto want = [&](const char* name) {
    for (int i = 0; i < 40; ++i) {
      try {
        service_->tokenize(name, "one two", true);
        ++n_used;
      } catch (const ShortageError&) {
      }
    }
  };
  auto other = std::async(std::launch::async, want, "copy");
  want("nano");
  other.get();
  EXPECT_GT(n_used, 0);
  EXPECT_LE(n_loads_, n_used);
  for (int i = 0; i < 2000 && service_->memory_bytes() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(service_->memory_bytes(), 0) << "all have left";
}

TEST_F(EngineServiceTest, ManyAtOnceGetTheirOwnAnswers) {
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 12; ++i) {
    GenerationRequest request = chat("x" + std::to_string(i));
    request.format = {OutputFormat::Kind::Choice, {}, {}, {"id-" + std::to_string(i)}};
    answers.push_back(start(request));
  }
  for (size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].get().text, "id-" + std::to_string(i));
}

TEST_F(EngineServiceTest, PicturesAreSeenAndEncodedOnce) {
  GenerationRequest request = chat("");
  request.messages[0]["content"] =
      Json::parse(R"([{"type": "image"}, {"type": "text", "text": "What colour is it?"}])");
  request.media.push_back({MediaInput::Kind::Image, read_file(kPicture), "messages[0].content[0]", "low"});
  const Answer first = ask(request);
  EXPECT_EQ(first.finishes, std::vector{Finish::Stop});
  EXPECT_EQ(first.usage.n_prompt, service_->count_tokens(request));
  GenerationRequest text = request;
  text.messages[0]["content"] = "What colour is it?";
  text.media.clear();
  EXPECT_GT(first.usage.n_prompt, service_->count_tokens(text) + 20) << "the picture's own tokens";

  GenerationRequest second = request;
  second.messages.push_back({{"role", "assistant"}, {"content", first.text}});
  second.messages.push_back({{"role", "user"}, {"content", "Who are you?"}});
  EXPECT_GE(ask(second).usage.n_cached, first.usage.n_prompt) << "the picture and the answer were there";

  request.media[0].bytes = "no picture";
  EXPECT_TRUE(refusal(request).starts_with("400 messages[0].content[0]: ")) << refusal(request);
}

TEST_F(EngineServiceTest, NothingIsEncodedForAClientThatHasGone) {
  service_->load("nano", {});
  GenerationRequest request = chat("");
  request.messages[0]["content"] = Json::parse(R"([{"type": "image"}])");
  request.media.push_back({MediaInput::Kind::Image, read_file(kPicture), "messages[0].content[0]", "low"});
  request.cancel = std::make_shared<std::atomic<bool>>(true);
  EXPECT_TRUE(refusal(request).starts_with("504 ")) << refusal(request);
  EXPECT_EQ(service_->total().n_finished + service_->total().n_running + service_->total().n_queued, 0);
  request.cancel = nullptr;
  EXPECT_EQ(ask(request).finishes.size(), 1u);
}

TEST_F(EngineServiceTest, SaysWhenModelsComeAndGo) {
  std::mutex mutex;
  std::vector<std::string> seen;
  std::condition_variable changed;
  service_->on_change([&] {
    const ModelInfo info = service_->model("nano");
    const std::lock_guard lock(mutex);
    seen.push_back(info.is_loaded ? "there" : info.is_loading ? "coming" : "away");
    changed.notify_all();
  });
  const ModelInfo before = service_->model("nano");
  EXPECT_GT(before.memory.weight_bytes, 0);
  EXPECT_GT(before.memory.kv_bytes, before.memory.kv_bytes_per_token);
  service_->load("nano", {});
  const ModelInfo loaded = service_->model("nano");
  EXPECT_EQ(seen, (std::vector<std::string>{"coming", "there"}));
  EXPECT_EQ(loaded.memory.weight_bytes, before.memory.weight_bytes);
  EXPECT_GE(service_->machine().taken_bytes, loaded.resident_bytes);
  service_->unload("nano");
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return seen.size() == 3; }));
  EXPECT_EQ(seen.back(), "away");
  lock.unlock();
  service_->on_change({});
}

TEST_F(EngineServiceTest, NothingIsComputedTwice) {
  GenerationRequest request = chat("Who are you? Please tell me a long story about it.");
  const Answer first = ask(request);
  EXPECT_EQ(first.usage.n_cached, 0);
  EXPECT_EQ(ask(request).usage.n_cached, first.usage.n_prompt - 1);

  // A chat that grows: what is new is computed, and the end of the answer, which no step has seen.
  request.messages.push_back({{"role", "assistant"}, {"content", first.text}});
  request.messages.push_back({{"role", "user"}, {"content", "And then?"}});
  const Answer grown = ask(request);
  EXPECT_GE(grown.usage.n_cached, first.usage.n_prompt);
  // Another client in between, and an edit of the last message.
  ask(chat("Something else altogether."));
  GenerationRequest edited = request;
  edited.messages.back()["content"] = "And before?";
  EXPECT_GE(ask(edited).usage.n_cached, first.usage.n_prompt);
  EXPECT_EQ(ask(request).usage.n_cached, grown.usage.n_prompt - 1);
}

}  // namespace
}  // namespace facet::server
