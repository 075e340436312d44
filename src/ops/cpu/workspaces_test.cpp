// What is reserved is enough: ops within the limits allocate nothing.
#include "base/counted_allocations.h"
#include "ops/backends_test.h"

namespace facet::ops {
namespace {

constexpr int kRows = 40, kIn = 256, kOut = 96, kFf = 64, kExperts = 5, kUsed = 3;
constexpr int kKvHeads = 2, kGroup = 4, kHeadDim = 32, kDepth = 1500;

// Every op that has workspaces, with n rows.
class Step {
 public:
  explicit Step(std::mt19937& rng)
      : x_(kRows, kIn, rng),
        y_(kRows, kIn),
        q_(kRows, kKvHeads * kGroup * kHeadDim, rng),
        heads_(kRows, q_.cols()),
        weights_(static_cast<size_t>(kExperts * 2 * kFf * kIn), 0.01f),
        pages_memory_(kPageBytes * kPages),
        index_(kRows * kUsed),
        share_(index_.size(), 0.5f) {
    for (size_t i = 0; i < index_.size(); ++i) index_[i] = static_cast<int>(i % kExperts);
    for (size_t p = 0; p < kPages; ++p) pages_.push_back(pages_memory_.data() + p * kPageBytes);
    for (int r = 0; r < kRows; ++r) {
      ids_.push_back(r % kOut);
      positions_.push_back(kDepth - kRows + r);
    }
  }

  void run(Ops& op, int n) {
    const auto matrix = [&](int n_in, int n_out) {
      return Weight{reinterpret_cast<const std::byte*>(weights_.data()), quant::BlockType::F32, n_in, n_out, 1};
    };
    const auto rows = static_cast<size_t>(n);
    op.embed(y_.mat().rows(0, n), std::span(ids_).first(rows), matrix(kIn, kOut), 0, 1);
    op.linear(y_.mat().rows(0, n).cols(0, kOut), x_.mat().rows(0, n), matrix(kIn, kOut));
    const KvView kv{pages_.data(), kPageTokens, KvType::F32, kKvHeads, kHeadDim, 0, kPageBytes / 2};
    op.attention(heads_.mat().rows(0, n), q_.mat().rows(0, n), kv, {std::span(positions_).last(rows), 0, 0.1f, {}});
    const ExpertWeight gate{matrix(kIn, 2 * kFf), kExperts, {}}, down{matrix(kFf, kIn), kExperts, {}};
    op.experts(y_.mat().rows(0, n), x_.mat().rows(0, n), {index_.data(), share_.data(), n, kUsed}, gate, {}, down);
  }

 private:
  static constexpr size_t kPages = kDepth / kPageTokens + 1;
  static constexpr size_t kPageBytes = size_t{2} * kKvHeads * kPageTokens * kHeadDim * sizeof(float);
  Matrix x_, y_, q_, heads_;
  std::vector<float> weights_;
  std::vector<std::byte> pages_memory_;
  std::vector<std::byte*> pages_;
  std::vector<int> index_;
  std::vector<float> share_;
  std::vector<int32_t> ids_;
  std::vector<int> positions_;
};

// Lists of rows, slots and experts, and for each kind of panel one of tiles: a tile for each that is full, and one for
// what is left of each expert's rows.
int64_t list_bytes(const kernels::Kernels& k) {
  constexpr int kSlots = kRows * kUsed;
  size_t n = kSlots * (sizeof(const float*) + 2 * sizeof(int)) + 3 * (kExperts + 1) * sizeof(int);
  for (const kernels::PanelKernels* panels : k.panels)
    if (panels != nullptr) {
      const int n_tiles = std::max((kRows + panels->tokens - 1) / panels->tokens, kSlots / panels->tokens + kExperts);
      n += static_cast<size_t>(n_tiles) * sizeof(cpu::Tile);
    }
  return static_cast<int64_t>(n);
}

class WorkspacesTest : public BackendTest {};

TEST_P(WorkspacesTest, OpsWithinTheLimitsAllocateNothing) {
  Step step(rng);
  StepLimits limits;
  limits.n_rows = kRows;
  limits.n_in = limits.n_embd = kIn;
  limits.n_heads = kKvHeads * kGroup;
  limits.query_group = kGroup;
  limits.head_dim = kHeadDim;
  limits.n_expert_ff = kFf;
  limits.n_experts = kExperts;
  limits.n_experts_used = kUsed;
  cpu::Ops op(three, *GetParam().kernels);
  const int64_t start = n_allocated_bytes;
  op.reserve(limits);
  const int64_t reserved = n_allocated_bytes - start;
  for (const int n : {kRows, 1, 8, 9, kRows}) {
    step.run(op, n);
    EXPECT_EQ(n_allocated_bytes - start, reserved) << n << " rows";
  }
  // The count says the same but for lists, and for what aligns each buffer; and it has partial results besides.
  const auto counted_bytes = static_cast<int64_t>(cpu::Ops::count_bytes(limits, *GetParam().kernels, 3, 0));
  const int64_t partials = int64_t{kRows} * kKvHeads * kGroup * (kHeadDim + 16) * 4;
  constexpr int kAligned = 16 * 64;  // sixteen buffers at most
  EXPECT_NEAR(static_cast<double>(counted_bytes - partials + list_bytes(*GetParam().kernels)),
              static_cast<double>(reserved), kAligned);
  EXPECT_LE(cpu::Ops::count_bytes(limits, *GetParam().kernels, 3, 1 << 30),
            static_cast<size_t>(counted_bytes) + cpu::Ops::kPartialBytes);
}

TEST_P(WorkspacesTest, AreMadeWithoutLimitsToo) {
  Step step(rng);
  step.run(cpu3, kRows);
  const int64_t before = n_allocated_bytes;
  step.run(cpu3, kRows);
  EXPECT_EQ(n_allocated_bytes, before);
}

FACET_EVERY_ISA(WorkspacesTest);

}  // namespace
}  // namespace facet::ops
