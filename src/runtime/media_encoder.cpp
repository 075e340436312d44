#include "runtime/media_encoder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "media/image_size.h"
#include "media/log_mel.h"
#include "media/resize.h"
#include "media/sound.h"
#include "model/config.h"
#include "runtime/encoders.h"
#include "runtime/executor.h"
#include "runtime/tuning.h"

namespace facet::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = text::PromptItem::Kind;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Of what encoders compute, and how media are prepared for them: rows that are kept on disk are of one version. To be
// raised with every change of either.
constexpr int kEncoderVersion = 1;

// What a medium becomes depends on its content, on the encoder's weights and on the arithmetic.
ContentKey key_of(const Engine& engine, std::string_view kind, std::span<const std::byte> content, media::Size size) {
  const EngineOptions& o = engine.options();
  const std::string how =
      fmt::format("{} {} {}x{} {:x} {:x} {} {} {}", kEncoderVersion, kind, size.width, size.height,
                  engine.encoders().fingerprint.high, engine.encoders().fingerprint.low, static_cast<int>(o.backend),
                  static_cast<int>(o.activations), o.backend == Backend::Cpu ? kernels_of(o).name : "");
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, how.data(), how.size());
  XXH3_128bits_update(&state, content.data(), content.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.high64, hash.low64};
}

[[noreturn]] void lacks(const Engine& engine, const std::string& name, const char* what, const std::string& why) {
  throw_error<RequestError>("{}: {} cannot {} it: {}", name, std::filesystem::path(engine.path()).filename().string(),
                            what, why);
}

}  // namespace

void check_sees(const Engine& engine, const std::string& name) {
  if (!engine.encoders().vision_config) lacks(engine, name, "see", engine.encoders().why_blind);
}

void check_hears(const Engine& engine, const std::string& name) {
  if (!engine.encoders().audio_config) lacks(engine, name, "hear", engine.encoders().why_deaf);
}

int Medium::n_tokens() const noexcept {
  int n = 0;
  for (const auto& part : parts) n += part->n_rows;
  return n;
}

MediaEncoder::MediaEncoder(std::shared_ptr<const Engine> engine, std::shared_ptr<EmbeddingCache> cache)
    : engine_(std::move(engine)), cache_(std::move(cache)) {}

template <class Encode>
std::shared_ptr<const Embedding> MediaEncoder::cached(const ContentKey& key, int n_rows, bool is_bidirectional,
                                                      Encode&& encode) {
  const int n_cols = engine_->config().n_embd;
  if (auto found = cache_->find(key, n_rows, n_cols, is_bidirectional)) {
    ++stats_.n_cached;
    return found;
  }
  const auto start = Clock::now();
  auto e = std::make_shared<Embedding>(Embedding{key, n_rows, n_cols, is_bidirectional, {}});
  e->values.resize(static_cast<size_t>(n_rows) * static_cast<size_t>(n_cols));
  encode(ops::Mat(e->values.data(), n_rows, n_cols));
  ++stats_.n_encoded;
  stats_.encode_seconds += seconds_since(start);
  cache_->put(e);
  return e;
}

std::shared_ptr<const Embedding> MediaEncoder::encode_picture(const media::Image& image, int budget,
                                                              const std::string& name) {
  check_sees(*engine_, name);
  const auto start = Clock::now();
  const media::Size size = media::target_size({image.width, image.height}, budget);
  const media::Image resized = media::resize(image, size);
  const ContentKey key = key_of(*engine_, "image", std::as_bytes(std::span(resized.rgb)), size);
  stats_.prepare_seconds += seconds_since(start);
  const model::Pixels pixels{size.width, size.height, resized.rgb};
  return cached(key, media::n_soft_tokens(size), engine_->config().bidirectional_media,
                [&](ops::Mat out) { engine_->executor().encode_image(engine_->encoders(), pixels, out, cancel_); });
}

