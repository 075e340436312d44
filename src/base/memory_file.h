// A file that is in memory already, as one that is part of the program is, under the name that stands for its path.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace facet {

struct MemoryFile {
  std::string name;
  std::span<const std::byte> bytes;  // they outlive whatever uses the file
};

// Null when none has this name.
inline const MemoryFile* find_file(std::span<const MemoryFile> files, std::string_view name) {
  const auto at = std::find_if(files.begin(), files.end(), [&](const MemoryFile& f) { return f.name == name; });
  return at == files.end() ? nullptr : &*at;
}

}  // namespace facet
