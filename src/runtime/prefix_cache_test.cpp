// What was computed once is not computed again, whoever asks: and everything is as if it had been.
#include "runtime/prefix_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/error.h"
#include "model/config.h"
#include "runtime/page_pool.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;
using model::KvGroup;

// What follows a text: begins unlike what another seed gives.
std::vector<TokenId> more_tokens(int n, uint32_t seed) {
  auto tokens = random_tokens(n, seed);
  tokens[0] = static_cast<TokenId>(8 + seed);
  return tokens;
}

std::shared_ptr<PrefixCache> make_prefix_cache(const std::shared_ptr<const Engine>& engine,
                                               int64_t memory_bytes = int64_t{1} << 30, const std::string& folder = {},
                                               int64_t disk_bytes = int64_t{1} << 30) {
  PrefixCacheOptions options;
  options.memory_bytes = memory_bytes;
  options.folder = folder;
  options.disk_bytes = disk_bytes;
  options.on_warning = [](const std::string& message) { ADD_FAILURE() << message; };
  return std::make_shared<PrefixCache>(engine, options);
}

class CachedPrefix : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.prefill_chunk = 32;
    options.context = 512;
    use_decode_class(options);  // every way to compute is equal to the bit
    engine = Engine::load(tiny_path(GetParam()), options);
    cache = make_prefix_cache(engine);
  }

  // By a session that knows nothing but the cache, which it leaves again.
  SyncResult ask(const PromptView& prompt, std::span<const int> boundaries = {}) {
    Session session(engine, 0, cache);
    SyncOptions options;
    options.boundaries = boundaries;
    const SyncResult result = session.sync(prompt, options);
    Session fresh(engine);
    fresh.sync(prompt);
    EXPECT_EQ(copy(session.logits()), copy(fresh.logits()));
    return result;
  }

  std::shared_ptr<const Engine> engine;
  std::shared_ptr<PrefixCache> cache;
};

