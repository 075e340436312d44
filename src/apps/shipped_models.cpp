#include "apps/shipped_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "apps/embedded_nano.h"

namespace facet::apps {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNano = "nano";
constexpr const char* kNanoName = "built-in/nano-q8_0.gguf";

struct Shipped {
  const char* name;
  const char* path;  // below share/facet
};
constexpr Shipped kShipped[] = {{kNano, "models/nano/nano-q8_0.gguf"}, {"nano-moe", "models/nano/nano-moe-q8_0.gguf"}};

}  // namespace

const std::vector<MemoryFile>& built_in_files() {
  static const std::vector<MemoryFile> files = [] {
    std::vector<MemoryFile> out;
    if (!embedded_nano().empty()) out.push_back({kNanoName, embedded_nano()});
    if (!embedded_nano_projector().empty())
      out.push_back({"built-in/mmproj-nano-bf16.gguf", embedded_nano_projector()});
    return out;
  }();
  return files;
}

std::optional<std::string> find_shipped_model(const std::string& name) {
  if (name == kNano && find_file(built_in_files(), kNanoName) != nullptr) return kNanoName;
  for (const Shipped& model : kShipped)
    if (name == model.name) return find_shipped(model.path);
  return {};
}

bool is_shipped_name(const std::string& name) {
  return std::any_of(std::begin(kShipped), std::end(kShipped), [&](const Shipped& m) { return name == m.name; });
}

std::optional<std::string> find_shipped(const std::string& relative_path) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path folder = program.parent_path();
  for (const fs::path& share : {folder / "share/facet", folder.parent_path() / "share/facet"})
    if (const fs::path path = share / relative_path; fs::exists(path, error)) return path.string();
  return {};
}

std::string nano_note(const std::string& library) {
  return fmt::format(
      "no model was named: this is nano, a very small demonstration model that comes with facet. For real use get a "
      "GGUF file, for example gemma-4-E2B-it-Q4_0.gguf, and name it: -m gemma-4-E2B-it-Q4_0.gguf, or put it into {}",
      library);
}

}  // namespace facet::apps
