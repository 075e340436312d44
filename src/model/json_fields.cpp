#include "model/json_fields.h"

#include "base/mapped_file.h"

namespace facet::model {

Json parse_object(const std::string& json, const std::string& source) {
  Json root;
  try {
    // Eight levels are twice what any published configuration nests.
    root = Json::parse(json, [](int depth, Json::parse_event_t, Json&) {
      if (depth > 8) throw FormatError("nested more than 8 deep");
      return true;
    });
  } catch (const std::exception& e) {
    throw_error<FormatError>("{}: not a JSON configuration: {}", source, e.what());
  }
  if (!root.is_object()) throw_error<FormatError>("{}: expected a JSON object", source);
  return root;
}

std::string read_small_file(const std::string& path) {
  const MappedFile file(path);
  constexpr size_t kMaxBytes = 16 << 20;
  if (file.bytes().size() > kMaxBytes)
    throw_error<FormatError>("{}: {} bytes are too many for a configuration", path, file.bytes().size());
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace facet::model