INSTANTIATE_TEST_SUITE_P(Families, CachedPrefix, testing::Values("tiny-e2b", "tiny-31b", "tiny-26b", "tiny-gemma3"),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(CachedPrefix, TheSameAgainIsOneToken) {
  for (const int n : {1, 2, 17, 63, 64, 65, 128, 144, 150, 160, 300}) {
    cache = make_prefix_cache(engine);
    const auto tokens = random_tokens(n, static_cast<uint32_t>(n));
    EXPECT_EQ(ask(tokens).n_computed, n);
    const SyncResult again = ask(tokens);
    EXPECT_EQ(again.n_computed, 1) << n;
    EXPECT_EQ(again.n_cached, n - 1) << n;
    EXPECT_EQ(again.n_recomputed, 0) << n;
  }
}

// Each turn another session, as a server makes one for each request.
TEST_P(CachedPrefix, GrowingChats) {
  std::vector<TokenId> chat;
  std::mt19937 random(1);
  uint32_t seed = 10;
  while (chat.size() < 400) {
    const size_t n_known = chat.size();
    chat = joined(chat, more_tokens(1 + static_cast<int>(random() % 70), seed++));
    Session session(engine, 0, cache);
    const SyncResult result = session.sync(chat);
    ASSERT_EQ(result.n_computed, static_cast<int>(chat.size() - n_known)) << n_known;
    ASSERT_EQ(copy(session.logits()), fresh_logits(engine, chat));
    for (const TokenId t : more_tokens(1 + static_cast<int>(random() % 70), seed++)) {
      session.append(t);
      chat.push_back(t);
    }
  }
}

TEST_P(CachedPrefix, BranchesAndEditsFromWhereMessagesEnd) {
  const auto system = random_tokens(150, 1), question = more_tokens(90, 2);
  const int ends[] = {150, 240};
  ask(joined(joined(system, question), more_tokens(20, 3)), ends);
  EXPECT_EQ(ask(joined(joined(system, question), more_tokens(33, 4))).n_computed, 33);
  EXPECT_EQ(ask(joined(system, more_tokens(50, 5))).n_computed, 50);
  EXPECT_EQ(ask(system).n_computed, 1);
}

// Nobody named the place: the second text computes up to it again, the third does not.
TEST_P(CachedPrefix, WhereTextsPart) {
  const auto system = random_tokens(150, 1);
  ask(joined(system, more_tokens(100, 2)));
  const SyncResult second = ask(joined(system, more_tokens(101, 3)));
  EXPECT_EQ(second.n_computed, 251);
  EXPECT_EQ(second.n_recomputed, 150);
  const SyncResult third = ask(joined(system, more_tokens(102, 4)));
  EXPECT_EQ(third.n_computed, 102);
  EXPECT_EQ(third.n_recomputed, 0);
}

TEST_P(CachedPrefix, TwoClientsInTurns) {
  const auto system = random_tokens(70, 1);
  std::vector<TokenId> chats[2] = {system, system};
  ask(system);
  for (uint32_t turn = 0; turn < 8; ++turn) {
    auto& chat = chats[turn % 2];
    const int n = 10 + 13 * static_cast<int>(turn);
    chat = joined(chat, more_tokens(n, 20 + turn));
    EXPECT_EQ(ask(chat).n_computed, n) << "turn " << turn;
  }
}

TEST_P(CachedPrefix, ASessionOfItsOwnGoesOnFromTheCache) {
  const auto a = random_tokens(200, 1), b = random_tokens(170, 2);
  Session session(engine, 0, cache);
  session.sync(a);
  session.sync(b);
  const auto longer = joined(a, more_tokens(9, 3));
  const SyncResult back = session.sync(longer);
  EXPECT_EQ(back.n_computed, 9);
  EXPECT_EQ(back.n_cached, 199);  // <bos> is in both
  EXPECT_EQ(copy(session.logits()), fresh_logits(engine, longer));
}

TEST_P(CachedPrefix, RewoundSessionsTakeTheirPastFromIt) {
  const auto tokens = random_tokens(300, 1);
  const int ends[] = {100};
  Session session(engine, 0, cache);
  SyncOptions options;
  options.boundaries = ends;
  session.sync(tokens, options);
  session.rewind(100);
  session.append(7);
  EXPECT_EQ(copy(session.logits()), fresh_logits(engine, joined(std::span(tokens).first(100), std::vector{7})));
}

TEST_P(CachedPrefix, AnswersCanBePublishedEarly) {
  const auto prompt = random_tokens(80, 1), answer = more_tokens(60, 2);
  Session session(engine, 0, cache);
  session.sync(prompt);
  for (const TokenId t : answer) session.append(t);
  session.publish();
  EXPECT_EQ(ask(joined(joined(prompt, answer), more_tokens(5, 3))).n_computed, 5);
  EXPECT_EQ(copy(session.logits()), fresh_logits(engine, joined(prompt, answer)));
}

TEST_P(CachedPrefix, ACancelledPromptKeepsWhatItHas) {
  const auto tokens = random_tokens(300, 1);
  std::atomic<bool> cancel = false;
  SyncOptions options;
  options.cancel = &cancel;
  options.progress = [&](int64_t done, int64_t) { cancel = done >= 160; };
  {
    Session session(engine, 0, cache);
    EXPECT_THROW(session.sync(tokens, options), CancelledError);
  }
  EXPECT_EQ(ask(tokens).n_computed, 300 - 160);
}

// A text and what is left of it when nothing but its pages' order of use decides.
TEST_P(CachedPrefix, ForgetsWhatWasNotUsedForLongest) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  const int64_t limit = static_cast<int64_t>(8 * page_bytes[0] + 6 * page_bytes[1]);
  cache = make_prefix_cache(engine, limit);
  const auto a = random_tokens(130, 1), b = random_tokens(131, 2);
  ask(a);
  ask(b);
  ask(a);  // younger than b
  ask(more_tokens(200, 3));
  EXPECT_LE(cache->stats().memory_bytes, limit);
  EXPECT_EQ(ask(a).n_computed, 1);
  EXPECT_GT(ask(b).n_computed, 1);
}

