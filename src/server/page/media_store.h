// Pictures, sounds, videos and documents of the page's conversations, in the server's database: the same bytes are kept
// once for each owner, under a name that is their hash. Thread-safe.
#pragma once

#include <atomic>
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
  // Those that no message shows, and that came more than a day before `now`, in milliseconds. Where the database cannot
  // be changed just now, at the next call.
  void forget_unused(int64_t now);
  // The same where the last time is an hour ago: for what happens often.
  void forget_unused_now_and_then(int64_t now);

 private:
  Database& database_;
  std::atomic<int64_t> last_look_{0};
};

// As PageMediaStore::put, for who holds the database's lock. What is there keeps its name.
void put_medium(Database& database, const std::string& owner, const PageMedium& medium);

// What bytes from outside are, and how they are told from others. name and type: as the client says them. ApiError
// (Invalid, Unsupported) for what is no medium, or one that cannot be decoded here.
PageMedium read_page_medium(std::string bytes, const std::string& name, const std::string& type);

}  // namespace facet::server
