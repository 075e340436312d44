// Prompts in pieces, of one session or of several: on the fast kernels too, where a prompt is cut and what is computed
// beside it does not show.
#include "base/error.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

class SessionPieces : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GOLDENS();
    EngineOptions options = tiny_options();
    options.prefill_chunk = 32;
    engine_ = Engine::load(tiny_path(GetParam()), options);
  }

  static Session::Piece piece(Session& session, std::span<const TokenId> tokens, int most) {
    return {&session, tokens, session.piece_rows(tokens, most)};
  }

  std::shared_ptr<const Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Families, SessionPieces, testing::ValuesIn(families()),
                         [](const auto& info) { return info.param.substr(sizeof "tiny"); });

TEST_P(SessionPieces, WhereAPromptIsCutDoesNotShow) {
  for (const int n : {7, 9, 33, 40, 41, 64, 66, 73}) {
    const auto tokens = random_tokens(n, static_cast<uint32_t>(n));
    const auto whole = fresh_logits(engine_, tokens);
    for (const int most : {17, 20, 25, 32}) {
      Session session(engine_);
      EXPECT_EQ(session.begin_sync(tokens).n_computed, n);
      while (session.position() < n) {
        const Session::Piece next = piece(session, tokens, most);
        EXPECT_LE(next.n_rows, most + session.max_bundle());
        EXPECT_GT(next.n_rows, std::min(n - 1, session.max_bundle()));
        Session::advance_sync({&next, 1});
      }
      EXPECT_EQ(copy(session.logits()), whole) << n << " tokens in pieces of " << most;
    }
  }
}

TEST_P(SessionPieces, SeveralPromptsInOneStep) {
  const auto first = random_tokens(30, 1), second = random_tokens(14, 2);
  Session a(engine_), b(engine_);
  a.begin_sync(first);
  b.begin_sync(second);
  const Session::Piece begin = piece(a, first, 17);
  Session::advance_sync({&begin, 1});
  const std::array<Session::Piece, 2> together = {piece(a, first, 32), piece(b, second, 18)};
  Session::advance_sync(together);
  EXPECT_EQ(copy(a.logits()), fresh_logits(engine_, first));
  EXPECT_EQ(copy(b.logits()), fresh_logits(engine_, second));
  a.append(9);
  EXPECT_EQ(a.position(), 31);
}

TEST_P(SessionPieces, ACancelledStepCanBeRepeated) {
  const auto tokens = random_tokens(50, 3);
  Session session(engine_);
  session.begin_sync(tokens);
  const Session::Piece first = piece(session, tokens, 20);
  Session::advance_sync({&first, 1});
  const int position = session.position();
  std::atomic<bool> cancel = true;
  const Session::Piece second = piece(session, tokens, 32);
  EXPECT_THROW(Session::advance_sync({&second, 1}, &cancel), CancelledError);
  EXPECT_EQ(session.position(), position);
  Session::advance_sync({&second, 1});
  EXPECT_EQ(copy(session.logits()), fresh_logits(engine_, tokens));
}

// A step of bundles gives each session what its own step gives.
TEST_P(SessionPieces, BundlesOfSeveralSessions) {
  const std::vector<TokenId> three = {20, 30, 40}, two = {50, 60};
  Session a(engine_), b(engine_);
  a.sync(random_tokens(20, 4));
  b.sync(random_tokens(25, 5));
  Session a_alone = a.fork(), b_alone = b.fork();
  int n_asked = 0;
  std::array<Session::Bundle, 2> bundles = {Session::Bundle{&a, three, [&] { return ++n_asked < 2; }},
                                            Session::Bundle{&b, two}};
  Session::append_bundles(bundles);
  EXPECT_EQ(bundles[0].n_taken, 2);
  EXPECT_EQ(bundles[1].n_taken, 2);
  for (const TokenId t : {20, 30}) a_alone.append(t);
  for (const TokenId t : two) b_alone.append(t);
  EXPECT_TRUE(std::ranges::equal(a.tokens(), a_alone.tokens()));
  EXPECT_EQ(copy(a.logits()), copy(a_alone.logits()));
  EXPECT_EQ(copy(b.logits()), copy(b_alone.logits()));
}

}  // namespace
}  // namespace facet::runtime
