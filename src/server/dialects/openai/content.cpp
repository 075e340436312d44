#include "server/dialects/openai/content.h"

#include <fmt/format.h>

#include "server/media_parts.h"

namespace facet::server {
namespace {

// {url: ...} or the address itself.
struct Address {
  std::string url, detail, place;
};
Address read_address(const Fields& fields, const char* key) {
  const Json& value = fields.require(key);
  if (value.is_string()) return {value, fields.string_or("detail", ""), fields.place(key)};
  const Fields inner(value, fields.place(key));
  return {inner.required_string("url"), inner.string_or("detail", ""), inner.place("url")};
}

// How many tokens a picture may take, by the word that asks for it; or, as nobody else has it, by their number.
std::string budget_of_detail(const std::string& detail) {
  const bool is_number = !detail.empty() && detail.find_first_not_of("0123456789") == std::string::npos;
  if (detail == "low" || detail == "high" || is_number) return detail;
  return detail == "original" ? "high" : "";
}

}  // namespace

Json ContentReader::read(const Json& content, const std::string& place) {
  if (content.is_string()) return content;
  if (!content.is_array())
    throw_invalid(place, fmt::format("expected a string or a list of parts, got {}", json_type(content)));
  Json parts = Json::array();
  for (const Json& item : content) {
    const std::string item_at = item_place(place, parts.size());
    parts.push_back(item.is_string() ? Json{{"type", "text"}, {"text", item}} : part(Fields(item, item_at)));
  }
  return parts;
}

Json ContentReader::part(const Fields& fields) {
  const std::string type = fields.required_string("type");
  if (type == "text" || type == "input_text" || type == "output_text" || type == "summary_text" ||
      type == "reasoning_text")
    return {{"type", "text"}, {"text", fields.required_string("text")}};
  if (type == "refusal") return {{"type", "text"}, {"text", fields.required_string("refusal")}};
  if (type == "image_url" || type == "input_image") return image(fields);
  if (type == "input_audio") return audio(fields);
  if (type == "video_url") return video(fields);
  if (type == "file" || type == "input_file") return file(fields);
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("{}: parts of type '{}' are not supported, expected text, image_url, input_audio, "
                             "video_url or file",
                             fields.place("type"), type),
                 fields.place("type"));
}

Json ContentReader::image(const Fields& fields) {
  if (fields.has("file_id") && !fields.has("image_url")) return file(fields);
  const Address address = read_address(fields, "image_url");
  MediaInput input{MediaInput::Kind::Image, bytes_of_url(address.url, address.place).bytes, fields.place(),
                   budget_of_detail(address.detail)};
  return media_part(std::move(input), *media_);
}

Json ContentReader::audio(const Fields& fields) {
  fields.require("input_audio");
  const Fields inner = *fields.object("input_audio");
  const std::string data = inner.required_string("data"), place = inner.place("data");
  std::string bytes = data.starts_with("data:") ? bytes_of_url(data, place).bytes : bytes_of_base64(data, place);
  return media_part({MediaInput::Kind::Audio, std::move(bytes), fields.place(), {}}, *media_);
}

Json ContentReader::video(const Fields& fields) {
  const Address address = read_address(fields, "video_url");
  return media_part({MediaInput::Kind::Video, bytes_of_url(address.url, address.place).bytes, fields.place(), {}},
                    *media_);
}

// {file: {file_data | file_id, filename}} of chats; without the inner object, and with file_url, of responses.
Json ContentReader::file(const Fields& part) {
  const auto inner = part.object("file");
  const Fields& fields = inner ? *inner : part;
  const std::string name = fields.string_or("filename", "");
  if (const auto id = fields.string("file_id")) {
    auto found = find_file_ ? find_file_(*id) : std::nullopt;
    if (!found)
      throw ApiError(ApiError::Kind::NotFound, fmt::format("{}: no file '{}'", fields.place("file_id"), *id),
                     fields.place("file_id"));
    constexpr size_t kMaxFileBytes = size_t{256} << 20;
    n_file_bytes_ += found->bytes.size();
    if (n_file_bytes_ > kMaxFileBytes)
      throw ApiError(ApiError::Kind::TooLarge,
                     fmt::format("the files named have more than {} MiB", kMaxFileBytes >> 20),
                     fields.place("file_id"));
    return file_part(std::move(found->bytes), "", name.empty() ? found->name : name, part.place(), *media_);
  }
  const char* key = fields.has("file_url") ? "file_url" : "file_data";
  const std::string data = fields.required_string(key);
  if (data.starts_with("data:") || key == std::string_view("file_url")) {
    DataUrl url = bytes_of_url(data, fields.place(key));
    return file_part(std::move(url.bytes), url.type, name, part.place(), *media_);
  }
  return file_part(bytes_of_base64(data, fields.place(key)), "", name, part.place(), *media_);
}

std::string text_of_content(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const Json& part : content)
    if (part["type"] == "text") {
      if (!text.empty()) text += '\n';
      text += part["text"].get_ref<const std::string&>();
    }
  return text;
}

}  // namespace facet::server
