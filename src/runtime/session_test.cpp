// Every way to come to the same tokens gives the same logits.
//
// How equal is a matter of the kernels (ops/cpu/cpu_ops.h). The specification (ref) and the fast backend within one
// class of products are equal to the bit, whatever the chunks, the neighbours, the threads and the history; the fast
// backend is put into one class here by DecodeClassOps. As it comes it has two classes, for up to eight rows and for
// more, and adds in another order in each; `Classes` bounds what that makes.
#include "runtime/session.h"

#include <atomic>
#include <map>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "model/config.h"
#include "runtime/page_pool.h"
#include "runtime/test_models.h"
#include "runtime/top_tokens.h"

namespace facet::runtime {
namespace {

struct Setup {
  std::string family;
  Backend backend;
};

void PrintTo(const Setup& setup, std::ostream* out) {
  *out << setup.family << (setup.backend == Backend::Ref ? " on ref" : " on cpu");
}

std::vector<Setup> setups() {
  std::vector<Setup> out;
  for (const std::string& family : families())
    for (const Backend backend : {Backend::Ref, Backend::Cpu}) out.push_back({family, backend});
  return out;
}

std::string setup_name(const testing::TestParamInfo<Setup>& info) {
  return info.param.family.substr(sizeof "tiny") + (info.param.backend == Backend::Ref ? "_ref" : "_cpu");
}

class Equality : public testing::TestWithParam<Setup> {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static std::shared_ptr<const Engine> load(int chunk = 32) {
    EngineOptions options = tiny_options(GetParam().backend);
    options.prefill_chunk = chunk;
    if (GetParam().backend == Backend::Cpu) use_decode_class(options);
    return Engine::load(tiny_path(GetParam().family), options);
  }
};

INSTANTIATE_TEST_SUITE_P(Families, Equality, testing::ValuesIn(setups()), setup_name);

TEST_P(Equality, CachedIsFull) {
  const auto engine = load();
  const auto tokens = random_tokens(50, 1);
  const auto full = all_logits(engine, tokens);
  Session session(engine);
  session.sync(std::span(tokens).first(5));
  EXPECT_EQ(copy(session.logits()), full[4]);
  for (size_t i = 5; i < tokens.size(); ++i) {
    session.append(tokens[i]);
    ASSERT_EQ(copy(session.logits()), full[i]) << "after token " << i;
  }
  EXPECT_EQ(session.position(), 50);
}

TEST_P(Equality, ChunkedPrefillIsWhole) {
  const auto tokens = random_tokens(90, 2);
  const auto whole = all_logits(load(128), tokens);
  for (const int chunk : {1, 7, 64}) {
    const auto engine = load(chunk);
    EXPECT_EQ(all_logits(engine, tokens), whole) << "chunks of " << chunk;
    EXPECT_EQ(fresh_logits(engine, tokens), whole.back()) << "chunks of " << chunk;
  }
}

TEST_P(Equality, RewoundIsFresh) {
  const auto engine = load();
  const auto tokens = random_tokens(80, 3), other = random_tokens(85, 4);
  Session session(engine);
  session.sync(tokens);
  for (const int n : {79, 70, 48, 31, 1, 0}) {
    session.rewind(n);
    EXPECT_EQ(session.position(), n);
    EXPECT_TRUE(session.logits().empty());
    const auto changed = joined(std::span(tokens).first(static_cast<size_t>(n)), std::span(other).last(3));
    for (const TokenId t : std::span(other).last(3)) session.append(t);
    EXPECT_TRUE(std::ranges::equal(session.tokens(), changed));
    EXPECT_EQ(copy(session.logits()), fresh_logits(engine, changed)) << "rewound to " << n;
  }
}

TEST_P(Equality, ForksAreFresh) {
  const auto engine = load();
  const auto past = random_tokens(41, 5), a = random_tokens(30, 6), b = random_tokens(30, 7);
  Session one(engine);
  one.sync(past);
  Session two = one.fork();
  EXPECT_EQ(copy(two.logits()), copy(one.logits()));
  for (size_t i = 0; i < 30; ++i) {  // in turns, on the page that both began with
    one.append(a[i]);
    two.append(b[i]);
  }
  EXPECT_EQ(copy(one.logits()), fresh_logits(engine, joined(past, a)));
  EXPECT_EQ(copy(two.logits()), fresh_logits(engine, joined(past, b)));
}

// Guesses right and wrong, of any number, across the window (16) and the borders of pages (64), on pages that a fork
// shares: what stays is as if it had come alone.
TEST_P(Equality, WhatIsTakenOfABundleIsFresh) {
  const auto engine = load();
  const auto tokens = random_tokens(150, 12), wrong = random_tokens(8, 13);
  const auto full = all_logits(engine, tokens);
  std::mt19937 random(14);
  Session session(engine);
  session.sync(std::span(tokens).first(5));
  const Session before = session.fork();
  while (session.position() < 150) {
    const auto begin = static_cast<size_t>(session.position());
    const size_t n_right = std::min(1 + random() % static_cast<size_t>(session.max_bundle()), 150 - begin);
    auto bundle = joined(std::span(tokens).subspan(begin, n_right), wrong);
    bundle.resize(n_right + random() % (static_cast<size_t>(session.max_bundle()) - n_right + 1));
    size_t n_taken = 0;
    const int n = session.append_while(bundle, [&] {
      EXPECT_TRUE(std::ranges::equal(session.tokens(), std::span(tokens).first(begin + ++n_taken)));
      EXPECT_EQ(copy(session.logits()), full[begin + n_taken - 1]) << "after token " << begin + n_taken - 1;
      return n_taken < n_right;
    });
    ASSERT_EQ(n, static_cast<int>(n_right));
    ASSERT_EQ(session.position(), static_cast<int>(begin + n_right));
    if (HasFailure()) return;
  }
  EXPECT_EQ(copy(before.logits()), full[4]);
  session.rewind(5);
  for (size_t i = 5; i < 12; ++i) session.append(tokens[i]);
  EXPECT_EQ(copy(session.logits()), full[11]);
}

TEST_P(Equality, SyncIsFresh) {
  const auto engine = load();
  const auto first = random_tokens(140, 8);
  uint32_t next_seed = 1501;
  Session session(engine);
  session.sync(first);
  // Tokens kept, and tokens of a common prefix that are computed again. The window before 130 is in the pages of the
  // window before the end; the one before 70 is gone when it is first wanted, and kept from then on.
  const struct { int common, n_reused, n_recomputed; } cases[] = {{130, 130, 0}, {70, 0, 70}, {70, 70, 0}};
  for (const auto& c : cases) {
    auto tokens = joined(std::span(first).first(static_cast<size_t>(c.common)), random_tokens(20, next_seed++));
    tokens[static_cast<size_t>(c.common)] = static_cast<TokenId>(next_seed);  // not the first text's
    const SyncResult result = session.sync(tokens);
    EXPECT_EQ(result.n_reused, c.n_reused) << c.common;
    EXPECT_EQ(result.n_recomputed, c.n_recomputed) << c.common;
    EXPECT_EQ(result.n_computed, static_cast<int>(tokens.size()) - c.n_reused) << c.common;
    EXPECT_EQ(copy(session.logits()), fresh_logits(engine, tokens)) << c.common;
    if (c.common == 130) session.sync(first);
  }
}

TEST_P(Equality, AnswersLeaveTheEndOfThePromptReady) {
  const auto engine = load();
  const auto prompt = random_tokens(60, 10), answer = random_tokens(100, 11);
  Session session(engine);
  session.sync(prompt);
  const auto before = copy(session.logits());
  for (const TokenId t : answer) session.append(t);
  session.rewind(60);
  EXPECT_EQ(session.sync(joined(prompt, std::span(answer).first(1))).n_computed, 1);
  session.rewind(60);
  EXPECT_EQ(session.sync(prompt).n_computed, 1);  // its logits were forgotten
  EXPECT_EQ(copy(session.logits()), before);
  EXPECT_EQ(session.sync(prompt).n_computed, 0);
}

// What a random schedule does to a session, and what it should then hold.
class Schedule {
 public:
  Schedule(std::shared_ptr<const Engine> engine, uint32_t seed) : engine_(std::move(engine)), random_(seed) {}

