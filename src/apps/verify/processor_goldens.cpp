// The input processors against the official ones: what becomes of pictures, sounds and videos before a model sees them.
#include "apps/verify/processor_cases.h"
#include "apps/verify/verify.h"
#include "media/frame_times.h"
#include "media/image_size.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;

// The media lie in the folder, or beside it.
fs::path find_media(const fs::path& folder, const std::string& name) {
  const fs::path inside = folder / "media" / name;
  return fs::exists(inside) ? inside : fs::weakly_canonical(folder).parent_path() / "media" / name;
}

using Check = void (*)(const MediaCase&, Case&);

void run_media(const fs::path& folder, const Json& cases, const char* tensors_file, Check check, Report& report) {
  const auto tensors = safetensors::File::open((folder / tensors_file).string());
  const std::string group = fs::weakly_canonical(folder).filename().string();
  for (const auto& [name, golden] : cases.items()) {
    const MediaCase media{find_media(folder, name), golden, tensors};
    run_case(report, group + "/" + name, [&](Case& result) { check(media, result); });
  }
}

}  // namespace

void check_sampling(const Json& frames_by_length, Case& result) {
  int n_short = 0;
  for (const auto& [length, frames] : frames_by_length.items()) {
    const auto found = media::sample_frames(std::stoi(length));
    if (frames.is_array())
      result.expect(found == frames.get<std::vector<int>>(), fmt::format("frames of {} differ", length));
    else
      ++n_short;  // the official processor refuses these
  }
  result.note(
      fmt::format("{} lengths; of {} shorter than the frames wanted, which the official processor refuses, all "
                  "frames are taken",
                  frames_by_length.size() - static_cast<size_t>(n_short), n_short));
}

void check_video(const Json& golden, Case& result) {
  const auto frames = media::sample_frames(golden.at("total_frames").get<int>());
  result.expect(frames == golden.at("indices").get<std::vector<int>>(), "frames differ");
  std::vector<std::string> times;
  for (const int i : frames) times.push_back(media::timestamp(media::frame_seconds(i, golden.at("fps").get<double>())));
  result.expect(times == golden.at("timestamps").get<std::vector<std::string>>(), "times differ");
  const auto size = golden.at("frame_wh").get<std::array<int, 2>>();
  const int n_soft = media::n_soft_tokens(media::target_size({size[0], size[1]}, media::kVideoFrameBudget));
  result.expect(n_soft == golden.at("n_soft_per_frame").get<int>(), fmt::format("{} soft tokens a frame", n_soft));
  result.note(fmt::format("{} frames of {} soft tokens", frames.size(), n_soft));
}

void run_processor_goldens(const fs::path& folder, Report& report) {
  const Json goldens = read_json(folder / "processors.json");
  const std::string group = fs::weakly_canonical(folder).filename().string() + "/";
  if (goldens.contains("images")) run_media(folder, goldens["images"], "images.safetensors", check_picture, report);
  if (goldens.contains("audio")) run_media(folder, goldens["audio"], "audio.safetensors", check_sound, report);
  if (goldens.contains("video"))
    for (const auto& [name, golden] : goldens["video"].items())
      run_case(report, group + name, [&golden = golden](Case& result) { check_video(golden, result); });
  if (goldens.contains("video_sampling_32"))
    run_case(report, group + "video_sampling_32",
             [&](Case& result) { check_sampling(goldens["video_sampling_32"], result); });
}

}  // namespace facet::verify