TEST_P(CachedPrefix, ALimitTooSmallForAPageKeepsNothing) {
  cache = make_prefix_cache(engine, 1);
  const auto tokens = random_tokens(200, 1);
  ask(tokens);
  EXPECT_EQ(cache->stats().memory_bytes, 0);
  EXPECT_EQ(ask(tokens).n_computed, 200);
  EXPECT_EQ((*engine->page_pools())[0].n_used(), 0);
}

std::shared_ptr<const Embedding> make_medium(const Engine& engine, int n_rows, uint64_t key) {
  auto e = std::make_shared<Embedding>(Embedding{{key, 7}, n_rows, engine.config().n_embd, false, {}});
  e->is_bidirectional = engine.config().bidirectional_media;
  std::mt19937 rng(static_cast<unsigned>(key));
  for (int i = 0; i < n_rows * e->n_cols; ++i) e->values.push_back(std::normal_distribution<float>()(rng));
  return e;
}

TEST_P(CachedPrefix, MediaAreToldApartByTheirContent) {
  if (GetParam() == "tiny-gemma3") GTEST_SKIP() << "a family without media";
  const auto tokens = random_tokens(100, 1), more = joined(tokens, more_tokens(12, 2));
  const std::vector<MediaSpan> cat = {{40, make_medium(*engine, 30, 1)}}, dog = {{40, make_medium(*engine, 30, 2)}};
  const int ends[] = {40};
  ask({tokens, cat}, ends);
  EXPECT_EQ(ask({more, cat}).n_computed, 12);
  EXPECT_EQ(ask({more, dog}).n_computed, 72);  // all from the picture on
  EXPECT_EQ(ask(more).n_computed, 72);
}

// Sessions that come, grow, fork, edit, are cancelled and go, over a cache that is always too small: everybody has
// what he would have alone, and the pool holds the pages that somebody refers to, each once.
class CachedSchedule {
 public:
  CachedSchedule(std::shared_ptr<const Engine> engine, std::shared_ptr<PrefixCache> cache, uint32_t seed)
      : engine_(std::move(engine)), cache_(std::move(cache)), random_(seed) {}

  void step() {
    if (sessions_.empty() || (sessions_.size() < 4 && below(4) == 0)) sessions_.emplace_back(engine_, 0, cache_);
    const size_t i = below(sessions_.size());
    Session& s = sessions_[i];
    switch (below(6)) {
      case 0:
        if (sessions_.size() < 5) sessions_.push_back(s.fork());
        return;
      case 1:
        return s.rewind(static_cast<int>(below(static_cast<size_t>(s.position()) + 1)));
      case 2:
        if (below(2) == 0) sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      case 3:
        for (size_t n = below(40); n > 0 && s.position() < 250; --n) s.append(token());
        return;
      default:
        return ask(s);
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

  size_t n_sessions() const { return sessions_.size(); }
  void end_all() { sessions_.clear(); }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  TokenId token() { return static_cast<TokenId>(8 + below(3)); }  // so few that texts often agree

  void ask(Session& s) {
    std::vector<TokenId> tokens = below(2) == 0 || texts_.empty()
                                      ? std::vector<TokenId>(s.tokens().begin(), s.tokens().end())
                                      : texts_[below(texts_.size())];
    tokens.resize(below(tokens.size() + 1));
    for (size_t n = 1 + below(90); n > 0 && tokens.size() < 250; --n) tokens.push_back(token());
    const int ends[] = {static_cast<int>(below(tokens.size())), static_cast<int>(below(tokens.size()))};
    std::atomic<bool> cancel = false;
    SyncOptions options;
    options.boundaries = ends;
    options.cancel = &cancel;
    if (below(5) == 0) options.progress = [&](int64_t, int64_t) { cancel = true; };
    try {
      s.sync(tokens, options);
    } catch (const CancelledError&) {
    }
    texts_.push_back(std::move(tokens));
  }

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<PrefixCache> cache_;
  std::mt19937 random_;
  std::vector<Session> sessions_;
  std::vector<std::vector<TokenId>> texts_;
  std::map<std::vector<TokenId>, std::vector<float>> fresh_;
};

TEST_P(CachedPrefix, RandomSchedulesAreFresh) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  cache = make_prefix_cache(engine, static_cast<int64_t>(12 * page_bytes[0] + 8 * page_bytes[1]));
  CachedSchedule schedule(engine, cache, 77);
  for (int i = 0; i < 120; ++i) {
    schedule.step();
    ASSERT_NO_FATAL_FAILURE(schedule.expect_fresh()) << "step " << i;
    const PrefixCacheStats stats = cache->stats();
    ASSERT_LE(stats.memory_bytes, static_cast<int64_t>(12 * page_bytes[0] + 8 * page_bytes[1]));
    if (schedule.n_sessions() > 0) continue;
    for (const size_t g : {size_t{0}, size_t{1}})
      ASSERT_EQ((*engine->page_pools())[g].n_used(), g == 0 ? stats.n_global_pages : stats.n_local_pages);
  }
  schedule.end_all();
  const PrefixCacheStats stats = cache->stats();
  EXPECT_EQ((*engine->page_pools())[0].n_used(), stats.n_global_pages);
  EXPECT_EQ((*engine->page_pools())[1].n_used(), stats.n_local_pages);
  cache.reset();
}

TEST_P(CachedPrefix, ThreadsShareIt) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  cache = make_prefix_cache(engine, static_cast<int64_t>(12 * page_bytes[0] + 8 * page_bytes[1]));
  const auto work = [&](uint32_t seed) {
    CachedSchedule schedule(engine, cache, seed);
    for (int i = 0; i < 20; ++i) {
      schedule.step();
      ASSERT_NO_FATAL_FAILURE(schedule.expect_fresh()) << "step " << i;
    }
  };
  std::thread other([&] { work(5); });
  work(5);  // the same texts at the same time
  other.join();
}

