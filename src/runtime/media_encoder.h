// Media as a model takes them: prepared as its processor prepares them, and encoded once, whoever shows them again.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "media/image.h"
#include "runtime/embedding_cache.h"
#include "runtime/engine.h"
#include "runtime/prompt.h"
#include "text/chat.h"

namespace facet::runtime {

// One medium, ready for a prompt: a picture or a clip is one part, a video one for each frame.
struct Medium {
  text::PromptItem::Kind kind = text::PromptItem::Kind::Image;
  text::MediaSize size;
  std::vector<std::shared_ptr<const Embedding>> parts;

  int n_tokens() const noexcept;  // soft tokens
};

// What was done so far, for --stats.
struct MediaStats {
  int n_encoded = 0, n_cached = 0;  // pictures, frames and clips
  double prepare_seconds = 0;       // resizing, and log-mel frames
  double encode_seconds = 0;
};

class MediaEncoder {
 public:
  // cache: where embeddings are kept; it may serve several encoders.
  MediaEncoder(std::shared_ptr<const Engine> engine, std::shared_ptr<EmbeddingCache> cache);

  // Each throws RequestError, naming `name`, where the model lacks the sense or the medium does not fit it, and
  // CancelledError.
  // budget: most soft tokens, one of media::kImageBudgets.
  Medium image(const media::Image& image, int budget, const std::string& name);
  // A picture more of a video, which is of no frames at first; time: as the prompt says it, "01:05".
  void add_frame(Medium& video, const media::Image& image, std::string time, const std::string& name);
  // Mono samples at 16 kHz, up to 30 s.
  Medium sound(std::span<const float> samples, const std::string& name);

  // What a picture is given where nobody asks for another budget: one of media::kImageBudgets, by the model's files.
  int default_image_budget() const noexcept;

  // Whether the model takes samples as they are, of any length, and not as frames of up to 30 s.
  bool takes_raw_sound() const noexcept;

  const MediaStats& stats() const noexcept { return stats_; }
  void set_cancel(const std::atomic<bool>* cancel) noexcept { cancel_ = cancel; }

 private:
  std::shared_ptr<const Embedding> encode_picture(const media::Image& image, int budget, const std::string& name);
  std::vector<float> sound_input(std::span<const float> samples, int n_rows);
  template <class Encode>
  std::shared_ptr<const Embedding> cached(const ContentKey& key, int n_rows, bool is_bidirectional, Encode&& encode);

  std::shared_ptr<const Engine> engine_;
  std::shared_ptr<EmbeddingCache> cache_;
  const std::atomic<bool>* cancel_ = nullptr;
  MediaStats stats_;
};

// Throws RequestError, naming the model and what to do, when it cannot see, or hear.
void check_sees(const Engine& engine, const std::string& name);
void check_hears(const Engine& engine, const std::string& name);

// A prompt as tokens, with the media that its places name, in order.
struct MediaPrompt {
  std::vector<TokenId> tokens;
  std::vector<MediaSpan> media;

  operator PromptView() const { return {tokens, media}; }  // NOLINT: a prompt's view
};

// Where the media belong in tokens that have their placeholders. RequestError when there are too few.
std::vector<MediaSpan> place(std::span<const TokenId> tokens, const text::Tokenizer& tokenizer,
                             const std::vector<Medium>& media);
MediaPrompt assemble(const text::Prompt& prompt, const text::Tokenizer& tokenizer, const std::vector<Medium>& media);

}  // namespace facet::runtime
