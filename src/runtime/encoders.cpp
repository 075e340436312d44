#include "runtime/encoders.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <tuple>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "media/image_size.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhoHasThem = "Gemma 4 models see (E2B, E4B, 12B, 26B-A4B, 31B), and E2B, E4B and 12B hear";

// Calls f(weight) for every matrix.
template <class F>
void for_each_matrix(const Encoders& e, F&& f) {
  const auto visit = [&](const model::Weight& w) {
    if (!w.empty()) f(w);
  };
  if (e.vision_config) {
    visit(e.vision.patch_embd);
    visit(e.vision.input_projection);
    for (const model::PositionTable& p : e.vision.position) visit(p.table);
    for (const model::VisionLayerWeights& l : e.vision.layers)
      for (const auto* w : {&l.attn_q, &l.attn_k, &l.attn_v, &l.attn_out, &l.ffn_gate, &l.ffn_up, &l.ffn_down})
        visit(w->w);
  }
  if (e.audio_config) {
    visit(e.audio.input_projection);
    visit(e.audio.output_projection);
    visit(e.audio.mm_input_projection);
    for (const model::AudioLayerWeights& l : e.audio.layers) {
      for (const auto* w : {&l.ff1.up, &l.ff1.down, &l.ff2.up, &l.ff2.down, &l.attn_q, &l.attn_k, &l.attn_v,
                            &l.attn_out, &l.conv_pw1, &l.conv_pw2})
        visit(w->w);
      visit(l.attn_k_rel);
    }
  }
}

// Everything small (norms, limits, the configurations), and of the matrices sizes, types and a little of the bytes:
// reading them whole would take as long as using them.
class Fingerprint {
 public:
  Fingerprint() { XXH3_128bits_reset(&state_); }

  template <class T>
  void value(const T& v) {
    static_assert(std::is_arithmetic_v<T>);
    XXH3_128bits_update(&state_, &v, sizeof v);
  }
  void floats(std::span<const float> v) { XXH3_128bits_update(&state_, v.data(), v.size_bytes()); }
  void matrix(const model::Weight& w) {
    constexpr size_t kSample = 64;
    for (const int v : {static_cast<int>(w.type), w.n_in, w.n_out}) value(v);
    const size_t n = w.n_bytes(), sample = std::min(kSample, n);
    for (const size_t at : {size_t{0}, (n - sample) / 2, n - sample}) XXH3_128bits_update(&state_, w.data + at, sample);
  }
  void limits(const model::ClippedWeight& w) {
    for (const float v : {w.input_min, w.input_max, w.output_min, w.output_max}) value(v);
  }
  ContentKey key() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
    return {hash.high64, hash.low64};
  }

 private:
  XXH3_state_t state_;
};

void add_vision(Fingerprint& f, const model::VisionConfig& c, const model::VisionWeights& w) {
  for (const int v : {c.patch_size, c.pool_size, c.n_positions, c.width, c.n_layers, c.n_heads, c.head_dim, c.n_ff})
    f.value(v);
  for (const float v : {c.norm_eps, c.layer_norm_eps, c.rope_base, c.pool_factor, c.pixel_factor, c.pixel_offset})
    f.value(v);
  for (const model::VisionLayerNorm& norm : w.patch_norm) {
    f.floats(norm.weight);
    f.floats(norm.bias);
  }
  for (const auto* v : {&w.patch_bias, &w.std_shift, &w.std_scale}) f.floats(*v);
  for (const model::VisionLayerWeights& l : w.layers) {
    for (const auto* v : {&l.ln1, &l.attn_q_norm, &l.attn_k_norm, &l.attn_post_norm, &l.ln2, &l.ffn_post_norm})
      f.floats(*v);
    for (const auto* m : {&l.attn_q, &l.attn_k, &l.attn_v, &l.attn_out, &l.ffn_gate, &l.ffn_up, &l.ffn_down})
      f.limits(*m);
    f.value(l.out_scale);
  }
}