  void step() {
    if (sessions_.empty()) sessions_.emplace_back(engine_);
    const size_t i = below(sessions_.size());
    Session& s = sessions_[i];
    switch (below(6)) {
      case 0:
        if (sessions_.size() < 5) sessions_.push_back(s.fork());
        return;
      case 1:
        return edit(s);
      case 2:
        return s.rewind(static_cast<int>(below(static_cast<size_t>(s.position()) + 1)));
      case 3:
        return batch();
      case 4:
        if (below(4) == 0) sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      default:
        for (size_t n = below(6); n > 0 && s.position() < 200; --n) s.append(token());
    }
  }

  void expect_fresh() {
    for (const Session& s : sessions_) {
      if (s.logits().empty()) continue;
      const std::vector<TokenId> tokens(s.tokens().begin(), s.tokens().end());
      auto [it, is_new] = fresh_.try_emplace(tokens);
      if (is_new) it->second = fresh_logits(engine_, tokens);
      ASSERT_EQ(copy(s.logits()), it->second) << tokens.size() << " tokens";
    }
  }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  TokenId token() { return static_cast<TokenId>(8 + below(1400)); }

  // Some prefix stays, and something else follows.
  void edit(Session& s) {
    std::vector<TokenId> tokens(s.tokens().begin(), s.tokens().end());
    tokens.resize(below(tokens.size() + 1));
    for (size_t n = 1 + below(60); n > 0 && tokens.size() < 200; --n) tokens.push_back(token());
    s.sync(tokens);
  }

