// Timelines with media among their tokens.
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

// Rows of noise that stand in for an encoder's.
std::shared_ptr<const Embedding> noise(const Engine& engine, int n_rows, uint64_t key) {
  auto e = std::make_shared<Embedding>();
  e->key = {key, 7};
  e->n_rows = n_rows;
  e->n_cols = engine.config().n_embd;
  e->is_bidirectional = engine.config().bidirectional_media;
  std::mt19937 rng(static_cast<unsigned>(key));
  for (int i = 0; i < n_rows * e->n_cols; ++i) e->values.push_back(std::normal_distribution<float>()(rng));
  return e;
}

class MediaSession : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_GOLDENS(); }

  static std::shared_ptr<const Engine> load(int chunk = 64) {
    EngineOptions options = tiny_options();
    options.prefill_chunk = chunk;
    use_decode_class(options);  // every way to compute is equal to the bit
    return Engine::load(tiny_path(GetParam()), options);
  }
  // 60 tokens with media of 20 rows at 10 and of 9 rows at 31: a border between them and around them.
  static std::vector<MediaSpan> media(const Engine& engine, uint64_t first = 1, uint64_t second = 2) {
    return {{10, noise(engine, 20, first)}, {31, noise(engine, 9, second)}};
  }
  static std::vector<float> logits_of(const std::shared_ptr<const Engine>& engine, const PromptView& prompt) {
    Session session(engine);
    session.sync(prompt);
    return copy(session.logits());
  }

  std::vector<TokenId> tokens = random_tokens(60, 5);
};

INSTANTIATE_TEST_SUITE_P(Families, MediaSession, testing::Values("tiny-e2b", "tiny-31b", "tiny-26b"),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(MediaSession, PlaceholdersDoNotCount) {
  const auto engine = load();
  const auto m = media(*engine);
  const auto expected = logits_of(engine, {tokens, m});
  EXPECT_NE(expected, logits_of(engine, tokens));
  for (int i = 10; i < 30; ++i) tokens[static_cast<size_t>(i)] = 9;
  EXPECT_EQ(logits_of(engine, {tokens, m}), expected);
  tokens[30] = 9;
  EXPECT_NE(logits_of(engine, {tokens, m}), expected);
}

// Of a model without per-layer embeddings, which placeholders have none of.
TEST_P(MediaSession, RowsStandInForEmbeddingsAsTheyAre) {
  const auto engine = Engine::load(tiny_path("tiny-31b"), tiny_options());
  // A causal clip whose rows are what the tokens' embeddings would have been.
  auto e = std::make_shared<Embedding>(*noise(*engine, 20, 1));
  e->is_bidirectional = false;
  const ops::Weight& table = engine->weights().token_embd;
  for (int r = 0; r < e->n_rows; ++r) {
    float* row = e->values.data() + r * e->n_cols;
    quant::decode_row(table.type, table.rows(tokens[static_cast<size_t>(10 + r)], 1).data, row,
                      static_cast<size_t>(e->n_cols));
    for (int c = 0; c < e->n_cols; ++c) row[c] *= engine->config().embed_scale;
  }
  const std::vector<MediaSpan> m{{10, e}};
  EXPECT_EQ(logits_of(engine, {tokens, m}), logits_of(engine, tokens));
}

TEST_P(MediaSession, ChunksChangeNothing) {
  const auto whole = load();
  const auto expected = logits_of(whole, {tokens, media(*whole)});
  for (const int chunk : {1, 7, 15, 25}) {
    const auto engine = load(chunk);
    EXPECT_EQ(logits_of(engine, {tokens, media(*engine)}), expected) << "chunks of " << chunk;
  }
}

TEST_P(MediaSession, LogitsOfEveryPositionAreThoseOfShorterPrompts) {
  const auto engine = load();
  const auto m = media(*engine);
  std::vector<std::vector<float>> all;
  Session(engine).sync_with_logits({tokens, m}, 0,
                                   [&](int, std::span<const float> logits) { all.push_back(copy(logits)); });
  ASSERT_EQ(all.size(), tokens.size());
  for (const size_t n : {9u, 31u, 41u, 60u}) {  // not inside a bidirectional one, which sees what comes after
    const size_t n_media = n > 40 ? 2 : n > 30 ? 1 : 0;
    EXPECT_EQ(logits_of(engine, {std::span(tokens).first(n), std::span(m).first(n_media)}), all[n - 1]) << n;
  }
}

TEST_P(MediaSession, AnotherMediumInTheSamePlaceIsNeverMistaken) {
  const auto engine = load();
  const auto a = media(*engine, 1, 2), b = media(*engine, 1, 3);
  Session session(engine);
  session.sync({tokens, a});
  const SyncResult result = session.sync({tokens, b});
  EXPECT_EQ(result.n_reused + result.n_recomputed, 31);
  EXPECT_EQ(copy(session.logits()), logits_of(engine, {tokens, b}));
  session.sync(tokens);  // none at all
  EXPECT_EQ(copy(session.logits()), logits_of(engine, tokens));
}

TEST_P(MediaSession, TheSameMediumIsNotComputedAgain) {
  const auto engine = load();
  Session session(engine);
  session.sync({tokens, media(*engine)});
  auto longer = tokens;
  longer.push_back(17);
  const SyncResult result = session.sync({longer, media(*engine)});  // equal keys, other objects
  EXPECT_EQ(result.n_reused, 60);
  EXPECT_EQ(result.n_computed, 1);
  EXPECT_EQ(copy(session.logits()), logits_of(engine, {longer, media(*engine)}));
}

TEST_P(MediaSession, RewindAndForkKeepTheMedia) {
  const auto engine = load();
  const auto m = media(*engine);
  Session session(engine);
  session.sync({tokens, m});
  Session other = session.fork();
  session.rewind(50);
  session.append(tokens[50]);
  EXPECT_EQ(copy(session.logits()), logits_of(engine, {std::span(tokens).first(51), m}));
  session.rewind(35);  // inside the second
  EXPECT_EQ(session.position(), engine->config().bidirectional_media ? 31 : 35);
  session.sync({tokens, m});
  EXPECT_EQ(copy(session.logits()), logits_of(engine, {tokens, m}));
  other.append(5);
  tokens.push_back(5);
  EXPECT_EQ(copy(other.logits()), logits_of(engine, {tokens, m}));
}

TEST_P(MediaSession, WhatDoesNotFitIsRefused) {
  const auto engine = load();
  Session session(engine);
  session.sync(tokens);
  const auto before = copy(session.logits());
  const std::vector<MediaSpan> beyond{{50, noise(*engine, 20, 1)}};
  EXPECT_THROW(session.sync({tokens, beyond}), RequestError);
  const std::vector<MediaSpan> overlap{{10, noise(*engine, 20, 1)}, {20, noise(*engine, 20, 1)}};
  EXPECT_THROW(session.sync({tokens, overlap}), RequestError);
  auto narrow = std::make_shared<Embedding>(*noise(*engine, 3, 1));
  narrow->n_cols -= 1;
  const std::vector<MediaSpan> foreign{{10, narrow}};
  EXPECT_THROW(session.sync({tokens, foreign}), RequestError);
  EXPECT_EQ(copy(session.logits()), before);
}

}  // namespace
}  // namespace facet::runtime
