#include "model/audio_config.h"

#include <cmath>

#include "base/error.h"
#include "model/gguf_keys.h"
#include "model/json_fields.h"

namespace facet::model {
namespace {

constexpr int kMelBins = 128, kFrameSamples = 640;

void expect_within(const std::string& source, const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    throw_error<FormatError>("{}: the sound encoder's {} is {}, expected {} to {}", source, what, value, low, high);
}

// Widths beyond these are no encoder's, and their products still fit the types used.
void check_audio(const AudioConfig& c, const std::string& source) {
  constexpr int kMaxWidth = 1 << 16;
  // What sound is made into before it gets here knows no other widths.
  const int n_in = c.n_layers > 0 ? kMelBins : kFrameSamples;
  if (c.n_in != n_in)
    throw_error<FormatError>("{}: the sound encoder takes rows of {}, expected {}", source, c.n_in, n_in);
  expect_within(source, "output width", c.n_out, 1, kMaxWidth);
  if (!(c.norm_eps > 0 && c.norm_eps < 1))
    throw_error<FormatError>("{}: the sound encoder's norm epsilon {} is not between 0 and 1", source, c.norm_eps);
  expect_within(source, "number of layers", c.n_layers, 0, 512);
  if (c.n_layers == 0) return;
  for (const int n : c.n_channels) expect_within(source, "number of channels", n, 1, 1024);
  expect_within(source, "width", c.n_embd, 2, kMaxWidth);
  expect_within(source, "number of heads", c.n_heads, 1, c.n_embd);
  if (c.n_embd % c.n_heads != 0 || c.n_embd % 2 != 0)
    throw_error<FormatError>("{}: the sound encoder's width {} cannot be shared by {} heads, or is odd", source,
                             c.n_embd, c.n_heads);
  expect_within(source, "feed-forward length", c.n_ff, 1, kMaxWidth);
  expect_within(source, "kernel of convolutions", c.n_kernel, 1, 64);
  expect_within(source, "visible positions", c.n_visible, 1, 1024);
  if (!(c.softcap > 0 && std::isfinite(c.softcap)))
    throw_error<FormatError>("{}: the sound encoder's soft cap {} is not positive", source, c.softcap);
  if (!std::isfinite(c.residual_weight))
    throw_error<FormatError>("{}: the sound encoder's residual weight is not a number", source);
}

// Dimension d (ne order: inputs first) of a tensor, for what the keys do not say.
int read_dimension(const gguf::File& file, const char* name, size_t d) {
  const gguf::Tensor* t = file.find_tensor(name);
  if (t == nullptr) throw_error<FormatError>("{}: tensor {} is missing", file.path(), name);
  if (t->ne[d] > INT32_MAX) throw_error<FormatError>("{}: tensor {} has a side of {}", file.path(), name, t->ne[d]);
  return static_cast<int>(t->ne[d]);
}

AudioConfig read_audio_tower(const gguf::File& file, const GgufKeys& keys) {
  const auto integer = [&keys](const char* key) { return static_cast<int>(keys.integer(key)); };
  AudioConfig c;
  c.n_layers = integer("block_count");
  expect_within(file.path(), "number of layers", c.n_layers, 1, 512);
  c.n_in = static_cast<int>(keys.integer("num_mel_bins", kMelBins));
  c.n_embd = integer("embedding_length");
  c.n_ff = integer("feed_forward_length");
  c.n_heads = integer("attention.head_count");
  c.n_channels = {read_dimension(file, "a.conv1d.0.weight", 3), read_dimension(file, "a.conv1d.1.weight", 3)};
  c.n_kernel = read_dimension(file, "a.blk.0.conv_dw.weight", 0);
  c.n_out = read_dimension(file, "mm.a.input_projection.weight", 0);
  // The key for the norms' epsilon says 1e-5 in older files, which the model was not trained with: it is not read.
  return c;
}

AudioConfig read_audio_tower(const Fields& f) {
  AudioConfig c;
  c.n_in = kMelBins;
  c.n_layers = f.integer("num_hidden_layers", 12);
  expect_within(f.source(), "number of layers", c.n_layers, 1, 512);
  c.n_embd = f.integer("hidden_size", 1024);
  c.n_ff = 4 * c.n_embd;
  c.n_heads = f.integer("num_attention_heads", 8);
  c.n_out = f.integer("output_proj_dims", 1536);
  c.n_kernel = f.integer("conv_kernel_size", 5);
  c.softcap = static_cast<float>(f.number("attention_logit_cap", 50));
  c.residual_weight = static_cast<float>(f.number("residual_weight", 0.5));
  // The context counts one position more than is ever visible.
  c.n_visible = f.integer("attention_context_left", 13) - 1;
  if (f.integer("attention_context_right", 0) != 0) f.wrong("attention_context_right", "0");
  if (f.text("hidden_act", "silu") != "silu") f.wrong("hidden_act", "\"silu\"");
  c.n_channels = {128, 32};
  if (const Json* channels = f.find("subsampling_conv_channels")) {
    if (!channels->is_array() || channels->size() != 2) f.wrong("subsampling_conv_channels", "two numbers");
    for (size_t i = 0; i < 2; ++i) {
      if (!(*channels)[i].is_number_integer()) f.wrong("subsampling_conv_channels", "two integers");
      const auto n = (*channels)[i].get<int64_t>();
      expect_within(f.source(), "number of channels", n, 1, 1024);
      c.n_channels[i] = static_cast<int>(n);
    }
  }
  return c;
}

}  // namespace

std::optional<AudioConfig> read_audio_config(const gguf::File& file) {
  // Ollama's converter keeps the encoder, which then is one with layers, in the text model's file.
  const bool in_model = file.find("gemma4.audio.block_count") != nullptr;
  if (!in_model && !file.get_bool("clip.has_audio_encoder").value_or(false)) return {};
  const auto older = file.get_string("clip.projector_type");
  const auto type = file.get_string("clip.audio.projector_type").value_or(older.value_or(""));
  AudioConfig c;
  if (in_model || type == "gemma4a") {
    c = read_audio_tower(file, GgufKeys(file, in_model ? "gemma4.audio." : "clip.audio."));
  } else if (type == "gemma4ua") {
    c.n_in = c.n_out = read_dimension(file, "mm.a.input_projection.weight", 0);
  } else {
    throw_error<FormatError>("{}: the sound encoder is of the type \"{}\", expected \"gemma4a\" or \"gemma4ua\"",
                             file.path(), type);
  }
  check_audio(c, file.path());
  return c;
}

std::optional<AudioConfig> parse_audio_config(const std::string& json, const std::string& source) {
  const Json root = parse_object(json, source);
  const Fields top(root, source);
  if (top.find("audio_config") == nullptr) return {};
  static const Json empty = Json::object();
  const Fields f(top.object("audio_config", empty), source + ": audio_config");
  const std::string type = f.text("model_type", "gemma4_audio");
  AudioConfig c;
  if (type == "gemma4_audio")
    c = read_audio_tower(f);
  else if (type == "gemma4_unified_audio")
    c.n_in = c.n_out = f.integer("audio_embed_dim", kFrameSamples);
  else
    f.wrong("model_type", "\"gemma4_audio\" or \"gemma4_unified_audio\"");
  c.norm_eps = static_cast<float>(f.number("rms_norm_eps", 1e-6));
  check_audio(c, f.source());
  return c;
}

std::optional<AudioConfig> read_audio_config(const std::string& folder) {
  const std::string path = folder + "/config.json";
  return parse_audio_config(read_small_file(path), path);
}

}  // namespace facet::model
