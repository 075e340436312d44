#include "server/store.h"

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "server/database.h"
#include "server/presence.h"

namespace facet::server {
namespace {

// What each version adds to the one before; user_version counts those that are there.
constexpr std::array<const char*, 2> kMigrations = {
    "CREATE TABLE items (kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, created INTEGER NOT NULL,"
    " json TEXT NOT NULL, bytes BLOB, PRIMARY KEY (kind, id));"
    "CREATE INDEX items_by_time ON items (kind, owner, created);",
    // Of the page (page/conversation_store.h). Times in milliseconds; `folded` is what is searched.
    "CREATE TABLE conversations (id TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,"
    " folded TEXT NOT NULL, pinned INTEGER NOT NULL, settings TEXT NOT NULL, leaf TEXT, version INTEGER NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    "CREATE INDEX conversations_by_time ON conversations (owner, pinned, updated, id);"
    "CREATE TABLE messages (conversation TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, json TEXT NOT NULL,"
    " folded TEXT NOT NULL, PRIMARY KEY (conversation, id));"
    "CREATE TABLE media (owner TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,"
    " name TEXT NOT NULL, created INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (owner, id));"
    "CREATE TABLE media_uses (owner TEXT NOT NULL, media TEXT NOT NULL, conversation TEXT NOT NULL,"
    " message TEXT NOT NULL, PRIMARY KEY (conversation, message, media));"
    "CREATE INDEX media_uses_by_media ON media_uses (owner, media);"
    "CREATE TABLE page_settings (owner TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, json TEXT NOT NULL);"};

// Of columns kind, id, owner, created, json[, bytes].
StoredItem item_of(const Query& query, bool with_bytes) {
  return {query.text_at(0),   query.text_at(1), query.text_at(2),
          query.number_at(3), query.text_at(4), with_bytes ? query.text_at(5) : std::string()};
}

std::vector<StoredItem> items_of(Query& query) {
  std::vector<StoredItem> items;
  while (query.step()) items.push_back(item_of(query, false));
  return items;
}

}  // namespace

struct Store::State {
  State(const std::string& path, int64_t max_bytes) : database(path, max_bytes) {}

  Database database;
  std::optional<Presence> known;  // since something was claimed

