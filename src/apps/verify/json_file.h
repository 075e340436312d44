// Reading the JSON of golden directories.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace facet::verify {

using Json = nlohmann::json;

inline Json read_json(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw_error<ResourceError>("{}: cannot open", path.string());
  try {
    return Json::parse(in);
  } catch (const Json::exception& e) {
    throw_error<FormatError>("{}: {}", path.string(), e.what());
  }
}

inline std::vector<Json> read_json_lines(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) throw_error<ResourceError>("{}: cannot open", path.string());
  std::vector<Json> lines;
  try {
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) lines.push_back(Json::parse(line));
  } catch (const Json::exception& e) {
    throw_error<FormatError>("{}: line {}: {}", path.string(), lines.size() + 1, e.what());
  }
  return lines;
}

}  // namespace facet::verify
