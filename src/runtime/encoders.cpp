#include "runtime/encoders.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"

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

// Of sizes, types and a little of every matrix: reading them whole would take as long as using them.
ContentKey fingerprint_of(const Encoders& e) {
  constexpr size_t kSample = 64;
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  const auto add = [&](const void* data, size_t n) { XXH3_128bits_update(&state, data, n); };
  for_each_matrix(e, [&](const model::Weight& w) {
    const int64_t shape[] = {static_cast<int64_t>(w.type), w.n_in, w.n_out};
    add(shape, sizeof shape);
    const size_t n = w.n_bytes(), sample = std::min(kSample, n);
    for (const size_t at : {size_t{0}, (n - sample) / 2, n - sample}) add(w.data + at, sample);
  });
  for (const model::VisionLayerWeights& l : e.vision.layers)
    add(l.attn_post_norm.data(), l.attn_post_norm.size() * sizeof(float));
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return {hash.high64, hash.low64};
}

void bind(Encoders& e, int n_embd) {
  if (e.vision_config) e.vision = model::bind_vision_weights(*e.vision_config, n_embd, *e.source);
  if (e.audio_config) e.audio = model::bind_audio_weights(*e.audio_config, *e.source, n_embd);
  e.fingerprint = fingerprint_of(e);
}

Encoders open_projector(const std::string& path, int n_embd) {
  const gguf::File file = gguf::File::open(path);
  Encoders e;
  e.path = path;
  e.vision_config = model::read_vision_config(file);
  e.audio_config = model::read_audio_config(file);
  if (!e.vision_config && !e.audio_config)
    throw_error<FormatError>("{}: no encoder of pictures or sound: not a projector file (mmproj)", path);
  e.own_source = model::make_tensor_source(file);
  e.source = e.own_source.get();
  bind(e, n_embd);
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
  std::vector<std::pair<size_t, std::string>> found;
  std::error_code error;
  fs::path folder = fs::path(model_path).parent_path();
  if (folder.empty()) folder = ".";
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_projector_name(name)) continue;
    // "mmproj-MODEL-f16.gguf" and "MODEL-mmproj-f16.gguf" are both usual.
    std::string rest = lower(name);
    if (rest.starts_with("mmproj-") || rest.starts_with("mmproj.") || rest.starts_with("mmproj_")) rest.erase(0, 7);
    const auto shared = std::mismatch(stem.begin(), stem.end(), rest.begin(), rest.end()).first - stem.begin();
    found.emplace_back(static_cast<size_t>(shared), entry->path().string());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<std::string> paths;
  for (auto& [shared, path] : found) paths.push_back(std::move(path));
  return paths;
}

Encoders bind_encoders(const std::string& folder, int n_embd, const model::TensorSource& source) {
  Encoders e;
  e.vision_config = model::read_vision_config(folder);
  e.audio_config = model::read_audio_config(folder);
  e.source = &source;
  e.why_none = kWhoHasThem;
  if (e.vision_config || e.audio_config) e.path = folder;
  bind(e, n_embd);
  return e;
}

std::optional<Encoders> bind_own_encoders(const gguf::File& model, int n_embd, const model::TensorSource& source) {
  Encoders e;
  e.vision_config = model::read_vision_config(model);
  e.audio_config = model::read_audio_config(model);
  if (!e.vision_config && !e.audio_config) return {};
  e.path = model.path();
  e.source = &source;
  e.why_none = kWhoHasThem;
  bind(e, n_embd);
  return e;
}

Encoders bind_encoders(const std::string& model_path, const std::string& projector, int n_embd) {
  if (!projector.empty() && projector != "none") return open_projector(projector, n_embd);
  Encoders none;
  none.why_none = fmt::format(
      "no projector file (mmproj-*.gguf) stands beside the model: put its own there, or name it "
      "with --mmproj; {}",
      kWhoHasThem);
  if (projector == "none") {
    none.why_none = "--mmproj none was asked for";
    return none;
  }
  std::string problem;
  for (const std::string& path : find_projectors(model_path)) {
    try {
      Encoders e = open_projector(path, n_embd);
      e.why_none = kWhoHasThem;
      return e;
    } catch (const std::exception& e) {
      if (problem.empty()) problem = e.what();
    }
  }
  if (!problem.empty()) none.why_none = problem;
  return none;
}

}  // namespace facet::runtime