  void batch() {
    std::vector<Session*> rows;
    std::vector<TokenId> tokens;
    for (Session& s : sessions_)
      if (s.position() < 200) {
        rows.push_back(&s);
        tokens.push_back(token());
      }
    Session::append_batch(rows, tokens);
  }

  std::shared_ptr<const Engine> engine_;
  std::mt19937 random_;
  std::vector<Session> sessions_;
  std::map<std::vector<TokenId>, std::vector<float>> fresh_;
};

TEST_P(Equality, RandomSchedulesAreFresh) {
  const auto engine = load();
  const uint32_t seed = 100 + static_cast<uint32_t>(GetParam().backend);
  Schedule schedule(engine, seed);
  const int n_steps = GetParam().backend == Backend::Ref ? 25 : 60;
  for (int i = 0; i < n_steps; ++i) {
    schedule.step();
    ASSERT_NO_FATAL_FAILURE(schedule.expect_fresh()) << "step " << i << " of seed " << seed;
  }
}

// The fast backend as it comes.
class Fast : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static std::shared_ptr<const Engine> load(const EngineOptions& options) {
    return Engine::load(tiny_path(GetParam()), options);
  }
};

INSTANTIATE_TEST_SUITE_P(Families, Fast, testing::ValuesIn(families()),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(Fast, ThreadsChangeNothing) {
  const auto tokens = random_tokens(70, 20);
  std::vector<std::vector<float>> first;
  for (const int n_threads : {1, 2, 3}) {
    EngineOptions options = tiny_options();
    options.n_threads = n_threads;
    Session session(load(options));
    std::vector<std::vector<float>> got;
    session.sync(std::span(tokens).first(60));
    got.push_back(copy(session.logits()));
    for (const TokenId t : std::span(tokens).last(10)) {
      session.append(t);
      got.push_back(copy(session.logits()));
    }
    if (first.empty()) first = got;
    EXPECT_EQ(got, first) << n_threads << " threads";
  }
}

// More sessions than a decode step takes, and than a step has rows.
TEST_P(Fast, RowsOfABatchAreSingle) {
  EngineOptions options = tiny_options();
  options.prefill_chunk = 5;
  const auto engine = load(options);
  std::vector<Session> alone, together;
  std::vector<Session*> rows;
  for (int i = 0; i < 11; ++i) {
    alone.emplace_back(engine).sync(random_tokens(3 + 7 * i, 30 + static_cast<uint32_t>(i)));
    together.push_back(alone.back().fork());
  }
  for (Session& s : together) rows.push_back(&s);
  for (uint32_t step = 0; step < 3; ++step) {
    const auto tokens = random_tokens(11, 50 + step);
    Session::append_batch(rows, tokens);
    for (size_t i = 0; i < rows.size(); ++i) {
      alone[i].append(tokens[i]);
      EXPECT_EQ(copy(alone[i].logits()), copy(together[i].logits())) << "session " << i << ", step " << step;
    }
  }
}

// The same, with weights that meet panels when many rows are decoded: a whole step of them, and one row more.
TEST(BatchOfCodes, RowsAreSingle) {
  SKIP_WITHOUT_GOLDENS();
  for (const char* file : {"tiny-12b/gguf/tiny-12b-q4_0.gguf", "tiny-26b/gguf/tiny-26b-q4_0.gguf"}) {
    const auto engine = Engine::load(golden_path(file), tiny_options());
    std::vector<Session> alone, together;
    std::vector<Session*> rows;
    for (int i = 0; i <= ops::kDecodeBatch; ++i) {
      alone.emplace_back(engine).sync(random_tokens(3 + i, 30 + static_cast<uint32_t>(i)));
      together.push_back(alone.back().fork());
    }
    for (Session& s : together) rows.push_back(&s);
    for (uint32_t step = 0; step < 2; ++step) {
      const auto tokens = random_tokens(static_cast<int>(rows.size()), 50 + step);
      Session::append_batch(rows, tokens);
      for (size_t i = 0; i < rows.size(); ++i) {
        alone[i].append(tokens[i]);
        EXPECT_EQ(copy(alone[i].logits()), copy(together[i].logits())) << file << ", session " << i;
      }
    }
  }
}

// The same guarantee, for several rows of one session.
TEST_P(Fast, RowsOfABundleAreSingle) {
  const auto engine = load(tiny_options());
  const auto past = random_tokens(30, 60), next = random_tokens(90, 61);
  Session alone(engine);
  alone.sync(past);
  Session together = alone.fork();
  size_t n_rows = 1;
  for (size_t begin = 0; begin + n_rows <= next.size(); begin += n_rows, n_rows = n_rows % 8 + 1) {
    size_t i = begin;
    together.append_while(std::span(next).subspan(begin, n_rows), [&] {
      alone.append(next[i]);
      EXPECT_EQ(copy(alone.logits()), copy(together.logits())) << "token " << i << " of a bundle of " << n_rows;
      return ++i < begin + n_rows;
    });
  }
  EXPECT_GT(together.position(), 100);
}

TEST_P(Fast, ABundleThatCannotBeChangesNothing) {
  const auto engine = load(tiny_options());
  Session session(engine, 40);
  session.sync(random_tokens(37, 62));
  const auto before = copy(session.logits());
  const auto never = [] {
    ADD_FAILURE() << "a token was taken";
    return false;
  };
  EXPECT_THROW(session.append_while(random_tokens(4, 63), never), RequestError);
  EXPECT_THROW(session.append_while(std::vector<TokenId>{5, engine->config().n_vocab}, never), RequestError);
  EXPECT_EQ(session.position(), 37);
  EXPECT_EQ(copy(session.logits()), before);
  EXPECT_EQ(session.append_while(random_tokens(3, 63), [] { return true; }), 3);
  EXPECT_EQ(session.position(), 40);
}

TEST_P(Fast, ABundleThatIsBrokenOffKeepsWhatWasTaken) {
  const auto engine = load(tiny_options());
  Session session(engine, 40);
  const auto tokens = random_tokens(20, 65);
  session.sync(std::span(tokens).first(12));
  int n_taken = 0;
  const auto twice = [&] {
    if (++n_taken == 2) throw std::runtime_error("enough");
    return true;
  };
  EXPECT_THROW(session.append_while(std::span(tokens).subspan(12, 5), twice), std::runtime_error);
  ASSERT_EQ(session.position(), 14);
  for (const TokenId other : {7, 8, 9}) session.append(other);
  Session expected(engine, 40);
  expected.sync(std::span(tokens).first(12));
  for (const TokenId token : {tokens[12], tokens[13], 7, 8, 9}) expected.append(token);
  EXPECT_EQ(copy(session.logits()), copy(expected.logits()));
}

// Chunks of more than eight rows are one class, so their borders change nothing.
TEST_P(Fast, WideChunksAreOneClass) {
  const auto tokens = random_tokens(120, 21);
  std::vector<float> first;
  for (const int chunk : {20, 40, 60, 120}) {
    EngineOptions options = tiny_options();
    options.prefill_chunk = chunk;
    const auto got = fresh_logits(load(options), tokens);
    if (first.empty()) first = got;
    EXPECT_EQ(got, first) << "chunks of " << chunk;
  }
}

// Each class is within the golden files' tolerance of exact arithmetic (`facet verify` proves that on these very
// prompts), so they are within twice that of each other.
TEST_P(Fast, ClassesAreWithinTheirTolerance) {
  constexpr double kTolerance = 5e-4;
  const auto file = safetensors::File::open(golden_path(GetParam() + "/text_p33.safetensors"));
  std::vector<TokenId> tokens;
  for (const char* name : {"input_ids", "greedy_ids"})
    for (const int64_t id : file.to_i64(name)) tokens.push_back(static_cast<TokenId>(id));
  const auto engine = load(tiny_options());
  const auto wide = all_logits(engine, tokens);
  Session session(engine);
  session.sync(std::span(tokens).first(1));
  for (size_t i = 1; i < tokens.size(); ++i) {
    session.append(tokens[i]);
    EXPECT_LE(largest_difference(session.logits(), wide[i]), 2 * kTolerance) << "after token " << i;
  }
}

// One engine, shared pages, two threads that never wait for each other.
TEST_P(Fast, SessionsRunOnThreadsOfTheirOwn) {
  const auto engine = load(tiny_options());
  const auto past = random_tokens(37, 22);
  Session one(engine);
  one.sync(past);
  Session two = one.fork();
  const auto run = [&](Session& session, uint32_t seed, std::vector<float>& out) {
    for (const TokenId t : random_tokens(12, seed)) session.append(t);
    Session branch = session.fork();
    session.sync(joined(past, random_tokens(30, seed + 1)));
    for (const TokenId t : random_tokens(12, seed + 2)) branch.append(t);
    out = copy(session.logits());
    out.insert(out.end(), branch.logits().begin(), branch.logits().end());
  };
  Session three = one.fork();
  std::vector<float> a, b, expected;
  run(three, 70, expected);
  {
    std::thread other([&] { run(one, 70, a); });
    run(two, 70, b);
    other.join();
  }
  EXPECT_EQ(a, expected);
  EXPECT_EQ(b, expected);
}

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static std::shared_ptr<const Engine> load(const EngineOptions& options) {
    return Engine::load(tiny_path("tiny-e2b"), options);
  }
};

// Sets a flag once a number of layers have run.
class CancelAfter final : public ops::ForwardingOps {
 public:
  CancelAfter(std::unique_ptr<ops::Ops> inner, int& layers_left, std::atomic<bool>& cancel)
      : ForwardingOps(std::move(inner)), layers_left_(layers_left), cancel_(cancel) {}

