// Prompts with pictures, videos and sounds: what the processors, the encoders and the text model make of them together.
#include "apps/verify/golden_media.h"
#include "apps/verify/prompt_case.h"
#include "apps/verify/verify.h"
#include "base/error.h"
#include "runtime/encoders.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using runtime::Medium;

std::vector<float> rows_of(const std::vector<Medium>& media) {
  std::vector<float> out;
  for (const Medium& medium : media)
    for (const auto& part : medium.parts) out.insert(out.end(), part->values.begin(), part->values.end());
  return out;
}

// Those rows of [n, n_cols] that the golden keeps; all when it does not say.
std::vector<float> chosen(std::span<const float> all, size_t n_cols, const safetensors::File& golden,
                          const char* which) {
  if (golden.find(which) == nullptr) return {all.begin(), all.end()};
  std::vector<float> out;
  for (const int64_t row : golden.to_i64(which)) {
    const size_t begin = static_cast<size_t>(row) * n_cols;
    if (begin + n_cols > all.size()) return {};
    out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
               all.begin() + static_cast<std::ptrdiff_t>(begin + n_cols));
  }
  return out;
}

void compare(const std::string& name, std::span<const float> got, const safetensors::File& golden, Case& result) {
  const auto want = golden.to_f32(name);
  result.expect(got.size() == want.size(), name + " has another size");
  if (got.size() == want.size())
    result.compare(name, largest_difference(got, want), kRelativeTolerance * largest_magnitude(want));
}

bool is_of_encoder(const std::string& name) {
  return name == "patch_embed" || name == "subsampled" || name == "tower_out" || name.starts_with("vision_layer.") ||
         name.starts_with("audio_layer.");
}

// What the encoders gave, and on the way.
void compare_encoded(const std::vector<Medium>& media, const ops::Dump& dump, const safetensors::File& golden,
                     Case& result) {
  const auto n_cols = static_cast<size_t>(media.front().parts.front()->n_cols);
  compare("projected", chosen(rows_of(media), n_cols, golden, "projected_rows"), golden, result);
  for (const safetensors::Tensor& t : golden.tensors()) {
    if (!is_of_encoder(t.name)) continue;
    const auto at = dump.find(t.name);
    result.expect(at != dump.end(), t.name + " was not computed");
    if (at == dump.end()) continue;
    const bool is_patch = t.name == "patch_embed" || t.name.starts_with("vision_layer.");
    compare(t.name,
            chosen(at->second.values, static_cast<size_t>(at->second.n_cols), golden,
                   is_patch ? "vision_rows" : "projected_rows"),
            golden, result);
  }
}

class MediaFolder {
 public:
  MediaFolder(fs::path folder, Report& report) : folder_(std::move(folder)), report_(report) {}

  void run(const std::string& kind) {
    const Json cases = read_json(folder_ / (kind + ".json"));
    const std::string group = fs::weakly_canonical(folder_).filename().string() + "/" + kind + "/";
    for (const auto& item : cases.items()) {
      const Json& facts = item.value();
      if (!facts.is_object() || !facts.contains("file")) continue;
      run_case(report_, group + item.key(), [&](Case& result) { check(facts, result); });
    }
  }

 private:
  void check(const Json& facts, Case& result) {
    if (engine_ == nullptr) {
      engine_ = load_dumping(find_checkpoint(folder_).string(), report_.options(), dump_);
      media_.emplace(engine_, folder_);
    }
    const std::string file = facts.at("file").get<std::string>();
    const auto golden = safetensors::File::open((folder_ / file).string());
    dump_.clear();
    const auto media =
        facts.contains("audio") ? media_->sounds(facts.at("audio")) : media_->pictures(facts.at("images"));
    compare_encoded(media, dump_, golden, result);
    const auto prompt = expand(facts.at("text").get<std::string>(), engine_->tokenizer(), media);
    result.expect(prompt.tokens == tokens_of(golden, "input_ids"), "input ids differ");
    if (prompt.tokens == tokens_of(golden, "input_ids"))
      PromptCase(engine_, dump_, {golden, facts, read_tolerances(folder_, file)}, result).run(prompt.media);
  }

  fs::path folder_;
  Report& report_;
  ops::Dump dump_;
  std::shared_ptr<const runtime::Engine> engine_;
  std::optional<GoldenMedia> media_;
};

// The encoders of a projector file, beside the goldens of the checkpoint it was made from. Its text model, of which the
// width alone matters, is any of the GGUF files beside it.
class ProjectorFile {
 public:
  ProjectorFile(const fs::path& file, Report& report) : file_(file), folder_(file.parent_path().parent_path()) {
    options_ = report.options().engine_options();
    options_.projector = file.string();
  }

  void check(const Json& facts, Case& result) {
    if (engine_ == nullptr) {
      engine_ = runtime::Engine::load(text_model(), options_);
      media_.emplace(engine_, folder_);
    }
    const auto golden = safetensors::File::open((folder_ / facts.at("file").get<std::string>()).string());
    const auto media =
        facts.contains("audio") ? media_->sounds(facts.at("audio")) : media_->pictures(facts.at("images"));
    const auto got =
        chosen(rows_of(media), static_cast<size_t>(media.front().parts.front()->n_cols), golden, "projected_rows");
    const auto want = golden.to_f32("projected");
    result.expect(got.size() == want.size(), "projected has another size");
    if (got.size() != want.size()) return;
    result.compare("projected", largest_difference(got, want), tolerance() * largest_magnitude(want));
  }

 private:
  // A file of bf16 holds a checkpoint of bf16 as it is. Of one of f32 it rounds every weight by up to 2^-9, 0.2 %; that
  // is as good as random, so of some 15 products one behind the other the errors add up to 4 times that, and the
  // largest of many rows lies at 2 to 3 times as much. A part that is missing or elsewhere costs as much as there is.
  double tolerance() const {
    const bool is_f32 = read_json(find_checkpoint(folder_) / "config.json").value("dtype", "") == "float32";
    constexpr double kRounded = 0.02;
    return is_f32 ? kRounded : kRelativeTolerance;
  }

  std::string text_model() const {
    for (const auto& entry : fs::directory_iterator(file_.parent_path())) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() == ".gguf" && !runtime::is_projector_name(name)) return entry.path().string();
    }
    throw_error<ResourceError>("{}: no GGUF model stands beside it", file_.string());
  }

  fs::path file_, folder_;
  runtime::EngineOptions options_;
  std::shared_ptr<const runtime::Engine> engine_;
  std::optional<GoldenMedia> media_;
};

}  // namespace

void run_projector_goldens(const fs::path& file, Report& report) {
  const fs::path folder = fs::weakly_canonical(file).parent_path().parent_path();
  ProjectorFile projector(fs::weakly_canonical(file), report);
  for (const char* kind : {"vision", "audio"}) {
    const fs::path cases = folder / (std::string(kind) + ".json");
    if (!fs::exists(cases)) continue;
    const Json all = read_json(cases);
    for (const auto& item : all.items()) {
      const Json& facts = item.value();
      if (!facts.is_object() || !facts.contains("file")) continue;
      const std::string name =
          fmt::format("{}/gguf/{}/{}/{}", folder.filename().string(), file.filename().string(), kind, item.key());
      run_case(report, name, [&](Case& result) { projector.check(facts, result); });
    }
  }
}

void run_media_goldens(const fs::path& folder, Report& report) {
  MediaFolder media(folder, report);
  for (const char* kind : {"vision", "audio"})
    if (fs::exists(folder / (std::string(kind) + ".json"))) media.run(kind);
}

}  // namespace facet::verify
