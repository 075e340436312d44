#include "apps/verify/golden_media.h"

#include <algorithm>

#include "apps/verify/drawn_pictures.h"
#include "base/error.h"
#include "media/image_size.h"
#include "media/log_mel.h"
#include "media/sound.h"
#include "media/source.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using Kind = text::PromptItem::Kind;

// Nothing is kept: every case computes its intermediates.
std::shared_ptr<runtime::EmbeddingCache> no_cache() {
  runtime::EmbeddingCacheOptions options;
  options.memory_bytes = 0;
  return std::make_shared<runtime::EmbeddingCache>(options);
}

// What the reference's processor writes in the place of a placeholder.
std::string expansion(const runtime::Medium& medium) {
  const bool is_sound = medium.kind == Kind::Audio;
  std::string out;
  for (const text::MediaSize::Frame& frame : medium.size.frames) {
    if (medium.kind == Kind::Video) out += (out.empty() ? "" : " ") + frame.time + " ";
    out += is_sound ? "<|audio>" : "<|image>";
    for (int i = 0; i < frame.n_soft; ++i) out += text::placeholder(medium.kind);
    out += is_sound ? "<audio|>" : "<image|>";
  }
  return out;
}

}  // namespace

GoldenMedia::GoldenMedia(std::shared_ptr<const runtime::Engine> engine, fs::path folder)
    : folder_(fs::weakly_canonical(folder)), encoder_(std::move(engine), no_cache()) {}

fs::path GoldenMedia::find(const fs::path& name) const {
  for (fs::path above = folder_; above.has_relative_path(); above = above.parent_path())
    if (fs::exists(above / name)) return above / name;
  throw_error<ResourceError>("{}: no {} in it or above it", folder_.string(), name.string());
}

std::vector<runtime::Medium> GoldenMedia::pictures(const Json& images) {
  std::vector<runtime::Medium> out;
  if (images.is_string()) {
    out.push_back(video(images.get<std::string>()));
    return out;
  }
  for (const Json& image : images)
    out.push_back(picture(fs::path("media") / image.at(0).get<std::string>(), image.at(1).get<int>()));
  return out;
}

std::vector<runtime::Medium> GoldenMedia::sounds(const Json& audio) {
  std::vector<runtime::Medium> out;
  for (const Json& file : audio) out.push_back(sound(fs::path("media") / file.get<std::string>()));
  return out;
}

runtime::Medium GoldenMedia::picture(const fs::path& file, int budget) {
  const auto source = media::Source::from_path(find(file).string());
  return encoder_.image(media::decode_image(source.bytes(), source.name()), budget, source.name());
}

// What is beyond the longest clip is cut, as the reference does.
runtime::Medium GoldenMedia::sound(const fs::path& file) {
  const auto source = media::Source::from_path(find(file).string());
  auto samples = media::decode_sound(source);
  if (!encoder_.takes_raw_sound() && samples.size() > media::kMaxClipSamples) samples.resize(media::kMaxClipSamples);
  return encoder_.sound(samples, source.name());
}

runtime::Medium GoldenMedia::video(const std::string& name) {
  const Json facts = read_json(find("processors/processors.json")).at("video").at(name);
  const auto indices = facts.at("indices").get<std::vector<int>>();
  const auto times = facts.at("timestamps").get<std::vector<std::string>>();
  const auto size = facts.at("frame_wh").get<std::vector<int>>();
  runtime::Medium video;
  for (size_t i = 0; i < indices.size(); ++i)
    encoder_.add_frame(video, draw_frame(indices[i], size.at(0), size.at(1)), times.at(i), name);
  return video;
}

runtime::MediaPrompt expand(const std::string& text, const text::Tokenizer& tokenizer,
                            const std::vector<runtime::Medium>& media) {
  std::string expanded;
  size_t from = 0;
  for (const runtime::Medium& medium : media) {
    const size_t at = text.find(text::placeholder(medium.kind), from);
    if (at == std::string::npos) throw RequestError("the text has fewer placeholders than media");
    expanded += text.substr(from, at - from) + expansion(medium);
    from = at + text::placeholder(medium.kind).size();
  }
  expanded += text.substr(from);
  runtime::MediaPrompt out;
  out.tokens = tokenizer.encode(expanded, text::Specials::Allow);
  out.media = runtime::place(out.tokens, tokenizer, media);
  return out;
}

}  // namespace facet::verify