// With a folder that is there when the cache is made again: "after a restart".
class StoredPrefix : public CachedPrefix {
 protected:
  void SetUp() override {
    CachedPrefix::SetUp();
    if (IsSkipped()) return;
    folder = testing::TempDir() + "facet_stored_prefix_" + GetParam() + "_" + std::to_string(::getpid());
    fs::remove_all(folder);
    restart();
  }
  void TearDown() override {
    cache.reset();
    if (!folder.empty()) fs::remove_all(folder);
  }

  void restart(int64_t disk_bytes = int64_t{1} << 30) {
    cache.reset();
    cache = make_prefix_cache(engine, int64_t{1} << 30, folder, disk_bytes);
  }

  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == extension) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
  }

  std::string folder;
};

INSTANTIATE_TEST_SUITE_P(Families, StoredPrefix, testing::Values("tiny-e2b", "tiny-31b"),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(StoredPrefix, ARestartChangesNothing) {
  const auto system = random_tokens(150, 1), question = more_tokens(100, 2);
  const int ends[] = {150};
  std::vector<TokenId> chat = joined(system, question);
  {
    Session session(engine, 0, cache);
    SyncOptions options;
    options.boundaries = ends;
    session.sync(chat, options);
    for (const TokenId t : more_tokens(30, 3)) {
      session.append(t);
      chat.push_back(t);
    }
  }
  restart();
  EXPECT_EQ(cache->stats().memory_bytes, 0);
  const SyncResult grown = ask(joined(chat, more_tokens(9, 4)));
  EXPECT_EQ(grown.n_computed, 9);
  EXPECT_EQ(grown.n_from_disk, 280);
  restart();
  EXPECT_EQ(ask(joined(system, more_tokens(50, 5))).n_computed, 50);
  EXPECT_EQ(ask(joined(joined(chat, more_tokens(9, 4)), more_tokens(7, 6))).n_computed, 7);
  EXPECT_EQ(ask(joined(system, more_tokens(50, 5))).n_from_disk, 0);  // in memory by now
}

TEST_P(StoredPrefix, MediaComeBack) {
  const auto tokens = random_tokens(100, 1), more = joined(tokens, more_tokens(12, 2));
  const std::vector<MediaSpan> cat = {{40, make_medium(*engine, 30, 1)}}, dog = {{40, make_medium(*engine, 30, 2)}};
  ask({tokens, cat});
  restart();
  EXPECT_EQ(ask({more, cat}).n_computed, 12);
  EXPECT_GE(ask({more, dog}).n_computed, 72);
}

TEST_P(StoredPrefix, ASmallMemoryReadsFromDiskWhatItForgot) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  cache = make_prefix_cache(engine, static_cast<int64_t>(12 * page_bytes[0] + 8 * page_bytes[1]), folder);
  const auto a = random_tokens(200, 1);
  ask(a);
  for (uint32_t i = 0; i < 5; ++i) {
    cache->flush();
    ask(random_tokens(200, 2 + i));
  }
  cache->flush();
  const SyncResult again = ask(a);
  EXPECT_EQ(again.n_computed, 1);
  EXPECT_GT(again.n_from_disk, 0);
}

