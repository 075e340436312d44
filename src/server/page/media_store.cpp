#include "server/page/media_store.h"

#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/error.h"
#include "http/sha256.h"
#include "media/file_type.h"
#include "media/kind.h"
#include "server/api_error.h"
#include "server/page/clock.h"
#include "server/page/message.h"
#include "text/utf8.h"

namespace facet::server {
namespace {

constexpr size_t kMaxMediumBytes = size_t{512} << 20;  // SQLite takes less than twice as much

// "video/webm;codecs=vp9" → "video/webm"; empty where that is not of this kind.
std::string plain_type(const std::string& type, std::string_view kind) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789+-./";
  const std::string plain = ascii_lower(std::string_view(type).substr(0, type.find(';')));
  const bool is_type = plain.find_first_not_of(kLetters) == std::string::npos && plain.size() < 80;
  return is_type && plain.starts_with(std::string(kind) + "/") ? plain : std::string();
}

// As its streams say; FormatError where it has none.
void read_streams(PageMedium& medium, const std::string& place, const std::string& type) {
  const auto* begin = reinterpret_cast<const std::byte*>(medium.bytes.data());
  const auto source = media::Source::from_bytes({begin, begin + medium.bytes.size()}, place);
  medium.kind = media::kind_of(source) == media::MediaKind::kVideo ? "video" : "audio";
  medium.type = plain_type(type, medium.kind);
  if (medium.type.empty()) medium.type = "application/octet-stream";
}

bool is_plain_text(std::string_view bytes) { return text::is_utf8(bytes) && bytes.find('\0') == bytes.npos; }

}  // namespace

PageMedium read_page_medium(std::string bytes, const std::string& name, const std::string& type) {
  const std::string place = name.empty() ? "the file" : printable(name, 100);
  if (bytes.empty()) throw ApiError(ApiError::Kind::Invalid, place + ": is empty");
  if (bytes.size() > kMaxMediumBytes)
    throw ApiError(ApiError::Kind::TooLarge, fmt::format("{}: more than {} bytes", place, kMaxMediumBytes));
  const media::FileDescription found = media::describe_file(std::as_bytes(std::span(bytes)));
  PageMedium medium{http::hex_digits(http::sha256(bytes)).substr(0, 40), {}, {}, page_title(name), std::move(bytes)};
  const bool is_text = is_plain_text(medium.bytes);
  if (media::is_picture(found.type)) {
    medium.kind = "image";
    medium.type = "image/" + ascii_lower(found.name);
  } else if (found.type == media::FileType::kDocument || (found.type == media::FileType::kUnknown && is_text)) {
    medium.kind = "document";
    medium.type = found.name == "a PDF document" ? "application/pdf"
                  : is_text                      ? "text/plain; charset=utf-8"
                                                 : "application/octet-stream";
  } else {
    read_streams(medium, place, type);
  }
  return medium;
}

void put_medium(Database& database, const std::string& owner, const PageMedium& medium) {
  Query row(database,
            "INSERT INTO media VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, id) DO UPDATE SET created ="
            " excluded.created");
  row.text(owner).text(medium.id).text(medium.kind).text(medium.type).text(medium.name);
  row.number(now_milliseconds()).bytes(medium.bytes).step();
}

void PageMediaStore::put(const std::string& owner, const PageMedium& medium) {
  const std::lock_guard lock(database_.mutex());
  put_medium(database_, owner, medium);
}

PageMedium PageMediaStore::get(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(database_.mutex());
  Query row(database_, "SELECT id, kind, type, name, bytes FROM media WHERE owner = ? AND id = ?");
  if (!row.text(owner).text(id).step())
    throw ApiError(ApiError::Kind::NotFound, fmt::format("no medium '{}'", printable(id, 80)), "media");
  return {row.text_at(0), row.text_at(1), row.text_at(2), row.text_at(3), row.text_at(4)};
}

void PageMediaStore::forget_unused(int64_t now) try {
  constexpr int64_t kDay = 86'400'000;
  last_look_ = now;
  const std::lock_guard lock(database_.mutex());
  Query(database_,
        "DELETE FROM media WHERE created < ? AND NOT EXISTS (SELECT 1 FROM media_uses WHERE owner = media.owner AND"
        " media = media.id)")
      .number(now - kDay)
      .step();
  if (database_.n_changes() > 0) database_.forget_deleted();
} catch (const ResourceError&) {  // whoever called wants something else, and can have it
}

void PageMediaStore::forget_unused_now_and_then(int64_t now) {
  constexpr int64_t kHour = 3'600'000;
  if (now - last_look_ >= kHour) forget_unused(now);
}

}  // namespace facet::server
