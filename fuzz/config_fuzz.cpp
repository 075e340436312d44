// link: facet_model
#include <cstdint>

#include "base/error.h"
#include "model/audio_config.h"
#include "model/config.h"
#include "model/vision_config.h"

namespace {

using namespace facet;

// Bad content is an answer as good as any.
template <class F>
void allow_refusal(F&& parse) {
  try {
    parse();
  } catch (const FormatError&) {
  }
}

}  // namespace

// Bytes -> config.json -> a configuration, in which every layer can be asked for, and those of the encoders.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string json(reinterpret_cast<const char*>(data), size);
  allow_refusal([&] {
    const auto config = model::parse_config(json, "fuzz");
    [[maybe_unused]] volatile int sink = config.max_ff() + config.max_kv_width();
    for (const auto& layer : config.layers) sink = config.layers.at(static_cast<size_t>(layer.kv_source)).head_dim;
  });
  allow_refusal([&] {
    const auto vision = model::parse_vision_config(json, "fuzz");
    [[maybe_unused]] volatile int sink = vision ? vision->patch_values() + vision->heads_width() : 0;
  });
  allow_refusal([&] {
    const auto audio = model::parse_audio_config(json, "fuzz");
    [[maybe_unused]] volatile int sink = audio ? audio->n_soft_tokens(7) + audio->n_subsampled() : 0;
  });
  return 0;
}