Medium MediaEncoder::image(const media::Image& image, int budget, const std::string& name) {
  Medium m;
  m.parts.push_back(encode_picture(image, budget, name));
  m.size.frames.push_back({"", m.parts.back()->n_rows});
  return m;
}

void MediaEncoder::add_frame(Medium& video, const media::Image& image, std::string time, const std::string& name) {
  video.kind = Kind::Video;
  video.parts.push_back(encode_picture(image, media::kVideoFrameBudget, name));
  video.size.frames.push_back({std::move(time), video.parts.back()->n_rows});
}

int MediaEncoder::default_image_budget() const noexcept { return engine_->encoders().image_budget(); }

bool MediaEncoder::takes_raw_sound() const noexcept {
  const auto& config = engine_->encoders().audio_config;
  return config && config->n_layers == 0;
}

Medium MediaEncoder::sound(std::span<const float> samples, const std::string& name) {
  check_hears(*engine_, name);
  const model::AudioConfig& config = *engine_->encoders().audio_config;
  if (samples.size() < media::kMinClipSamples)
    throw_error<RequestError>("{}: {} samples of sound are too short to hear, at least {} are needed", name,
                              samples.size(), media::kMinClipSamples);
  const bool is_raw = takes_raw_sound();
  if (!is_raw && samples.size() > media::kMaxClipSamples)
    throw_error<RequestError>(
        "{}: a clip of {:.1f} s, the model takes up to {} s at once: cut it, or use facet transcribe", name,
        static_cast<double>(samples.size()) / media::kSampleRate, media::kMaxClipSamples / media::kSampleRate);
  const ContentKey key = key_of(*engine_, "sound", std::as_bytes(samples), {});
  const int n_rows = is_raw ? media::n_raw_audio_tokens(samples.size()) : media::n_audio_tokens(samples.size());
  Medium m;
  m.kind = Kind::Audio;
  m.parts.push_back(cached(key, n_rows, false, [&](ops::Mat out) {
    const std::vector<float> input = sound_input(samples, n_rows);
    const ops::ConstMat x(input.data(), static_cast<int>(input.size()) / config.n_in, config.n_in);
    engine_->executor().encode_audio(engine_->encoders(), x, out, cancel_);
  }));
  m.size.frames.push_back({"", n_rows});
  return m;
}

// What the encoder takes: log-mel frames, or the samples themselves, the last soft token filled up with silence.
std::vector<float> MediaEncoder::sound_input(std::span<const float> samples, int n_rows) {
  if (!takes_raw_sound()) return media::log_mel(samples).values;
  std::vector<float> input(samples.begin(), samples.end());
  input.resize(static_cast<size_t>(n_rows) * static_cast<size_t>(engine_->encoders().audio_config->n_in));
  return input;
}

// Placeholders are control tokens, which no text can write: a run of them is where the next part belongs.
std::vector<MediaSpan> place(std::span<const TokenId> tokens, const text::Tokenizer& tokenizer,
                             const std::vector<Medium>& media) {
  std::vector<MediaSpan> out;
  auto at = tokens.begin();
  for (const Medium& m : media) {
    const TokenId id = tokenizer.find(text::placeholder(m.kind)).value_or(-1);
    for (const auto& part : m.parts) {
      at = std::find(at, tokens.end(), id);
      if (tokens.end() - at < part->n_rows)
        throw_error<RequestError>("the prompt has fewer places for media than the {} tokens that one of them takes",
                                  part->n_rows);
      out.push_back({static_cast<int>(at - tokens.begin()), part});
      at += part->n_rows;
    }
  }
  return out;
}

MediaPrompt assemble(const text::Prompt& prompt, const text::Tokenizer& tokenizer, const std::vector<Medium>& media) {
  std::vector<text::MediaSize> sizes;
  for (const Medium& m : media) sizes.push_back(m.size);
  MediaPrompt out;
  out.tokens = text::to_tokens(prompt, tokenizer, sizes);
  out.media = place(out.tokens, tokenizer, media);
  return out;
}

}  // namespace facet::runtime
