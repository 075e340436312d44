// Pictures, sounds, videos and documents of the page's conversations, in the server's database: the same bytes are kept
// once for each owner, under a name that is their hash. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "server/database.h"

namespace facet::server {

struct PageMedium {
  std::string id;    // of the bytes
  std::string kind;  // "image", "audio", "video", "document"
  std::string type;  // "image/png"
  std::string name;  // as the user's file was called; may be empty
  std::string bytes;
};

class PageMediaStore {
 public:
  // The database outlives it.
  explicit PageMediaStore(Database& database) : database_(database) {}

  void put(const std::string& owner, const PageMedium& medium);
  PageMedium get(const std::string& owner, const std::string& id);  // ApiError (NotFound)
  // Those that no message shows, and that were uploaded before then.
  void remove_unused(int64_t before_milliseconds);

 private:
  Database& database_;
};

// What bytes from outside are, and how they are told from others. name and type: as the client says them. ApiError
// (Invalid, Unsupported) for what is no medium, or one that cannot be decoded here.
PageMedium read_page_medium(std::string bytes, const std::string& name, const std::string& type);

}  // namespace facet::server
