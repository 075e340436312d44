// The CPU backend: the kernels of the best instruction set, over the threads of a pool. Work is cut the same way
// whatever the number of threads, so results do not depend on it; nor do they depend on the rows computed beside a row,
// within the two classes of products and of attention: decoding, and prompts of more than kDecodeRows rows; but in
// attention what is infinite or no number among the values reaches rows beside those that see it. Both
// multiply codes with activations rounded to 16 bits, or asked for Int8 to 8, and prefill, attention with it, takes
// tiles of bf16 where the CPU has them; asked for F32, with activations as they are, which is slower.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "ops/activations.h"
#include "ops/ops.h"

namespace facet::ops::cpu {

// Rows of a product that are packed together.
struct Tile {
  int first_row, n_rows;
};
struct TileRange {
  int begin, end;
};
struct PanelChoice {
  kernels::PanelKind kind;
  const kernels::PanelKernels* panels;
};
// Tiles of rows as panels want them, in pieces of kPanelDepth columns.
struct PackedRows {
  const kernels::PanelKernels* panels;
  const Tile* tiles;
  int n_tiles;
  const std::byte* memory;  // piece p of tile t: number t * n_pieces + p
};

// What a mixture of experts computes, a row a slot, in the order of the experts: what gate (or gate and up joined)
// gives, up, the hidden activations in the place of gate, and the experts' outputs.
struct SlotMats {
  Mat gate, up, hidden, result;
};

class AttentionCut;

class Ops final : public ops::Ops {
 public:
  // Memory that attention has for partial results, however deep the cache: held while the object lives, resident as far
  // as it has been used. Enough for two tasks of the largest heads that a configuration may have, and for many of real
  // ones.
  static constexpr size_t kPartialBytes = 16 << 20;

  // Both outlive the object. One caller at a time.
  Ops(ThreadPool& threads, const kernels::Kernels& kernels, Activations activations = Activations::BF16);
  ~Ops() override;

  void reserve(const StepLimits& limits) override;
  // What reserve() takes, counting of kPartialBytes what a cache of n_keys positions makes resident.
  static size_t count_bytes(const StepLimits& limits, const kernels::Kernels& kernels, int n_threads, int64_t n_keys);

