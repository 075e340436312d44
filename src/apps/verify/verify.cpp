#include "apps/verify/verify.h"

#include <algorithm>

#include "apps/verify/json_file.h"
#include "base/error.h"
#include "quant/block_type.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;

bool ends_with(const fs::path& path, std::string_view suffix) { return path.filename().string().ends_with(suffix); }

// Kinds of golden files that other parts of facet will answer for.
void skip_later_kinds(const fs::path& folder, Report& report) {
  const std::string group = fs::weakly_canonical(folder).filename().string();
  constexpr std::pair<const char*, const char*> kKinds[] = {
      {"vision.json", "images are not part of this build"},
      {"audio.json", "sound is not part of this build"},
      {"train.json", "training is not part of this build"},
      {"draft.json", "drafting is not part of this build"},
      {"processors.json", "images and sound are not part of this build"}};
  for (const auto& [file, reason] : kKinds) {
    const std::string name = group + "/" + fs::path(file).stem().string();
    if (fs::exists(folder / file) && report.wants(name)) report.skip(name, reason);
  }
}

void run_file(const fs::path& file, Report& report) {
  if (ends_with(file, "encode.jsonl") || ends_with(file, "decode.jsonl"))
    run_tokenizer_goldens(file, report);
  else if (file.extension() == ".jsonl")
    run_chat_file(file, report);
  else if (file.extension() == ".safetensors" && quant::find_block_type(file.stem().string()))
    run_quant_goldens(file, report);
}

// The files and folders of a folder, in order of name.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

bool has_gguf(const std::vector<fs::path>& files) {
  return std::any_of(files.begin(), files.end(), [](const fs::path& f) { return f.extension() == ".gguf"; });
}

void run_folder(const fs::path& folder, Report& report) {
  const auto inside = entries(folder);
  if (fs::exists(folder / "text.json")) run_text_goldens(folder, report);
  if (fs::exists(folder / "logits.json") && has_gguf(inside)) run_gguf_goldens(folder, report);
  if (fs::exists(folder / "greedy.json") && fs::exists(folder / "logprobs.json"))
    run_real_model_goldens(folder, report);
  if (fs::exists(folder / "cases.json") && fs::exists(folder / "config.json")) run_trained_cases(folder, report);
  skip_later_kinds(folder, report);
  for (const fs::path& path : inside) {
    if (fs::is_directory(path))
      run_folder(path, report);
    else
      run_file(path, report);
  }
}

}  // namespace

void run_path(const fs::path& path, Report& report) {
  if (!fs::exists(path)) throw_error<RequestError>("{}: no such file or folder", path.string());
  if (fs::is_directory(path))
    run_folder(path, report);
  else
    run_file(path, report);
}

}  // namespace facet::verify