  Presence& presence() {
    const std::string& path = database.path();
    return known ? *known : known.emplace(path == ":memory:" ? "" : path + ".servers");
  }
  void migrate();
  void put(const StoredItem& item);
  std::optional<StoredItem> get(const std::string& kind, const std::string& id, const std::string& owner,
                                bool with_bytes);
  bool is_claimed_elsewhere(const std::string& kind, const std::string& id, const std::string& owner);
};

void Store::State::migrate() {
  database.alone([this] {  // another process may start at the same time
    int version = 0;
    if (Query query(database, "PRAGMA user_version"); query.step()) version = static_cast<int>(query.number_at(0));
    const int newest = static_cast<int>(kMigrations.size());
    if (version > newest)
      throw_error<ResourceError>("{}: written by a newer version (layout {}, known are {}): update, or move it away",
                                 database.path(), version, newest);
    for (int v = version; v < newest; ++v) database.run(kMigrations[static_cast<size_t>(v)]);
    // A full disk can be read.
    if (version < newest) database.run(fmt::format("PRAGMA user_version = {}", newest).c_str());
    return true;
  });
}

Store::Store(const std::string& path, int64_t max_bytes) : state_(std::make_unique<State>(path, max_bytes)) {
  state_->migrate();
}

Store::~Store() = default;

Database& Store::database() noexcept { return state_->database; }

void Store::State::put(const StoredItem& item) {
  Query query(database,
              "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner,"
              " created = excluded.created, json = excluded.json, bytes = excluded.bytes");
  query.text(item.kind).text(item.id).text(item.owner).number(item.created).text(item.json).bytes(item.bytes).step();
}

std::optional<StoredItem> Store::State::get(const std::string& kind, const std::string& id, const std::string& owner,
                                            bool with_bytes) {
  Query query(database,
              with_bytes
                  ? "SELECT kind, id, owner, created, json, bytes FROM items WHERE kind = ? AND id = ? AND owner = ?"
                  : "SELECT kind, id, owner, created, json FROM items WHERE kind = ? AND id = ? AND owner = ?");
  query.text(kind).text(id).text(owner);
  return query.step() ? std::optional(item_of(query, with_bytes)) : std::nullopt;
}

void Store::put(const StoredItem& item) {
  const std::lock_guard lock(state_->database.mutex());
  state_->put(item);
}

std::optional<StoredItem> Store::get(const std::string& kind, const std::string& id, const std::string& owner,
                                     bool with_bytes) {
  const std::lock_guard lock(state_->database.mutex());
  return state_->get(kind, id, owner, with_bytes);
}

bool Store::State::is_claimed_elsewhere(const std::string& kind, const std::string& id, const std::string& owner) {
  const auto claim = get(kind, id, owner, false);
  if (!claim) return false;
  const auto json = nlohmann::json::parse(claim->json, nullptr, false);
  const std::string server = json.is_object() ? json.value("server", "") : "";
  return server != presence().id() && presence().is_here(server);
}

bool Store::is_claimed_elsewhere(const std::string& kind, const std::string& id, const std::string& owner) {
  const std::lock_guard lock(state_->database.mutex());
  return state_->is_claimed_elsewhere(kind, id, owner);
}

bool Store::claim(const std::string& kind, const std::string& id, const std::string& owner) {
  const std::lock_guard lock(state_->database.mutex());
  return state_->database.alone([&] {
    if (state_->is_claimed_elsewhere(kind, id, owner)) return false;
    const nlohmann::json note = {{"server", state_->presence().id()}};
    state_->put({kind, id, owner, std::time(nullptr), note.dump(), {}});
    return true;
  });
}

bool Store::change(const std::string& kind, const std::string& id, const std::string& owner,
                   const std::function<void(std::string& json)>& change) {
  const std::lock_guard lock(state_->database.mutex());
  return state_->database.alone([&] {
    auto item = state_->get(kind, id, owner, true);
    if (!item) return false;
    change(item->json);
    state_->put(*item);
    return true;
  });
}

std::vector<StoredItem> Store::list(const std::string& kind, const std::string& owner, int limit,
                                    const std::string& after) {
  const std::lock_guard lock(state_->database.mutex());
  // In the order of creation; those of one second in the order in which they were put.
  Query query(
      state_->database,
      after.empty()
          ? "SELECT kind, id, owner, created, json FROM items WHERE kind = ? AND owner = ?"
            " ORDER BY created DESC, rowid DESC LIMIT ?"
          : "SELECT kind, id, owner, created, json FROM items WHERE kind = ? AND owner = ? AND (created, rowid) <"
            " (SELECT created, rowid FROM items WHERE kind = ?1 AND owner = ?2 AND id = ?3)"
            " ORDER BY created DESC, rowid DESC LIMIT ?4");
  query.text(kind).text(owner);
  if (!after.empty()) query.text(after);
  query.number(limit);
  return items_of(query);
}

std::vector<StoredItem> Store::all(const std::string& kind) {
  const std::lock_guard lock(state_->database.mutex());
  Query query(state_->database,
              "SELECT kind, id, owner, created, json FROM items WHERE kind = ? ORDER BY created, rowid");
  query.text(kind);
  return items_of(query);
}

bool Store::remove(const std::string& kind, const std::string& id, const std::string& owner) {
  const std::lock_guard lock(state_->database.mutex());
  Query query(state_->database, "DELETE FROM items WHERE kind = ? AND id = ? AND owner = ?");
  query.text(kind).text(id).text(owner).step();
  return state_->database.n_changes() > 0;
}

int Store::remove_older(const std::string& kind, int64_t created_before) {
  const std::lock_guard lock(state_->database.mutex());
  Query query(state_->database, "DELETE FROM items WHERE kind = ? AND created < ?");
  query.text(kind).number(created_before).step();
  return state_->database.n_changes();
}

std::map<std::string, int64_t> Store::counts() {
  const std::lock_guard lock(state_->database.mutex());
  Query query(state_->database,
              "SELECT kind, COUNT(*) FROM items GROUP BY kind UNION ALL"
              " SELECT * FROM (SELECT 'conversation', COUNT(*) AS n FROM conversations) WHERE n > 0");
  std::map<std::string, int64_t> counts;
  while (query.step()) counts[query.text_at(0)] = query.number_at(1);
  return counts;
}

void Store::backup(const std::string& path) {
  const std::lock_guard lock(state_->database.mutex());
  state_->database.copy_to(path);
}

}  // namespace facet::server