  void probe(std::string_view name, int layer, ops::ConstMat x) noexcept override {
    if (name == "out" && --layers_left_ == 0) cancel_ = true;
    ForwardingOps::probe(name, layer, x);
  }

 private:
  int& layers_left_;
  std::atomic<bool>& cancel_;
};

TEST_F(SessionTest, CancelledPrefillKeepsWholeChunks) {
  int layers_left = 0;
  std::atomic<bool> cancel{false};
  EngineOptions options = tiny_options();
  options.prefill_chunk = 16;
  options.wrap_ops = [&](std::unique_ptr<ops::Ops> op) {
    return std::make_unique<CancelAfter>(std::move(op), layers_left, cancel);
  };
  const auto engine = load(options);
  const auto tokens = random_tokens(60, 23);
  const auto expected = fresh_logits(engine, tokens);

  Session session(engine);
  layers_left = 2 * engine->config().n_kv_layers + 3;  // in the third chunk
  EXPECT_THROW(session.sync(tokens, {{}, &cancel}), CancelledError);
  EXPECT_EQ(session.position(), 32);
  EXPECT_TRUE(session.logits().empty());
  EXPECT_TRUE(std::ranges::equal(session.tokens(), std::span(tokens).first(32)));
  EXPECT_THROW(session.sync(tokens, {{}, &cancel}), CancelledError);  // at once
  EXPECT_EQ(session.position(), 32);

  cancel = false;
  const SyncResult result = session.sync(tokens);
  EXPECT_EQ(result.n_reused, 32);
  EXPECT_EQ(result.n_recomputed, 0);
  EXPECT_EQ(copy(session.logits()), expected);
}

// No row may be asked for; the last one's logits are known all the same.
TEST_F(SessionTest, LogitsOfNoRowLeaveTheLast) {
  const auto engine = load(tiny_options());
  const auto tokens = random_tokens(20, 31);
  const auto expected = fresh_logits(engine, tokens);
  for (const int first : {20, 21, 1000}) {
    Session session(engine);
    int n_visited = 0;
    session.sync_with_logits(tokens, first, [&](int, std::span<const float>) { ++n_visited; });
    EXPECT_EQ(n_visited, 0) << first;
    EXPECT_EQ(copy(session.logits()), expected) << first;
  }
  Session session(engine);
  std::vector<int> visited;
  session.sync_with_logits(tokens, -5, [&](int position, std::span<const float>) { visited.push_back(position); });
  EXPECT_EQ(visited.size(), 20u);
}

TEST_F(SessionTest, ProgressGoesUpToTheEnd) {
  EngineOptions options = tiny_options();
  options.prefill_chunk = 16;
  std::vector<int64_t> loading;
  options.progress = [&](int64_t done, int64_t total) {
    loading.push_back(done);
    EXPECT_LE(done, total);
    if (done == total) loading.push_back(-1);
  };
  const auto engine = load(options);
  ASSERT_GE(loading.size(), 2u);
  EXPECT_EQ(loading.back(), -1);
  EXPECT_TRUE(std::is_sorted(loading.begin(), loading.end() - 1));

  Session session(engine);
  session.sync(random_tokens(10, 24));
  std::vector<std::pair<int64_t, int64_t>> seen;
  session.sync(random_tokens(60, 24), {[&](int64_t done, int64_t total) { seen.emplace_back(done, total); }, nullptr});
  EXPECT_EQ(seen, (std::vector<std::pair<int64_t, int64_t>>{{16, 50}, {32, 50}, {48, 50}, {50, 50}}));
}

TEST_F(SessionTest, AnEngineForgetsTheFunctionsOfItsLoading) {
  const auto captured = std::make_shared<int>(0);
  EngineOptions options = tiny_options();
  options.progress = [captured](int64_t, int64_t) {};
  options.wrap_ops = [captured](std::unique_ptr<ops::Ops> op) { return op; };
  const auto engine = load(options);
  options = {};
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_FALSE(engine->options().progress);
  EXPECT_FALSE(engine->options().wrap_ops);
}

TEST_F(SessionTest, TooLongSaysByHowMuch) {
  EngineOptions options = tiny_options();
  options.context = 20;
  const auto engine = load(options);
  Session session(engine);
  try {
    session.sync(random_tokens(23, 25));
    FAIL();
  } catch (const RequestError& e) {
    EXPECT_NE(std::string(e.what()).find("23 tokens, 3 more than the context of 20"), std::string::npos) << e.what();
  }
  const auto tokens = random_tokens(20, 25);
  session.sync(tokens);
  const auto before = copy(session.logits());
  EXPECT_THROW(session.append(9), RequestError);
  EXPECT_EQ(session.position(), 20);
  EXPECT_EQ(copy(session.logits()), before);
}

TEST_F(SessionTest, TheModelsWholeContextCanBeUsed) {
  EngineOptions options = tiny_options();
  options.context = 0;  // there is memory for all of it
  const auto engine = load(options);
  const int context = engine->config().context_length;
  ASSERT_EQ(engine->context(), context);
  const auto tokens = random_tokens(context, 27);
  Session whole(engine), late(engine);
  whole.sync(tokens);
  EXPECT_EQ(whole.position(), context);
  EXPECT_THROW(whole.append(9), RequestError);
  // The last token by itself, behind all the others.
  late.sync(std::span(tokens).first(tokens.size() - 1));
  late.append(tokens.back());
  constexpr double kTolerance = 5e-4;  // of either class of products
  EXPECT_LE(largest_difference(whole.logits(), late.logits()), 2 * kTolerance);
  EXPECT_EQ(argmax(whole.logits()), argmax(late.logits()));
}

TEST_F(SessionTest, ForeignTokensAreRefused) {
  const auto engine = load(tiny_options());
  const int n_vocab = engine->config().n_vocab;
  Session session(engine);
  for (const TokenId bad : {-1, n_vocab}) {
    EXPECT_THROW(session.sync(std::vector<TokenId>{2, bad}), RequestError);
    EXPECT_THROW(session.append(bad), RequestError);
  }
  EXPECT_THROW(session.sync(std::vector<TokenId>{}), RequestError);
  EXPECT_EQ(session.position(), 0);
  EXPECT_THROW(Session(engine, engine->config().context_length + 1), RequestError);
  EXPECT_THROW(Session(engine, -1), RequestError);
}

TEST_F(SessionTest, ContextBeyondTheMemoryIsRefused) {
  EngineOptions options = tiny_options();
  const MemoryPlan plan = load(options)->plan(300);
  options.memory_limit =
      plan.kv_limit_bytes + plan.scratch_bytes + plan.logits_bytes + plan.workspace_bytes + plan.tokenizer_bytes + 1;
  const auto engine = load(options);
  EXPECT_NO_THROW(Session(engine, 300));
  try {
    Session session(engine, engine->config().context_length);
    FAIL() << "a context of " << session.context();
  } catch (const ResourceError& e) {
    EXPECT_NE(std::string(e.what()).find("keys and values take"), std::string::npos) << e.what();
  }
}

// Each prompt's end keeps the window before it, here over the border of two pages.
TEST_F(SessionTest, PromptsThatEndFarApartKeepToThePlan) {
  EngineOptions options = tiny_options();
  options.context = 1024;
  options.prefill_chunk = 16;
  const auto engine = load(options);
  const MemoryPlan plan = engine->plan(options.context);
  const auto tokens = random_tokens(1024, 28);
  Session session(engine);
  int64_t most = 0;
  for (const int end : {200, 392, 584, 776, 968}) {
    session.sync_with_logits(std::span(tokens).first(static_cast<size_t>(end)), session.position(),
                             [&](int, std::span<const float>) { most = std::max(most, session.kv_bytes()); });
    EXPECT_LE(session.kv_bytes(), plan.kv_limit_bytes) << end;
  }
  EXPECT_LE(most, plan.kv_limit_bytes);
  EXPECT_GT(most, plan.kv_bytes);  // more than one prompt takes
}

// A prompt and its answer take what they are expected to.
TEST_F(SessionTest, OnePromptKeepsToItsExpectation) {
  for (const int chunk : {16, 128}) {
    EngineOptions options = tiny_options();
    options.context = 640;
    options.prefill_chunk = chunk;
    const auto engine = load(options);
    const MemoryPlan plan = engine->plan(options.context);
    const auto tokens = random_tokens(400, 29);
    Session session(engine);
    int64_t most = 0;
    session.sync_with_logits(tokens, 0,
                             [&](int, std::span<const float>) { most = std::max(most, session.kv_bytes()); });
    while (session.position() < options.context) {
      session.append(9);
      most = std::max(most, session.kv_bytes());
    }
    EXPECT_LE(most, plan.kv_bytes) << chunk;
    EXPECT_LE(plan.kv_bytes, plan.kv_limit_bytes) << chunk;
  }
}

TEST_F(SessionTest, PagesAreSharedAndGivenBack) {
  const auto engine = load(tiny_options());
  const auto n_used = [&] { return (*engine->page_pools())[0].n_used() + (*engine->page_pools())[1].n_used(); };
  EXPECT_EQ(n_used(), 0);
  {
    Session one(engine);
    one.sync(random_tokens(40, 26));
    const int n_one = n_used();
    EXPECT_GT(n_one, 0);
    Session two = one.fork();
    EXPECT_EQ(n_used(), n_one);
    EXPECT_EQ(two.kv_bytes(), one.kv_bytes());
    two.append(9);
    EXPECT_EQ(n_used(), n_one + 2);  // its own last page of each group
    two.rewind(0);
    EXPECT_EQ(n_used(), n_one);
    EXPECT_EQ(two.kv_bytes(), 0);
  }
  EXPECT_EQ(n_used(), 0);
}

}  // namespace
}  // namespace facet::runtime