TEST_P(StoredPrefix, TheDiskHasALimitToo) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  const int64_t limit = static_cast<int64_t>(16 * (page_bytes[0] + page_bytes[1]));
  restart(limit);
  for (uint32_t i = 0; i < 20; ++i) {
    ask(random_tokens(300, 10 + i));
    cache->flush();
    ASSERT_LE(cache->stats().disk_bytes, limit);
  }
  int64_t n = 0;
  for (const char* extension : {".pages", ".index"})
    for (const auto& file : files(extension)) n += static_cast<int64_t>(fs::file_size(file));
  EXPECT_EQ(n, cache->stats().disk_bytes);
  restart(limit);
  EXPECT_EQ(ask(random_tokens(300, 29)).n_computed, 1);
  EXPECT_GE(ask(random_tokens(300, 14)).n_computed, 299);  // <bos> may be there, of a text that is
}

TEST_P(StoredPrefix, WhatTheDiskMadeRoomForTakesNoMemory) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  const auto bytes_of = [&](int n_pages) { return n_pages * static_cast<int64_t>(page_bytes[0] + page_bytes[1]); };
  cache.reset();
  cache = make_prefix_cache(engine, bytes_of(8), folder, bytes_of(16));
  for (uint32_t i = 0; i < 30; ++i) {  // of 5 pages each
    ask(random_tokens(300, 10 + i));
    cache->flush();
  }
  EXPECT_LE(cache->stats().n_nodes, 60);
}

// As where there is no disk at all.
TEST_P(StoredPrefix, AFailedWriteHoldsNothing) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  PrefixCacheOptions options;
  options.memory_bytes = static_cast<int64_t>(8 * (page_bytes[0] + page_bytes[1]));
  options.disk_bytes = 1;  // no page fits
  const auto n_nodes = [&](const std::string& in) {
    options.folder = in;
    cache.reset();
    cache = std::make_shared<PrefixCache>(engine, options);
    for (uint32_t i = 0; i < 12; ++i) {
      ask(random_tokens(300, 10 + i));
      cache->flush();
    }
    return cache->stats().n_nodes;
  };
  EXPECT_EQ(n_nodes(folder), n_nodes(""));
}

// Each makes room for its own pages, and not by what the other is writing.
TEST_P(StoredPrefix, TwoShareAFolder) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  const auto first = cache;
  const auto before = random_tokens(200, 1), after = random_tokens(200, 2);
  ask(before);
  first->flush();
  cache =
      make_prefix_cache(engine, int64_t{1} << 30, folder, static_cast<int64_t>(16 * (page_bytes[0] + page_bytes[1])));
  EXPECT_GT(ask(before).n_from_disk, 0);
  for (uint32_t i = 0; i < 10; ++i) {
    ask(random_tokens(300, 10 + i));
    cache->flush();
  }
  cache = first;
  ask(after);
  first->flush();
  const auto second = make_prefix_cache(engine, int64_t{1} << 30, folder);
  cache = second;
  EXPECT_EQ(ask(before).n_computed, 1);
  EXPECT_EQ(ask(after).n_computed, 1);
}

