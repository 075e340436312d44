// The content of messages, of chats and of responses: text and parts. Media go beside the request.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

struct UploadedFile {
  std::string name, bytes;
};
// A file that was uploaded before, by its id.
using FindFile = std::function<std::optional<UploadedFile>(const std::string& id)>;

class ContentReader {
 public:
  // media: takes what is found, in order. find_file: may be empty, then files have no ids.
  ContentReader(std::vector<MediaInput>& media, FindFile find_file)
      : media_(&media), find_file_(std::move(find_file)) {}

  // A string stays one; a list becomes parts of type text, image, audio, video. ApiError for other types.
  Json read(const Json& content, const std::string& place);

 private:
  Json part(const Fields& fields);
  Json image(const Fields& fields);
  Json audio(const Fields& fields);
  Json video(const Fields& fields);
  Json file(const Fields& fields);

  std::vector<MediaInput>* media_;
  FindFile find_file_;
  size_t n_file_bytes_ = 0;  // of stored files, which a small request may name often
};

// Only the text of a content as read() returns it, its parts joined by line ends.
std::string text_of_content(const Json& content);

}  // namespace facet::server
