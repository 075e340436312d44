#include "server/media_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii_case.h"
#include "base/error.h"
#include "media/data_uri.h"
#include "media/file_type.h"
#include "server/json_reading.h"
#include "text/utf8.h"

namespace facet::server {
namespace {

std::string string_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_text(std::string_view bytes) { return text::is_utf8(bytes) && bytes.find('\0') == std::string_view::npos; }

}  // namespace

std::string bytes_of_base64(std::string_view text, const std::string& place) {
  try {
    std::string bytes = string_of(media::decode_base64(text, place));
    if (bytes.empty()) throw_invalid(place, "is empty");
    return bytes;
  } catch (const FormatError& e) {
    throw ApiError(ApiError::Kind::Invalid, e.what(), place);
  }
}

DataUrl bytes_of_url(std::string_view url, const std::string& place) {
  const std::string scheme = ascii_lower(url.substr(0, std::min<size_t>(url.find(':'), 16)));
  if (scheme == "http" || scheme == "https")
    throw ApiError(ApiError::Kind::Unsupported,
                   place + ": this server does not fetch addresses, send the content as a data: URL", place);
  const size_t comma = url.find(',');
  if (scheme != "data" || comma == std::string_view::npos)
    throw_invalid(place, fmt::format("'{}' is no data: URL (data:TYPE;base64,CONTENT)", url.substr(0, 40)));
  std::string head = ascii_lower(url.substr(5, comma - 5));
  constexpr std::string_view kBase64 = ";base64";
  const bool is_base64 = head.ends_with(kBase64);
  if (is_base64) head.resize(head.size() - kBase64.size());
  DataUrl result{{}, head.substr(0, head.find(';'))};
  try {
    result.bytes = media::decode_percent(url.substr(comma + 1), place);
  } catch (const FormatError& e) {
    throw ApiError(ApiError::Kind::Invalid, e.what(), place);
  }
  if (is_base64) result.bytes = bytes_of_base64(result.bytes, place);
  return result;
}

Json media_part(MediaInput input, std::vector<MediaInput>& media) {
  using Kind = MediaInput::Kind;
  const Kind kind = input.kind;
  media.push_back(std::move(input));
  return {{"type", kind == Kind::Image ? "image" : kind == Kind::Audio ? "audio" : "video"}};
}

Json file_part(std::string bytes, std::string_view type, const std::string& name, const std::string& place,
               std::vector<MediaInput>& media) {
  const media::FileDescription found = media::describe_file(std::as_bytes(std::span(bytes)));
  const auto as = [&](MediaInput::Kind kind) { return media_part({kind, std::move(bytes), place, {}}, media); };
  if (media::is_picture(found.type)) return as(MediaInput::Kind::Image);
  if (found.type == media::FileType::kSoundOrVideo)
    return as(ascii_lower(type).starts_with("video/") ? MediaInput::Kind::Video : MediaInput::Kind::Audio);
  if (found.type != media::FileType::kDocument && is_text(bytes))
    return {{"type", "text"}, {"text", name.empty() ? std::move(bytes) : name + ":\n" + std::move(bytes)}};
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("{}: {}: expected text, a picture, a sound or a video", place, found.name), place);
}

}  // namespace facet::server