// A segment without a page is one that was begun just now, or in a process that has ended.
TEST_P(StoredPrefix, ASegmentJustBegunIsItsWriters) {
  ask(random_tokens(100, 1));
  cache->flush();
  const fs::path index = files(".index").at(0).parent_path() / "1-1-0.index";
  const int fd = ::open(index.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  restart();
  EXPECT_TRUE(fs::exists(index));
  ::close(fd);
  restart();
  EXPECT_FALSE(fs::exists(index));
}

// Bits turned, ends cut off, files gone: what is computed is never wrong.
TEST_P(StoredPrefix, DamageCostsTimeAlone) {
  std::mt19937 random(9);
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  const auto a = random_tokens(200, 1), b = joined(std::span(a).first(100), more_tokens(100, 2));
  const int ends[] = {100};
  int n_reused = 0, n_computed = 0;
  for (int round = 0; round < 24; ++round) {
    ask(a, ends);
    ask(b);
    cache.reset();
    auto all = files(round % 2 == 0 ? ".pages" : ".index");
    ASSERT_FALSE(all.empty());
    const fs::path file = all[below(all.size())];
    const auto size = static_cast<size_t>(fs::file_size(file));
    const size_t what = below(8);
    if (what == 0) {
      fs::remove(file);
    } else if (what == 1) {
      fs::resize_file(file, below(size));
    } else {
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      for (int i = 0; i < 3; ++i) {
        stream.seekp(static_cast<std::streamoff>(below(size)));
        stream.put(static_cast<char>(below(256)));
      }
    }
    restart();
    for (const auto& tokens : {b, a}) {
      const SyncResult result = ask(tokens);
      n_reused += result.n_from_disk;
      n_computed += result.n_computed - 1;
    }
  }
  EXPECT_GT(n_reused, 0);
  EXPECT_GT(n_computed, 0);
}

TEST_P(StoredPrefix, AFolderThatCannotBeWrittenIsOneWarning) {
  cache.reset();
  fs::remove_all(folder);
  std::ofstream(folder) << "a file";
  std::vector<std::string> warnings;
  PrefixCacheOptions options;
  options.memory_bytes = int64_t{1} << 30;
  options.folder = folder;
  options.on_warning = [&](const std::string& message) { warnings.push_back(message); };
  cache = std::make_shared<PrefixCache>(engine, options);
  const auto tokens = random_tokens(100, 1);
  ask(tokens);
  EXPECT_EQ(ask(tokens).n_computed, 1);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find(folder), std::string::npos) << warnings[0];
}

TEST_P(StoredPrefix, AFullDiskIsOneWarning) {
  cache.reset();
  std::vector<std::string> warnings;
  PrefixCacheOptions options;
  options.memory_bytes = int64_t{1} << 30;
  options.folder = folder;
  options.disk_bytes = 1;  // no page fits
  options.on_warning = [&](const std::string& message) { warnings.push_back(message); };
  cache = std::make_shared<PrefixCache>(engine, options);
  for (uint32_t i = 1; i < 4; ++i) {
    ask(random_tokens(100, i));
    cache->flush();
  }
  EXPECT_EQ(ask(random_tokens(100, 1)).n_computed, 1);
  EXPECT_EQ(warnings.size(), 1u);
}

TEST_P(StoredPrefix, RandomSchedulesAreFresh) {
  const auto& page_bytes = engine->kv_layout().page_bytes;
  for (uint32_t round = 0; round < 3; ++round) {
    cache.reset();
    cache = make_prefix_cache(engine, static_cast<int64_t>(12 * page_bytes[0] + 8 * page_bytes[1]), folder,
                              static_cast<int64_t>(60 * (page_bytes[0] + page_bytes[1])));
    CachedSchedule schedule(engine, cache, 31 + round);
    for (int i = 0; i < 40; ++i) {
      schedule.step();
      ASSERT_NO_FATAL_FAILURE(schedule.expect_fresh()) << "step " << i;
    }
    schedule.end_all();
    cache->flush();
    for (const auto group : {KvGroup::Global, KvGroup::Local}) {
      const PrefixCacheStats stats = cache->stats();
      EXPECT_EQ((*engine->page_pools())[static_cast<size_t>(group)].n_used(),
                group == KvGroup::Global ? stats.n_global_pages : stats.n_local_pages);
    }
  }
}

}  // namespace
}  // namespace facet::runtime
