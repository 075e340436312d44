// What the server remembers beside keys and values: stored responses, files, batches, in one SQLite database under
// $FACET_HOME/server, which the page's conversations are in too (page/conversation_store.h). A change has been written
// when a method returns, and a crash loses none. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/task_queue.h"

namespace facet::server {

class Database;

// A JSON object or a file's bytes under an id, owned by a client (Exchange's http::Request::client): nobody else finds
// it.
struct StoredItem {
  std::string kind;  // "response", "file", "batch", and what belongs to those under way
  std::string id;
  std::string owner;
  int64_t created = 0;  // seconds since 1970
  std::string json;
  std::string bytes;  // of a file; empty where only `json` was asked for
};

class Store {
 public:
  // path: the database's file, made when it is not there; ":memory:" for tests. Older layouts are brought up to date.
  // max_bytes: how large it may become; 0: as the disk allows. Throws ResourceError saying what to do.
  explicit Store(const std::string& path, int64_t max_bytes = 0);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // New, or in place of the one with its kind and id. ShortageError when the disk is full.
  void put(const StoredItem& item);
  // Gives an item's JSON another text, which change() makes of it; no other server that shares the store comes in
  // between. False: it is not there. change() may not ask the store.
  bool change(const std::string& kind, const std::string& id, const std::string& owner,
              const std::function<void(std::string& json)>& change);
  std::optional<StoredItem> get(const std::string& kind, const std::string& id, const std::string& owner,
                                bool with_bytes = false);
  // Newest first, from behind `after` (an id; empty: from the newest); json alone.
  std::vector<StoredItem> list(const std::string& kind, const std::string& owner, int limit,
                               const std::string& after = {});
  std::vector<StoredItem> all(const std::string& kind);                                   // of all owners, json alone
  bool remove(const std::string& kind, const std::string& id, const std::string& owner);  // false: was not there
  int remove_older(const std::string& kind, int64_t created_before);
  std::map<std::string, int64_t> counts();  // of each kind, and the page's conversations
  // A consistent copy while the server runs, readable for its owner alone. Nothing may be at `path`.
  void backup(const std::string& path);

  // Several servers may share a store. claim() notes, as an item of this kind, that this one works on something. False:
  // another does, which is running now; what a server left behind when it ended is anybody's.
  bool claim(const std::string& kind, const std::string& id, const std::string& owner);
  bool is_claimed_elsewhere(const std::string& kind, const std::string& id, const std::string& owner);

  Database& database() noexcept;  // with the tables of all

  // For those who must not wait for the disk. What was pushed is done before the store ends.
  TaskQueue& queue() noexcept { return queue_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  TaskQueue queue_;  // ends first: its tasks use the store
};

}  // namespace facet::server
