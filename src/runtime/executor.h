// Computes steps: stacks rows of one or more timelines, runs the model, and hands out logits. One step at a time per
// engine; callers on several threads wait for one another.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "model/gemma.h"
#include "runtime/backend.h"
#include "runtime/encoders.h"
#include "runtime/engine.h"
#include "runtime/kv_pages.h"
#include "runtime/prompt.h"
#include "runtime/row_pool.h"
#include "runtime/step_costs.h"

namespace facet::runtime {

// Consecutive tokens of one timeline, whose pages are writable for their positions.
struct WorkItem {
  KvPages* pages;
  std::span<const TokenId> tokens;
  int first_position;
  int first_wanted;                       // logits are asked for tokens[first_wanted ..]; tokens.size(): for none
  std::span<const MediaSpan> media = {};  // of the timeline, those outside the tokens too
};

class Executor {
 public:
  // chunk_rows: of a prefill, as long as no medium has to be computed whole that has more; max_rows: of any step.
  Executor(const model::Config& config, const model::Weights& weights, const model::KvLayout& layout,
           std::unique_ptr<ops::Ops> op, int chunk_rows, int max_rows);

  int chunk_rows() const noexcept { return chunk_rows_; }
  int max_rows() const noexcept { return scratch_.max_rows; }
  // Of a decode step, and those of one session in it.
  int max_decode_rows() const noexcept { return std::min(max_rows(), ops::kDecodeBatch); }
  int max_bundle() const noexcept { return std::min(chunk_rows_, kDecodeRows); }

  // Runs all items as one step of at most max_rows rows and calls visit(item, position, logits) for each wanted row, in
  // order; the logits are valid during the call. Throws CancelledError, FormatError when the model computes NaN, and
  // ResourceError when its files were changed in the meantime.
  // A step no larger than an earlier one allocates nothing (visit aside).
  using Visit = std::function<void(size_t item, int position, std::span<const float> logits)>;
  // Or, with Output::States, visits the wanted rows' states after the final norm, [n_embd].
  enum class Output : uint8_t { Logits, States };
  void run(ops::StepKind kind, std::span<const WorkItem> items, const std::atomic<bool>* cancel, const Visit& visit,
           Output output = Output::Logits);

  // Rows of a picture, or of a clip, by the encoders; steps wait meanwhile. Throw what the encoder does, FormatError
  // when it computes what is no number, and ResourceError when its files were changed.
  void encode_image(const Encoders& encoders, const model::Pixels& image, ops::Mat out,
                    const std::atomic<bool>* cancel);
  void encode_audio(const Encoders& encoders, ops::ConstMat x, ops::Mat out, const std::atomic<bool>* cancel);

  // Of the decode steps that were run, visit included.
  const StepCosts& costs() const noexcept { return costs_; }

  // For timelines that take several tokens of a step.
  RowPool& rows() noexcept { return rows_; }

  // What is reserved when an executor is made: activations, and the logits of kHeadRows rows.
  static size_t scratch_bytes(const model::Config& config, int max_rows);
  static size_t logits_bytes(const model::Config& config);

 private:
  static constexpr int kHeadRows = ops::kDecodeBatch;  // rows whose logits are computed together

  void add(const WorkItem& item);
  void clear();
  void visit_logits(ops::ConstMat hidden, const Visit& visit);
  // Of wanted rows from `first` on.
  void visit_rows(ops::ConstMat values, int first, size_t& item, const Visit& visit) const;

  const model::Config& config_;
  const model::Weights& weights_;
  const model::KvLayout& layout_;
  std::unique_ptr<ops::Ops> op_;
  int chunk_rows_;
  model::Scratch scratch_;
  model::VisionScratch vision_scratch_;  // both grow to what was met
  model::AudioScratch audio_scratch_;
  std::vector<float> logits_;  // [kHeadRows, n_vocab]
  StepCosts costs_;
  RowPool rows_;
  std::mutex mutex_;
  std::vector<int32_t> tokens_;
  std::vector<int> positions_, wanted_;
  std::vector<model::Segment> segments_;
  std::vector<model::MediaRows> media_;
  std::vector<ops::BidirectionalRun> runs_;
};

}  // namespace facet::runtime
