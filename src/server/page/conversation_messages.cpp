// The messages of the page's conversations, and what goes with them.
#include <fmt/format.h>

#include "server/api_error.h"
#include "server/json_reading.h"
#include "server/page/clock.h"
#include "server/page/conversation_store.h"

namespace facet::server {
namespace {

constexpr int64_t kMaxConversationBytes = int64_t{64} << 20;  // so that it can be read whole

}  // namespace

std::vector<std::string> ConversationStore::messages(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(database_.mutex());
  Query rows(database_,
             "SELECT json FROM messages WHERE conversation = (SELECT id FROM conversations WHERE id = ? AND owner = ?)"
             " ORDER BY rowid");
  rows.text(id).text(owner);
  std::vector<std::string> messages;
  while (rows.step()) messages.push_back(rows.text_at(0));
  return messages;
}

void ConversationStore::grow(const std::string& id, int64_t n_bytes) {
  Query(database_, "UPDATE conversations SET bytes = bytes + ? WHERE id = ?").number(n_bytes).text(id).step();
  Query query(database_, "SELECT bytes FROM conversations WHERE id = ?");
  if (query.text(id).step() && query.number_at(0) > kMaxConversationBytes)
    throw ApiError(ApiError::Kind::TooLarge,
                   fmt::format("the conversation would have more than {} bytes: begin another", kMaxConversationBytes));
}

void ConversationStore::note_media(const std::string& owner, const std::string& id, const PageMessage& message) {
  Query(database_, "DELETE FROM media_uses WHERE conversation = ? AND message = ?").text(id).text(message.id).step();
  for (const std::string& medium : message.media) {
    Query known(database_, "SELECT 1 FROM media WHERE owner = ? AND id = ?");
    if (!known.text(owner).text(medium).step())
      throw_invalid("content", fmt::format("no medium '{}': upload it first", medium));
    Query(database_, "INSERT OR IGNORE INTO media_uses VALUES (?, ?, ?, ?)")
        .text(owner)
        .text(medium)
        .text(id)
        .text(message.id)
        .step();
  }
}

void ConversationStore::insert(const std::string& owner, const std::string& id, const PageMessage& message) {
  if (!message.parent.empty()) {
    Query parent(database_, "SELECT 1 FROM messages WHERE conversation = ? AND id = ?");
    if (!parent.text(id).text(message.parent).step())
      throw_invalid("parent", fmt::format("no message '{}'", message.parent));
  }
  grow(id, static_cast<int64_t>(message.json.size()));
  note_media(owner, id, message);
  Query row(database_, "INSERT INTO messages VALUES (?, ?, ?, ?, ?)");
  row.text(id).text(message.id).text_or_null(message.parent).text(message.json).text(message.words).step();
}

void ConversationStore::replace(const std::string& owner, const std::string& id, const PageMessage& message) {
  Query old(database_, "SELECT parent, length(CAST(json AS BLOB)) FROM messages WHERE conversation = ? AND id = ?");
  if (!old.text(id).text(message.id).step()) {
    insert(owner, id, message);
    return set_leaf(id, message.id);
  }
  if (old.text_at(0) != message.parent)  // or a tree might become a ring
    throw ApiError(ApiError::Kind::Conflict, fmt::format("message '{}' keeps its parent", message.id), "parent");
  grow(id, static_cast<int64_t>(message.json.size()) - old.number_at(1));
  note_media(owner, id, message);
  Query row(database_, "UPDATE messages SET json = ?, folded = ? WHERE conversation = ? AND id = ?");
  row.text(message.json).text(message.words).text(id).text(message.id).step();
}

Conversation ConversationStore::add(const std::string& owner, const std::string& id, const PageMessage& message) {
  const std::lock_guard lock(database_.mutex());
  return database_.alone([&] {
    touch(owner, id, true);
    Query taken(database_, "SELECT 1 FROM messages WHERE conversation = ? AND id = ?");
    if (taken.text(id).text(message.id).step())
      throw ApiError(ApiError::Kind::Conflict, fmt::format("there is a message '{}' already", message.id), "id");
    insert(owner, id, message);
    set_leaf(id, message.id);
    return read(owner, id);
  });
}

Conversation ConversationStore::put(const std::string& owner, const std::string& id, const PageMessage& message) {
  const std::lock_guard lock(database_.mutex());
  return database_.alone([&] {
    touch(owner, id, true);
    replace(owner, id, message);
    return read(owner, id);
  });
}

Conversation ConversationStore::import(const std::string& owner, const Conversation& conversation,
                                       const std::vector<PageMessage>& messages, const std::vector<PageMedium>& media) {
  const std::lock_guard lock(database_.mutex());
  return database_.alone([&] {
    for (const PageMedium& medium : media) put_medium(database_, owner, medium);
    insert(owner, conversation);
    for (const PageMessage& message : messages) insert(owner, conversation.id, message);
    return read(owner, conversation.id);
  });
}

void ConversationStore::erase(const std::string& owner, const std::string& id) {
  Query(database_,
        "DELETE FROM media WHERE owner = ? AND id IN (SELECT media FROM media_uses WHERE conversation = ?2) AND NOT"
        " EXISTS (SELECT 1 FROM media_uses WHERE owner = media.owner AND media = media.id AND conversation <> ?2)")
      .text(owner)
      .text(id)
      .step();
  for (const char* sql : {"DELETE FROM media_uses WHERE conversation = ?",
                          "DELETE FROM messages WHERE conversation = ?", "DELETE FROM conversations WHERE id = ?"})
    Query(database_, sql).text(id).step();
}

void ConversationStore::remove(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(database_.mutex());
  database_.alone([&] {
    touch(owner, id, false);
    erase(owner, id);
    return true;
  });
  database_.forget_deleted();
}

std::vector<std::string> ConversationStore::remove_all(const std::string& owner) {
  const std::lock_guard lock(database_.mutex());
  const auto ids = database_.alone([&] {
    std::vector<std::string> ids;
    {
      Query rows(database_, "SELECT id FROM conversations WHERE owner = ?");
      rows.text(owner);
      while (rows.step()) ids.push_back(rows.text_at(0));
    }
    for (const std::string& id : ids) erase(owner, id);
    return ids;
  });
  database_.forget_deleted();
  return ids;
}

}  // namespace facet::server
