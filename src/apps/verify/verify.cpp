#include "apps/verify/verify.h"

#include <algorithm>

#include "apps/verify/json_file.h"
#include "base/error.h"
#include "quant/block_type.h"
#include "runtime/encoders.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;

bool ends_with(const fs::path& path, std::string_view suffix) { return path.filename().string().ends_with(suffix); }

// Kinds of golden files that other parts of facet will answer for.
void skip_later_kinds(const fs::path& folder, Report& report) {
  const std::string group = fs::weakly_canonical(folder).filename().string();
  constexpr std::pair<const char*, const char*> kKinds[] = {{"train.json", "training is not part of this build"},
                                                            {"draft.json", "drafting is not part of this build"}};
  for (const auto& [file, reason] : kKinds) {
    const std::string name = group + "/" + fs::path(file).stem().string();
    if (fs::exists(folder / file) && report.wants(name)) report.skip(name, reason);
  }
}

void run_file(const fs::path& file, Report& report) {
  if (runtime::is_projector_name(file.filename().string()))
    run_projector_goldens(file, report);
  else if (ends_with(file, "encode.jsonl") || ends_with(file, "decode.jsonl"))
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

// What a kind of file throws as a whole (its cases report for themselves) is a failure under its name.
template <class Run>
void guarded(const fs::path& path, Report& report, Run&& run) {
  try {
    run(path, report);
  } catch (const std::exception& e) {
    const std::string name = path.filename().string();
    if (report.wants(name)) report.fail(name, e.what());
  }
}

void run_folder(const fs::path& folder, Report& report) {
  const auto inside = entries(folder);
  const auto has = [&](const char* file) { return fs::exists(folder / file); };
  if (has("text.json")) guarded(folder, report, run_text_goldens);
  if (has("vision.json") || has("audio.json")) guarded(folder, report, run_media_goldens);
  if (has("logits.json") && has_gguf(inside)) guarded(folder, report, run_gguf_goldens);
  if (has("greedy.json") || has("logprobs.json")) guarded(folder, report, run_real_model_goldens);
  if (has("cases.json") && has("config.json")) guarded(folder, report, run_trained_cases);
  if (has("processors.json")) guarded(folder, report, run_processor_goldens);
  skip_later_kinds(folder, report);
  for (const fs::path& path : inside) {
    if (fs::is_directory(path))
      run_folder(path, report);
    else
      guarded(path, report, run_file);
  }
}

}  // namespace

void run_path(const fs::path& path, Report& report) {
  if (!fs::exists(path)) throw_error<RequestError>("{}: no such file or folder", path.string());
  if (fs::is_directory(path))
    run_folder(path, report);
  else
    guarded(path, report, run_file);
}

}  // namespace facet::verify
