// The page's conversations in the server's database: trees of messages with a title and settings. What belongs to one
// owner is not there for others. Thread-safe; a change has been written when a method returns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/database.h"
#include "server/page/media_store.h"
#include "server/page/message.h"

namespace facet::server {

struct Conversation {
  std::string id, title;
  bool is_pinned = false;
  std::string settings = "{}";       // a JSON object, the page's own
  std::string leaf;                  // the message at whose end the branch is that is shown; empty: there is none
  int64_t version = 0;               // grows with every change
  int64_t created = 0, updated = 0;  // milliseconds since 1970
  int64_t n_messages = 0;
};

struct ConversationList {
  std::vector<Conversation> conversations;  // without settings
  std::string next;                         // from where it goes on; empty: that was the end
};

struct ConversationChanges {
  std::optional<std::string> title, settings, leaf;
  std::optional<bool> is_pinned;
};

class ConversationStore {
 public:
  // The database outlives it.
  explicit ConversationStore(Database& database) : database_(database) {}

  // Those that are pinned, then the others, newest first. query: in the title or a message's words; empty: all.
  ConversationList list(const std::string& owner, const std::string& query, int limit, const std::string& before);
  Conversation create(const std::string& owner, const std::string& title, const std::string& settings);
  // Where there is no such conversation or message, these throw ApiError (NotFound).
  Conversation get(const std::string& owner, const std::string& id);
  std::vector<std::string> messages(const std::string& owner, const std::string& id);  // JSON, in order of creation
  Conversation change(const std::string& owner, const std::string& id, const ConversationChanges& changes);
  // A new message is what is shown from now on. Conflict where its id is taken; Invalid where its parent is not there,
  // or a medium.
  Conversation add(const std::string& owner, const std::string& id, const PageMessage& message);
  // In place of the one with its id, whose parent it keeps; or new.
  Conversation put(const std::string& owner, const std::string& id, const PageMessage& message);
  // One with all its messages, parents before their children, and its media, or nothing of it. `leaf` is among them.
  Conversation import(const std::string& owner, const Conversation& conversation,
                      const std::vector<PageMessage>& messages, const std::vector<PageMedium>& media);
  // With the media that no other conversation uses.
  void remove(const std::string& owner, const std::string& id);
  std::vector<std::string> remove_all(const std::string& owner);  // their ids

 private:
  struct Cursor;
  bool look_through(const std::string& owner, const std::string& wanted, Cursor& cursor, size_t n,
                    std::vector<Conversation>& found);
  // Under the lock.
  Conversation read(const std::string& owner, const std::string& id);
  // And in a transaction.
  void insert(const std::string& owner, const Conversation& conversation);
  void touch(const std::string& owner, const std::string& id, bool is_use);
  void set_leaf(const std::string& id, const std::string& leaf);
  void insert(const std::string& owner, const std::string& id, const PageMessage& message);
  void replace(const std::string& owner, const std::string& id, const PageMessage& message);
  void grow(const std::string& id, int64_t n_bytes);
  void note_media(const std::string& owner, const std::string& id, const PageMessage& message);
  void erase(const std::string& owner, const std::string& id);

  Database& database_;
};

}  // namespace facet::server
