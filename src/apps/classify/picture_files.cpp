#include "apps/classify/picture_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>

#include "base/error.h"
#include "media/file_type.h"

namespace facet::apps {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (!entry.is_regular_file(ignored)) return false;  // pipes would be waited for
  std::ifstream in(entry.path(), std::ios::binary);
  std::array<char, 32> start{};
  in.read(start.data(), start.size());
  const auto n = static_cast<size_t>(in.gcount());
  return media::is_picture(media::describe_file(std::as_bytes(std::span(start)).first(n)).type);
}

template <class Iterator>
std::vector<std::string> pictures_from(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  Iterator it(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != Iterator(); it.increment(error))
    if (is_picture(*it)) found.push_back(it->path().string());
  if (error) throw_error<RequestError>("{}: the folder cannot be read: {}", folder, error.message());
  return found;
}

}  // namespace

std::vector<std::string> pictures_in(const std::string& folder, bool recursive) {
  auto found = recursive ? pictures_from<fs::recursive_directory_iterator>(folder)
                         : pictures_from<fs::directory_iterator>(folder);
  if (found.empty())
    throw_error<RequestError>("{}: there is no picture in the folder{}", folder,
                              recursive ? "" : " itself; --recursive looks in the folders inside it too");
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace facet::apps
