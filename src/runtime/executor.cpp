#include "runtime/executor.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "base/error.h"
#include "runtime/backend.h"

namespace facet::runtime {
namespace {

// No early exit and no call, so that the compiler makes vectors of it.
bool all_finite(std::span<const float> x) noexcept {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t n_bad = 0;
  for (const float v : x) n_bad += (std::bit_cast<uint32_t>(v) & kExponent) == kExponent;
  return n_bad == 0;
}

void check_rows(const Encoders& encoders, ops::ConstMat rows) {
  encoders.source->check_unchanged();
  for (int r = 0; r < rows.n_rows; ++r)
    if (!all_finite({rows.row(r), static_cast<size_t>(rows.n_cols)}))
      throw_error<FormatError>("{}: the encoder computes values that are not numbers: its weights are damaged",
                               encoders.path);
}

// A guess, until steps were run: more rows wake more experts of a mixture; a dense model's weights are read once for
// all, but multiplied with each.
float cost_of_a_row(const model::Config& config) noexcept { return config.n_experts > 0 ? 0.6f : 0.3f; }

}  // namespace

Executor::Executor(const model::Config& config, const model::Weights& weights, const model::KvLayout& layout,
                   std::unique_ptr<ops::Ops> op, int chunk_rows, int max_rows)
    : config_(config),
      weights_(weights),
      layout_(layout),
      op_(std::move(op)),
      chunk_rows_(chunk_rows),
      scratch_(config, max_rows),
      costs_(cost_of_a_row(config)) {
  op_->reserve(model::step_limits(config, max_rows));
  logits_.reserve(static_cast<size_t>(kHeadRows) * static_cast<size_t>(config.n_vocab));
}

size_t Executor::scratch_bytes(const model::Config& config, int max_rows) {
  return model::Scratch::count_bytes(config, max_rows);
}

size_t Executor::logits_bytes(const model::Config& config) {
  return kHeadRows * sizeof(float) * static_cast<size_t>(config.n_vocab);
}

void Executor::add(const WorkItem& item) {
  const int first_row = static_cast<int>(tokens_.size()), n = static_cast<int>(item.tokens.size());
  tokens_.insert(tokens_.end(), item.tokens.begin(), item.tokens.end());
  for (int i = 0; i < n; ++i) positions_.push_back(item.first_position + i);
  for (int i = item.first_wanted; i < n; ++i) wanted_.push_back(first_row + i);
  const size_t first_run = runs_.size();
  for (const MediaSpan& span : item.media) {
    const int begin = std::max(span.position, item.first_position), end = std::min(span.end(), item.first_position + n);
    if (begin >= end) continue;
    const Embedding& e = *span.embedding;
    const int row = first_row + begin - item.first_position;
    media_.push_back(
        {row, ops::ConstMat(e.values.data(), e.n_rows, e.n_cols).rows(begin - span.position, end - begin)});
    std::fill_n(tokens_.begin() + row, end - begin, config_.pad_token);
    if (e.is_bidirectional) runs_.push_back({span.position, span.end()});
  }
  segments_.push_back({first_row, n, item.pages->tables(), std::span(runs_).subspan(first_run)});
}

void Executor::clear() {
  tokens_.clear();
  positions_.clear();
  wanted_.clear();
  segments_.clear();
  media_.clear();
  runs_.clear();
}

void Executor::run(ops::StepKind kind, std::span<const WorkItem> items, const std::atomic<bool>* cancel,
                   const Visit& visit, Output output) {
  const std::lock_guard lock(mutex_);
  const auto start = std::chrono::steady_clock::now();
  clear();
  size_t n_media = 0;
  for (const WorkItem& item : items) n_media += item.media.size();
  runs_.reserve(n_media);  // segments point into it
  for (const WorkItem& item : items) add(item);
  op_->begin_step(kind);
  const model::Step step{{tokens_, positions_, segments_, media_}, wanted_, cancel};
  const ops::ConstMat hidden = model::forward(*op_, config_, weights_, layout_, step, scratch_);
  weights_.source->check_unchanged();
  if (output == Output::States) {
    size_t item = 0;
    return visit_rows(hidden, 0, item, visit);
  }
  visit_logits(hidden, visit);
  if (const auto n = tokens_.size(); n <= kDecodeRows && n == wanted_.size())
    costs_.record(static_cast<int>(n), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

void Executor::encode_image(const Encoders& encoders, const model::Pixels& image, ops::Mat out,
                            const std::atomic<bool>* cancel) {
  const std::lock_guard lock(mutex_);
  op_->begin_step(ops::StepKind::Prompt);
  model::encode_image(*op_, *encoders.vision_config, encoders.vision, image, out, vision_scratch_, cancel);
  check_rows(encoders, out);
}

void Executor::encode_audio(const Encoders& encoders, ops::ConstMat x, ops::Mat out, const std::atomic<bool>* cancel) {
  const std::lock_guard lock(mutex_);
  op_->begin_step(ops::StepKind::Prompt);
  model::encode_audio(*op_, *encoders.audio_config, encoders.audio, x, out, audio_scratch_, cancel);
  check_rows(encoders, out);
}

void Executor::visit_logits(ops::ConstMat hidden, const Visit& visit) {
  size_t item = 0;
  op_->begin_step(ops::StepKind::Decode);  // what follows a prompt does not depend on those that end beside it
  const auto n_most = static_cast<size_t>(std::min(kHeadRows, hidden.n_rows)) * static_cast<size_t>(config_.n_vocab);
  if (logits_.size() < n_most) logits_.resize(n_most);
  for (int begin = 0; begin < hidden.n_rows; begin += kHeadRows) {
    const int n = std::min(kHeadRows, hidden.n_rows - begin);
    const ops::Mat logits(logits_.data(), n, config_.n_vocab);
    model::head(*op_, config_, weights_, logits, hidden.rows(begin, n));
    weights_.source->check_unchanged();
    visit_rows(logits, begin, item, visit);
  }
}

void Executor::visit_rows(ops::ConstMat values, int first, size_t& item, const Visit& visit) const {
  for (int i = 0; i < values.n_rows; ++i) {
    const int row = wanted_[static_cast<size_t>(first + i)];
    while (row >= segments_[item].first_row + segments_[item].n_rows) ++item;
    const std::span<const float> x(values.row(i), static_cast<size_t>(values.n_cols));
    if (!all_finite(x))
      throw_error<FormatError>(
          "{}: the model computes values that are not numbers at position {}: its weights are damaged",
          weights_.source->path(), positions_[static_cast<size_t>(row)]);
    visit(item, positions_[static_cast<size_t>(row)], x);
  }
}

}  // namespace facet::runtime
