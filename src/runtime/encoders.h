// The encoders of a loaded model: what it sees and hears with. In the files of a Hugging Face checkpoint they stand
// beside the text model; a GGUF model has them in a projector file of its own, found beside it, or in its own file if
// Ollama's converter wrote it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "model/audio.h"
#include "model/vision.h"
#include "runtime/engine.h"
#include "runtime/prompt.h"

namespace facet::runtime {

struct Encoders {
  std::string path;                 // of the file or folder they are in; empty: the model has none
  std::string why_blind, why_deaf;  // what to say to whoever asks for what is missing
  std::optional<model::VisionConfig> vision_config;
  std::optional<model::AudioConfig> audio_config;
  model::VisionWeights vision;
  model::AudioWeights audio;
  ContentKey fingerprint;                           // of the weights and of what their configuration says
  std::unique_ptr<model::TensorSource> own_source;  // of a projector file
  const model::TensorSource* source = nullptr;      // that one, or the model's

  int64_t weight_bytes() const;  // resident once both were used
  // Activations of the largest picture and the longest clip, which come one after the other.
  int64_t scratch_bytes() const;
  // Soft tokens of a picture where nobody says how many: one of media::kImageBudgets.
  int image_budget() const noexcept;
};

// Longest media that are encoded at once.
constexpr int kMaxImageTokens = 1120;
constexpr int kMaxClipFrames = 2999;      // of log-mel: 30 s
constexpr int kMaxRawAudioTokens = 1500;  // of models that take samples as they are

// Of a checkpoint folder, whose tensors are `source`. An encoder that cannot be used, as it is of another family or is
// damaged, is named in why_blind or why_deaf: the text model does without.
Encoders bind_encoders(const std::string& folder, int n_embd, const model::TensorSource& source);

// Of a GGUF model that holds its encoders itself, whose tensors are `source`; nothing when it does not. What cannot be
// used is named likewise.
std::optional<Encoders> bind_own_encoders(const gguf::File& model, int n_embd, const model::TensorSource& source);

// Of a GGUF model: from `projector`, or where that is empty from the file beside the model that fits it; "none" is for
// doing without. What is beside a model in memory is in memory. Throws what opening `projector` throws; a file found by
// itself that cannot be used is named likewise.
Encoders bind_encoders(const std::string& model_path, const std::string& projector, int n_embd,
                       std::span<const MemoryFile> in_memory);

// Projector files beside a model, best first: those that share most of its name, of them those that have least besides.
std::vector<std::string> find_projectors(const std::string& model_path);
bool is_projector_name(std::string_view file_name);

}  // namespace facet::runtime
