// link: facet_model
#include <cstdint>

#include "base/error.h"
#include "model/audio.h"
#include "model/vision.h"
#include "ops/cpu/cpu_ops.h"

namespace {

using namespace facet;

constexpr int kEmbd = 8;  // of the text model that the stored files are for
constexpr size_t kMaxBytes = 16 << 20;
constexpr double kMaxFlops = 2e7;

// A picture of one soft token through the encoder, unless it is large.
void encode_a_picture(ops::Ops& op, const model::VisionConfig& config, const model::VisionWeights& weights) {
  const int side = config.soft_token_size(), n_patches = config.pool_size * config.pool_size;
  const model::VisionWork work = model::vision_work(config, kEmbd, n_patches);
  if (model::VisionScratch::count_bytes(config, n_patches) > kMaxBytes || work.products + work.attention > kMaxFlops)
    return;
  const std::vector<uint8_t> rgb(static_cast<size_t>(3 * side * side), 77);
  std::vector<float> row(kEmbd);
  model::VisionScratch scratch;
  try {
    model::encode_image(op, config, weights, {side, side, rgb}, {row.data(), 1, kEmbd}, scratch);
  } catch (const RequestError&) {  // fewer positions than patches
  }
  [[maybe_unused]] volatile float sink = row.back();
}

void encode_a_sound(ops::Ops& op, const model::AudioConfig& config, const model::AudioWeights& weights) {
  constexpr int kRows = 5;
  if (model::AudioScratch::count_bytes(config, kRows) > kMaxBytes ||
      model::audio_flops(config, kEmbd, kRows) > kMaxFlops)
    return;
  const std::vector<float> x(static_cast<size_t>(kRows * config.n_in), 0.5f);
  const int n = config.n_soft_tokens(kRows);
  std::vector<float> rows(static_cast<size_t>(n * kEmbd));
  model::AudioScratch scratch;
  model::encode_audio(op, config, weights, {x.data(), kRows, config.n_in}, {rows.data(), n, kEmbd}, scratch);
  [[maybe_unused]] volatile float sink = rows.back();
}

}  // namespace

// Bytes -> a projector file -> the encoders it holds, bound, and what they make of a small picture and a short sound.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ThreadPool threads(1);
  ops::cpu::Ops op(threads, *kernels::available().front());
  try {
    auto file = gguf::File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    const auto vision = model::read_vision_config(file);
    const auto audio = model::read_audio_config(file);
    const auto source = model::make_tensor_source(std::move(file));
    if (vision) encode_a_picture(op, *vision, model::bind_vision_weights(*vision, kEmbd, *source));
    if (audio) encode_a_sound(op, *audio, model::bind_audio_weights(*audio, *source, kEmbd));
  } catch (const FormatError&) {
  }
  return 0;
}