  void begin_step(StepKind kind) noexcept override { kind_ = kind; }
  void embed(Mat out, std::span<const int32_t> ids, const Weight& table, int first_col, float scale) noexcept override;
  void rms_norm(Mat out, ConstMat x, Vec w, float eps) noexcept override;
  void linear(Mat out, ConstMat x, const Weight& w) noexcept override;
  void linears(std::span<const Projection> projections, ConstMat x) noexcept override;
  void gelu_mul(Mat out, ConstMat gate, ConstMat up) noexcept override;
  void rope(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override;
  void store_kv(const KvView& kv, std::span<const int> positions, ConstMat k, ConstMat v) noexcept override;
  KvType passing_kv_type() const noexcept override;  // F16 where tiles of bf16 take it
  void attention(Mat out, ConstMat q, const KvView& kv, const AttnSpec& spec) noexcept override;
  void add(Mat x, ConstMat y) noexcept override;
  void scale(Mat x, float factor) noexcept override;
  void scale_cols(Mat out, ConstMat x, Vec factors) noexcept override;
  void softcap(Mat x, float cap) noexcept override;
  void copy(Mat out, ConstMat x) noexcept override;
  void copy_rows(Mat out, ConstMat x, std::span<const int> rows) noexcept override;
  void add_rms_norm(Mat x, Mat y, Vec w, float eps) noexcept override;
  void route(const Routing& routing, Mat logits, Vec expert_scale) noexcept override;
  void experts(Mat out, ConstMat x, const Routing& routing, const ExpertWeight& gate, const ExpertWeight& up,
               const ExpertWeight& down) noexcept override;
  void rope_2d(Mat x, int head_dim, ConstMat cos, ConstMat sin) noexcept override;
  void clamp(Mat out, ConstMat x, float low, float high) noexcept override;
  void add_row(Mat x, Vec row) noexcept override;
  void layer_norm(Mat out, ConstMat x, Vec w, Vec b, float eps) noexcept override;
  void relu(Mat x) noexcept override;
  void silu(Mat x) noexcept override;
  void glu(Mat out, ConstMat a, ConstMat b) noexcept override;
  void pool(Mat out, ConstMat x, int n_cols, int size, float factor) noexcept override;
  void depthwise_conv(Mat out, ConstMat x, ConstMat w) noexcept override;
  void conv_2d(Mat out, ConstMat x, int n_channels, const Weight& w) noexcept override;
  void local_attention(Mat out, ConstMat q, ConstMat k, ConstMat v, ConstMat distance_k,
                       const LocalAttnSpec& spec) noexcept override;

 private:
  struct Buffers;  // grow-only workspaces

  template <class Row>
  void for_rows(int n_rows, int n_cols, Row&& row) noexcept;
  // Weights stream through matrix-vector kernels, or panels of them meet all rows.
  void narrow(std::span<const Projection> projections, ConstMat x) noexcept;
  // Row c of out = w times column c, on the thread of this number.
  void multiply(const Weight& w, const kernels::Columns& x, int n_cols, Mat out, int thread) noexcept;
  void wide(std::span<const Projection> projections, ConstMat x) noexcept;
  // Whether a step of so many rows is of the class of rows that get what they would get alone.
  bool decodes(int n_rows) const noexcept { return kind_ == StepKind::Decode || n_rows <= kDecodeRows; }
  // On this thread, of what has just been stored.
  void finish(const Finish& f, Mat out) const noexcept;
  kernels::PanelKind panel_kind(const Weight& w) const noexcept;
  // What w is multiplied with; none for decoding with w that panels would multiply in another order than few rows.
  std::optional<PanelChoice> choose_panels(const Weight& w, bool is_decoding) const noexcept;
  // The buffers' rows, of n_in elements, as the buffers' tiles of this kind cut them.
  PackedRows pack(const PanelChoice& choice, int n_in) noexcept;
  // Row r of out = w times row r of x, for the rows of a range of tiles; w has at most a panel's rows.
  void multiply_panel(const Weight& w, const PackedRows& x, TileRange range, Mat out, int thread) noexcept;
  // The same for one tile of few rows.
  void multiply_few(const Weight& w, const PackedRows& x, int tile, Mat out) const noexcept;
  void multiply_tiles(const Weight& w, const PackedRows& x, TileRange range, Mat out, float* memory) const noexcept;
  // Whether products with w take rounded columns, and what they are rounded to.
  bool rounds(const Weight& w) const noexcept;
  kernels::Rounding rounding() const noexcept;
  kernels::Columns round(ConstMat x) noexcept;
  void round_row(const float* x, int n, float* out) const noexcept { k_.round_of(rounding())(x, n, out); }
  // All panels of w, [panel][piece of kPanelDepth columns], in the buffers.
  const std::byte* unpack_all(const kernels::PanelKernels& panels, const Weight& w) noexcept;
  // What rows of a prompt meet a cache of this type with.
  const kernels::PanelKernels& attention_panels(KvType type) const noexcept;
  template <class Pass>
  void attend(Mat out, int head_dim, const AttentionCut& cut, const Pass& pass) noexcept;
  void sort_slots(const Routing& routing, int n_experts) noexcept;
  // Row s of out = the s-th sorted slot's expert times the s-th column.
  void multiply_slots(const ExpertWeight& stack, const Mat& out, const kernels::Columns& in) noexcept;
  // The buffers' rows, which are the sorted slots', in tiles none of which has slots of two experts.
  PackedRows pack_slots(const PanelChoice& choice, int n_in) noexcept;
  // Row s of out = the s-th sorted slot's expert times its packed row.
  void multiply_panels(const ExpertWeight& stack, const PackedRows& slots, const Mat& out) noexcept;
  void narrow_experts(const SlotMats& m, ConstMat x, const Routing& routing, const ExpertWeight& gate,
                      const ExpertWeight& up, const ExpertWeight& down) noexcept;
  void wide_experts(const SlotMats& m, ConstMat x, const Routing& routing, const ExpertWeight& gate,
                    const ExpertWeight& up, const ExpertWeight& down) noexcept;

  StepKind kind_ = StepKind::Prompt;
  ThreadPool& threads_;
  const kernels::Kernels& k_;
  const Activations activations_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace facet::ops::cpu
