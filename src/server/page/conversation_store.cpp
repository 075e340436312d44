#include "server/page/conversation_store.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <limits>
#include <thread>

#include "server/api_error.h"
#include "server/ids.h"
#include "server/json_reading.h"
#include "server/page/clock.h"

namespace facet::server {
namespace {

// Of columns id, title, pinned, leaf, version, created, updated, messages, settings.
Conversation conversation_of(const Query& query) {
  Conversation c;
  c.id = query.text_at(0);
  c.title = query.text_at(1);
  c.is_pinned = query.number_at(2) != 0;
  c.leaf = query.text_at(3);
  c.version = query.number_at(4);
  c.created = query.number_at(5);
  c.updated = query.number_at(6);
  c.n_messages = query.number_at(7);
  c.settings = query.text_at(8);
  return c;
}

[[noreturn]] void throw_no_conversation(const std::string& id) {
  throw ApiError(ApiError::Kind::NotFound, fmt::format("no conversation '{}'", id), "id");
}

}  // namespace

// Where a list was cut: "PINNED.UPDATED.ID" of its last entry.
struct ConversationStore::Cursor {
  int64_t pinned = 1, updated = std::numeric_limits<int64_t>::max();
  std::string id;

  Cursor() = default;
  explicit Cursor(const Conversation& c) : pinned(c.is_pinned), updated(c.updated), id(c.id) {}
  explicit Cursor(std::string_view text) {
    const size_t first = text.find('.'), second = text.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos || !read(text.substr(0, first), pinned) ||
        !read(text.substr(first + 1, second - first - 1), updated))
      throw_invalid("before", "expected what `next` of an earlier list was");
    id = text.substr(second + 1);
  }
  static bool read(std::string_view text, int64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
  }
  std::string text() const { return fmt::format("{}.{}.{}", pinned, updated, id); }
};

ConversationList ConversationStore::list(const std::string& owner, const std::string& query, int limit,
                                         const std::string& before) {
  Cursor cursor = before.empty() ? Cursor() : Cursor(before);
  const std::string wanted = folded(query);
  const auto n_wanted = static_cast<size_t>(limit) + 1;
  ConversationList found;
  if (wanted.empty()) {
    look_through(owner, wanted, cursor, n_wanted, found.conversations);
  } else {
    // All words may be read: others have the lock in between, which a pause leaves them the time to take.
    constexpr size_t kAtOnce = 4;
    while (look_through(owner, wanted, cursor, kAtOnce, found.conversations) && found.conversations.size() < n_wanted)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  if (found.conversations.size() >= n_wanted) {
    found.conversations.resize(n_wanted - 1);
    found.next = Cursor(found.conversations.back()).text();
  }
  return found;
}

// Of the next n behind the cursor, which it moves, those that have the word. False: those were the last.
bool ConversationStore::look_through(const std::string& owner, const std::string& wanted, Cursor& cursor, size_t n,
                                     std::vector<Conversation>& found) {
  const std::lock_guard lock(database_.mutex());
  Query rows(database_,
             "SELECT id, title, pinned, leaf, version, created, updated, (SELECT COUNT(*) FROM messages WHERE"
             " conversation = conversations.id), '{}', ?5 = '' OR instr(folded, ?5) OR EXISTS (SELECT 1 FROM messages"
             " WHERE conversation = conversations.id AND instr(folded, ?5)) FROM conversations WHERE owner = ?1 AND"
             " (pinned, updated, id) < (?2, ?3, ?4) ORDER BY pinned DESC, updated DESC, id DESC LIMIT ?6");
  const Cursor from = cursor;
  rows.text(owner).number(from.pinned).number(from.updated).text(from.id).text(wanted).number(static_cast<int64_t>(n));
  size_t n_seen = 0;
  for (; rows.step(); ++n_seen) {
    Conversation c = conversation_of(rows);
    cursor = Cursor(c);
    if (rows.number_at(9) != 0) found.push_back(std::move(c));
  }
  return n_seen == n;
}

void ConversationStore::insert(const std::string& owner, const Conversation& c) {
  const std::string title = folded(c.title);
  Query row(database_, "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0)");
  row.text(c.id).text(owner).text(c.title).text(title).number(c.is_pinned).text(c.settings).text_or_null(c.leaf);
  row.number(c.created).number(c.updated).step();
}

Conversation ConversationStore::create(const std::string& owner, const std::string& title,
                                       const std::string& settings) {
  Conversation c;
  c.id = new_id("conv_");
  c.title = title;
  c.settings = settings;
  c.version = 1;
  c.created = c.updated = now_milliseconds();
  const std::lock_guard lock(database_.mutex());
  insert(owner, c);
  return c;
}

Conversation ConversationStore::read(const std::string& owner, const std::string& id) {
  Query row(database_,
            "SELECT id, title, pinned, leaf, version, created, updated, (SELECT COUNT(*) FROM messages WHERE"
            " conversation = conversations.id), settings FROM conversations WHERE id = ? AND owner = ?");
  if (!row.text(id).text(owner).step()) throw_no_conversation(id);
  return conversation_of(row);
}

Conversation ConversationStore::get(const std::string& owner, const std::string& id) {
  const std::lock_guard lock(database_.mutex());
  return read(owner, id);
}

// is_use: it comes first in the list then.
void ConversationStore::touch(const std::string& owner, const std::string& id, bool is_use) {
  Query query(database_,
              "UPDATE conversations SET version = version + 1, updated = max(updated, ?) WHERE id = ? AND owner = ?");
  query.number(is_use ? now_milliseconds() : 0).text(id).text(owner).step();
  if (database_.n_changes() == 0) throw_no_conversation(id);
}

void ConversationStore::set_leaf(const std::string& id, const std::string& leaf) {
  Query(database_, "UPDATE conversations SET leaf = ? WHERE id = ?").text(leaf).text(id).step();
}

Conversation ConversationStore::change(const std::string& owner, const std::string& id,
                                       const ConversationChanges& changes) {
  const std::lock_guard lock(database_.mutex());
  return database_.alone([&] {
    touch(owner, id, false);
    if (changes.title) {
      const std::string title = folded(*changes.title);
      Query query(database_, "UPDATE conversations SET title = ?, folded = ? WHERE id = ?");
      query.text(*changes.title).text(title).text(id).step();
    }
    if (changes.settings)
      Query(database_, "UPDATE conversations SET settings = ? WHERE id = ?").text(*changes.settings).text(id).step();
    if (changes.is_pinned)
      Query(database_, "UPDATE conversations SET pinned = ? WHERE id = ?").number(*changes.is_pinned).text(id).step();
    if (changes.leaf) {
      Query query(database_, "SELECT 1 FROM messages WHERE conversation = ? AND id = ?");
      if (!query.text(id).text(*changes.leaf).step())
        throw_invalid("leaf", fmt::format("no message '{}'", *changes.leaf));
      set_leaf(id, *changes.leaf);
    }
    return read(owner, id);
  });
}

}  // namespace facet::server
