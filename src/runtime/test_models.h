// The tiny checkpoints, prompts and decorators that the tests of runtime/ share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/test_data.h"
#include "ops/forwarding_ops.h"
#include "runtime/prefix_cache.h"
#include "runtime/session.h"
#include "safetensors/reader.h"

namespace facet::runtime {

inline const std::vector<std::string>& families() {
  static const std::vector<std::string> names = {"tiny-e2b", "tiny-e4b", "tiny-26b",
                                                 "tiny-31b", "tiny-12b", "tiny-gemma3"};
  return names;
}

inline std::string tiny_path(const std::string& family) { return golden_path("checkpoints/" + family); }

inline EngineOptions tiny_options(Backend backend = Backend::Cpu) {
  EngineOptions options;
  options.backend = backend;
  options.n_threads = 1;
  options.kv = KvPrecision::F32;
  options.context = 256;
  return options;
}

// <bos> and n - 1 tokens of no meaning.
inline std::vector<TokenId> random_tokens(int n, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<TokenId> any(8, 1500);
  std::vector<TokenId> tokens(static_cast<size_t>(n));
  for (TokenId& t : tokens) t = any(random);
  if (n > 0) tokens[0] = 2;
  return tokens;
}

inline std::vector<TokenId> joined(std::span<const TokenId> a, std::span<const TokenId> b) {
  std::vector<TokenId> out(a.begin(), a.end());
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

inline std::vector<float> copy(std::span<const float> x) { return {x.begin(), x.end()}; }

inline std::shared_ptr<PrefixCache> cache_in_memory(const std::shared_ptr<const Engine>& engine) {
  PrefixCacheOptions options;
  options.memory_bytes = int64_t{64} << 20;
  return std::make_shared<PrefixCache>(engine, options);
}

// What a session that knows nothing gives.
inline std::vector<float> fresh_logits(const std::shared_ptr<const Engine>& engine, std::span<const TokenId> tokens) {
  Session session(engine);
  session.sync(tokens);
  return copy(session.logits());
}

// Logits after every token, from one computation of all of them.
inline std::vector<std::vector<float>> all_logits(const std::shared_ptr<const Engine>& engine,
                                                  std::span<const TokenId> tokens) {
  std::vector<std::vector<float>> out;
  Session(engine).sync_with_logits(tokens, 0, [&](int position, std::span<const float> logits) {
    EXPECT_EQ(static_cast<size_t>(position), out.size());
    out.push_back(copy(logits));
  });
  return out;
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(double{a[i]} - b[i]));
  return worst;
}

// Cuts every product and attention into steps of up to eight rows, so that all of them are of the decode class. Within
// one class what a row gets depends neither on the rows beside it nor on their number, so every way to compute a text
// is then equal to the bit, on the fast backend too.
class DecodeClassOps final : public ops::ForwardingOps {
 public:
  using ForwardingOps::ForwardingOps;

  void linear(ops::Mat out, ops::ConstMat x, const ops::Weight& w) noexcept override {
    for (int begin = 0; begin < x.n_rows; begin += kRows) {
      const int n = std::min(kRows, x.n_rows - begin);
      ForwardingOps::linear(out.rows(begin, n), x.rows(begin, n), w);
    }
  }
  void linears(std::span<const ops::Projection> projections, ops::ConstMat x) noexcept override {
    Ops::linears(projections, x);
  }
  void gated_linear(ops::Mat out, ops::Mat up, ops::ConstMat x, const ops::Weight& gate_w,
                    const ops::Weight& up_w) noexcept override {
    Ops::gated_linear(out, up, x, gate_w, up_w);
  }
  void experts(ops::Mat out, ops::ConstMat x, const ops::Routing& routing, const ops::ExpertWeight& gate,
               const ops::ExpertWeight& up, const ops::ExpertWeight& down) noexcept override {
    for (int begin = 0; begin < x.n_rows; begin += kRows) {
      const int n = std::min(kRows, x.n_rows - begin), slot = begin * routing.n_used;
      ForwardingOps::experts(out.rows(begin, n), x.rows(begin, n),
                             {routing.index + slot, routing.weight + slot, n, routing.n_used}, gate, up, down);
    }
  }
  void attention(ops::Mat out, ops::ConstMat q, const ops::KvView& kv, const ops::AttnSpec& spec) noexcept override {
    for (int begin = 0; begin < q.n_rows; begin += kRows) {
      const int n = std::min(kRows, q.n_rows - begin);
      ops::AttnSpec part = spec;
      part.positions = spec.positions.subspan(static_cast<size_t>(begin), static_cast<size_t>(n));
      ForwardingOps::attention(out.rows(begin, n), q.rows(begin, n), kv, part);
    }
  }

 private:
  static constexpr int kRows = 8;
};

inline void use_decode_class(EngineOptions& options) {
  options.wrap_ops = [](std::unique_ptr<ops::Ops> op) { return std::make_unique<DecodeClassOps>(std::move(op)); };
}

}  // namespace facet::runtime
