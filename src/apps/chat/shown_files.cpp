#include "apps/chat/shown_files.h"

namespace facet::apps::chat {
namespace {

using Json = ShownFiles::Json;

bool is_file(const Json& part) { return part.contains("path"); }

MediaFile file_of(const Json& part) {
  MediaFile file;
  const auto type = part.at("type").get<std::string>();
  for (const auto kind : {MediaFile::Kind::Image, MediaFile::Kind::Audio, MediaFile::Kind::Video})
    if (kind_name(kind) == type) file.kind = kind;
  file.path = part.at("path").get<std::string>();
  file.budget = part.value("budget", file.budget);
  file.tile = part.value("tile", false);
  return file;
}

}  // namespace

Json part_of(const MediaFile& file) {
  Json part{{"type", std::string(kind_name(file.kind))}, {"path", file.path}};
  if (file.kind == MediaFile::Kind::Image) part["budget"] = file.budget;
  if (file.tile) part["tile"] = true;
  return part;
}

const ShownMedia& ShownFiles::shown(const Json& part) {
  const std::string key = part.dump();
  if (const auto at = by_part_.find(key); at != by_part_.end()) return at->second;
  ShownMedia media;
  constexpr int kMessage = 64;  // its text is not written yet
  reader_.set_room(room_for_media(*engine_, kMessage));
  reader_.read(file_of(part), media);
  return by_part_.emplace(key, std::move(media)).first->second;
}

int ShownFiles::read(const Json& part) {
  by_part_.erase(part.dump());
  int n = 0;
  for (const runtime::Medium& medium : shown(part).media) n += medium.n_tokens();
  return n;
}

ShownFiles::Shown ShownFiles::show(const Json& messages) {
  Shown out;
  for (Json message : messages) {
    if (message.contains("content") && message["content"].is_array()) {
      Json parts = Json::array();
      for (const Json& part : message["content"]) {
        if (!is_file(part)) {
          parts.push_back(part);
          continue;
        }
        const ShownMedia& media = shown(part);
        parts.insert(parts.end(), media.parts.begin(), media.parts.end());
        out.media.insert(out.media.end(), media.media.begin(), media.media.end());
      }
      message["content"] = std::move(parts);
    }
    out.messages.push_back(std::move(message));
  }
  return out;
}

}  // namespace facet::apps::chat