void add_audio(Fingerprint& f, const model::AudioConfig& c, const model::AudioWeights& w) {
  for (const int v : {c.n_in, c.n_layers, c.n_embd, c.n_heads, c.n_ff, c.n_out, c.n_kernel, c.n_visible}) f.value(v);
  for (const float v : {c.softcap, c.residual_weight, c.norm_eps}) f.value(v);
  for (const model::AudioConvWeights& conv : w.conv) {
    f.floats(conv.taps);
    f.floats(conv.norm);
  }
  for (const auto* v : {&w.distances, &w.output_bias}) f.floats(*v);
  for (const model::AudioLayerWeights& l : w.layers) {
    for (const auto* v : {&l.ff1.norm, &l.ff1.post_norm, &l.ff2.norm, &l.ff2.post_norm, &l.attn_pre_norm,
                          &l.attn_post_norm, &l.attn_q_scale, &l.conv_norm, &l.norm_conv, &l.conv_dw, &l.ln2})
      f.floats(*v);
    for (const auto* m : {&l.ff1.up, &l.ff1.down, &l.ff2.up, &l.ff2.down, &l.attn_q, &l.attn_k, &l.attn_v, &l.attn_out,
                          &l.conv_pw1, &l.conv_pw2})
      f.limits(*m);
  }
}

void take_fingerprint(Encoders& e) {
  Fingerprint f;
  if (e.vision_config) add_vision(f, *e.vision_config, e.vision);
  if (e.audio_config) add_audio(f, *e.audio_config, e.audio);
  for_each_matrix(e, [&](const model::Weight& w) { f.matrix(w); });
  e.fingerprint = f.key();
}

// A picture's size and its soft tokens are worked out before it meets the encoder, by the family's rule.
void bind_vision(Encoders& e, int n_embd) {
  if (!e.vision_config) return;
  const model::VisionConfig& c = *e.vision_config;
  if (c.soft_token_size() != media::kSoftTokenSide)
    throw_error<FormatError>("{}: patches of {} pixels pooled {} by {}, expected soft tokens of {} pixels",
                             e.source->path(), c.patch_size, c.pool_size, c.pool_size, media::kSoftTokenSide);
  e.vision = model::bind_vision_weights(c, n_embd, *e.source);
}

void bind_audio(Encoders& e, int n_embd) {
  if (e.audio_config) e.audio = model::bind_audio_weights(*e.audio_config, *e.source, n_embd);
}

// Reads and binds each of the two by itself; one that cannot be used leaves the other, and the text model.
template <class Vision, class Audio>
void bind_what_can_be(Encoders& e, int n_embd, Vision&& read_vision, Audio&& read_audio) {
  try {
    e.vision_config = read_vision();
    bind_vision(e, n_embd);
  } catch (const FormatError& error) {
    e.vision_config.reset();
    e.why_blind = error.what();
  }
  try {
    e.audio_config = read_audio();
    bind_audio(e, n_embd);
  } catch (const FormatError& error) {
    e.audio_config.reset();
    e.why_deaf = error.what();
  }
  take_fingerprint(e);
}

