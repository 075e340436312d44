// Pictures, sounds, videos and files that clients put into messages: bytes beside the request, and a part of the
// message that stands for them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/request.h"

namespace facet::server {

// Bytes as a client writes them; what is wrong is an ApiError (Invalid) that begins with the place.
std::string bytes_of_base64(std::string_view text, const std::string& place);

struct DataUrl {
  std::string bytes;
  std::string type;  // "image/png", in lower case; empty: not said
};
// data:[TYPE][;base64],CONTENT. Addresses of other kinds are refused: http and https as Unsupported.
DataUrl bytes_of_url(std::string_view url, const std::string& place);

// Puts the input behind `media` and returns the part for the message: {"type": "image" | "audio" | "video"}.
Json media_part(MediaInput input, std::vector<MediaInput>& media);

// A file of any kind as a part: pictures, sounds and videos by their content, text (UTF-8) as a text part with its name
// above it; others (PDF, archives) are refused. type: as the client says, tells sounds from videos; name: may be empty.
Json file_part(std::string bytes, std::string_view type, const std::string& name, const std::string& place,
               std::vector<MediaInput>& media);

}  // namespace facet::server