Encoders open_projector(const std::string& path, int n_embd, std::span<const MemoryFile> in_memory) {
  const gguf::File file = gguf::File::open(path, in_memory);
  Encoders e;
  e.path = path;
  e.why_blind = e.why_deaf = kWhoHasThem;
  e.vision_config = model::read_vision_config(file);
  e.audio_config = model::read_audio_config(file);
  if (!e.vision_config && !e.audio_config)
    throw_error<FormatError>("{}: no encoder of pictures or sound: not a projector file (mmproj)", path);
  e.own_source = model::make_tensor_source(file);
  e.source = e.own_source.get();
  bind_vision(e, n_embd);
  bind_audio(e, n_embd);
  take_fingerprint(e);
  return e;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

int64_t Encoders::weight_bytes() const {
  int64_t n = 0;
  for_each_matrix(*this, [&](const model::Weight& w) { n += static_cast<int64_t>(w.n_bytes()); });
  return n;
}

int64_t Encoders::scratch_bytes() const {
  size_t vision = 0, audio = 0;
  if (vision_config)
    vision = model::VisionScratch::count_bytes(*vision_config,
                                               kMaxImageTokens * vision_config->pool_size * vision_config->pool_size);
  if (audio_config)
    audio = model::AudioScratch::count_bytes(*audio_config,
                                             audio_config->n_layers > 0 ? kMaxClipFrames : kMaxRawAudioTokens);
  return static_cast<int64_t>(vision + audio);
}

bool is_projector_name(std::string_view file_name) {
  const std::string name = lower(std::string(file_name));
  return name.ends_with(".gguf") && name.find("mmproj") != std::string::npos;
}

std::vector<std::string> find_projectors(const std::string& model_path) {
  const std::string stem = lower(fs::path(model_path).stem().string());
  std::vector<std::tuple<std::ptrdiff_t, std::ptrdiff_t, std::string>> found;  // -characters shared, others, path
  std::error_code error;
  fs::path folder = fs::path(model_path).parent_path();
  if (folder.empty()) folder = ".";
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_projector_name(name)) continue;
    // "mmproj-MODEL-f16.gguf" and "MODEL-mmproj-f16.gguf" are both usual.
    std::string rest = lower(name);
    rest.erase(rest.find("mmproj"), 7);
    const auto end = std::mismatch(stem.begin(), stem.end(), rest.begin(), rest.end()).second;
    found.emplace_back(rest.begin() - end, rest.end() - end, entry->path().string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [shared, others, path] : found) paths.push_back(std::move(path));
  return paths;
}

Encoders bind_encoders(const std::string& folder, int n_embd, const model::TensorSource& source) {
  Encoders e;
  e.source = &source;
  e.why_blind = e.why_deaf = kWhoHasThem;
  bind_what_can_be(
      e, n_embd, [&] { return model::read_vision_config(folder); }, [&] { return model::read_audio_config(folder); });
  if (e.vision_config || e.audio_config) e.path = folder;
  return e;
}

std::optional<Encoders> bind_own_encoders(const gguf::File& model, int n_embd, const model::TensorSource& source) {
  Encoders e;
  e.source = &source;
  bind_what_can_be(
      e, n_embd, [&] { return model::read_vision_config(model); }, [&] { return model::read_audio_config(model); });
  if (!e.vision_config && !e.audio_config && e.why_blind.empty() && e.why_deaf.empty()) return {};
  if (e.vision_config || e.audio_config) e.path = model.path();
  for (std::string* why : {&e.why_blind, &e.why_deaf})
    if (why->empty()) *why = kWhoHasThem;
  return e;
}

// What to say where a model has no file of encoders.
Encoders without(const std::string& why) {
  Encoders e;
  e.why_blind = e.why_deaf = why;
  return e;
}

// Those beside a model that is in memory are in memory.
std::vector<std::string> projectors_for(const std::string& model_path, std::span<const MemoryFile> in_memory) {
  if (find_file(in_memory, model_path) == nullptr) return find_projectors(model_path);
  std::vector<std::string> names;
  for (const MemoryFile& file : in_memory)
    if (is_projector_name(file.name)) names.push_back(file.name);
  return names;
}

Encoders bind_encoders(const std::string& model_path, const std::string& projector, int n_embd,
                       std::span<const MemoryFile> in_memory) {
  if (projector == "none") return without("--mmproj none was asked for");
  if (!projector.empty()) return open_projector(projector, n_embd, in_memory);
  std::string problem;
  for (const std::string& path : projectors_for(model_path, in_memory)) {
    try {
      return open_projector(path, n_embd, in_memory);
    } catch (const std::exception& e) {
      if (problem.empty()) problem = e.what();
    }
  }
  if (!problem.empty()) return without(problem);
  return without(fmt::format(
      "no projector file (mmproj-*.gguf) stands beside the model: put its own there, or name it with --mmproj; {}",
      kWhoHasThem));
}

int Encoders::image_budget() const noexcept {
  const int most = vision_config ? vision_config->max_soft_tokens : media::kDefaultImageBudget;
  int budget = media::kImageBudgets.front();
  for (const int b : media::kImageBudgets)
    if (b <= most) budget = b;
  return budget;
}

}  // namespace facet::runtime
