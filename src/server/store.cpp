#include "server/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "server/presence.h"

namespace facet::server {
namespace {

// What each version adds to the one before; user_version counts those that are there.
constexpr std::array<const char*, 1> kMigrations = {
    "CREATE TABLE items (kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, created INTEGER NOT NULL,"
    " json TEXT NOT NULL, bytes BLOB, PRIMARY KEY (kind, id));"
    "CREATE INDEX items_by_time ON items (kind, owner, created);"};

[[noreturn]] void throw_sqlite(sqlite3* db, const std::string& path) {
  const int code = sqlite3_errcode(db);
  if (code == SQLITE_FULL)
    throw_error<ShortageError>(
        "{}: no room left, on the disk or in what the server may store: free some, or delete stored responses, batches "
        "and files",
        path);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    throw_error<ResourceError>("{}: damaged, or no database of this server: move it away to begin anew", path);
  if (code == SQLITE_BUSY) throw_error<ShortageError>("{}: another program has held it for too long: try again", path);
  throw_error<ResourceError>("{}: {}: check that the folder is there and can be written", path, sqlite3_errmsg(db));
}

}  // namespace

// The connection.
struct Store::State {
  explicit State(const std::string& p) : path(p) {}

  const std::string path;
  std::optional<Presence> known;  // since something was claimed
  std::mutex mutex;
  sqlite3* db = nullptr;

  ~State() { sqlite3_close_v2(db); }
  Presence& presence() { return known ? *known : known.emplace(path == ":memory:" ? "" : path + ".servers"); }
  void run(const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw_sqlite(db, path);
  }
  void migrate();
  template <class Work>
  bool alone(Work&& work);
  void put(const StoredItem& item);
  std::optional<StoredItem> get(const std::string& kind, const std::string& id, const std::string& owner,
                                bool with_bytes);
  bool is_claimed_elsewhere(const std::string& kind, const std::string& id, const std::string& owner);
};

namespace {

// One statement, its values and its rows.
class Query {
 public:
  Query(sqlite3* db, const std::string& path, const char* sql) : db_(db), path_(path) {
    if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) throw_sqlite(db, path);
  }
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // In order. Text and bytes must outlive the query.
  Query& text(std::string_view value) {
    return checked(sqlite3_bind_text64(statement_, ++n_bound_, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  Query& bytes(std::string_view value) {
    return checked(sqlite3_bind_blob64(statement_, ++n_bound_, value.data(), value.size(), SQLITE_STATIC));
  }
  Query& number(int64_t value) { return checked(sqlite3_bind_int64(statement_, ++n_bound_, value)); }

  // The next row; false behind the last.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) throw_sqlite(db_, path_);
    return code == SQLITE_ROW;
  }
  std::string text_at(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
  }
  int64_t number_at(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  Query& checked(int code) {
    if (code != SQLITE_OK) throw_sqlite(db_, path_);
    return *this;
  }

  sqlite3* db_;
  const std::string& path_;
  sqlite3_stmt* statement_ = nullptr;
  int n_bound_ = 0;
};

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

// What is stored is nobody else's to read; SQLite gives its other files the same rights.
void create_private(const std::string& path, int how = 0) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | how, 0600);
  if (fd < 0)
    throw_error<ResourceError>("{}: cannot be written: {}: check that the folder is there", path, std::strerror(errno));
  ::close(fd);
}

}  // namespace

void Store::State::migrate() {
  run("BEGIN IMMEDIATE");  // another process may start at the same time
  int version = 0;
  {
    Query query(db, path, "PRAGMA user_version");
    if (query.step()) version = static_cast<int>(query.number_at(0));
  }
  const int newest = static_cast<int>(kMigrations.size());
  if (version > newest)
    throw_error<ResourceError>("{}: written by a newer version (layout {}, known are {}): update, or move it away",
                               path, version, newest);
  for (int v = version; v < newest; ++v) run(kMigrations[static_cast<size_t>(v)]);
  if (version < newest) run(fmt::format("PRAGMA user_version = {}", newest).c_str());  // a full disk can be read
  run("COMMIT");
}

Store::Store(const std::string& path, int64_t max_bytes) : state_(std::make_unique<State>(path)) {
  if (path != ":memory:") create_private(path);
  if (sqlite3_open_v2(path.c_str(), &state_->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr) != SQLITE_OK)
    throw_sqlite(state_->db, path);
  sqlite3_busy_timeout(state_->db, 10'000);
  state_->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  state_->migrate();
  constexpr int64_t kPageBytes = 4096;
  if (max_bytes > 0) state_->run(fmt::format("PRAGMA max_page_count = {}", max_bytes / kPageBytes).c_str());
}

Store::~Store() = default;

void Store::State::put(const StoredItem& item) {
  Query query(db, path,
              "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner,"
              " created = excluded.created, json = excluded.json, bytes = excluded.bytes");
  query.text(item.kind).text(item.id).text(item.owner).number(item.created).text(item.json).bytes(item.bytes).step();
}

std::optional<StoredItem> Store::State::get(const std::string& kind, const std::string& id, const std::string& owner,
                                            bool with_bytes) {
  Query query(db, path,
              with_bytes
                  ? "SELECT kind, id, owner, created, json, bytes FROM items WHERE kind = ? AND id = ? AND owner = ?"
                  : "SELECT kind, id, owner, created, json FROM items WHERE kind = ? AND id = ? AND owner = ?");
  query.text(kind).text(id).text(owner);
  return query.step() ? std::optional(item_of(query, with_bytes)) : std::nullopt;
}

void Store::put(const StoredItem& item) {
  const std::lock_guard lock(state_->mutex);
  state_->put(item);
}

std::optional<StoredItem> Store::get(const std::string& kind, const std::string& id, const std::string& owner,
                                     bool with_bytes) {
  const std::lock_guard lock(state_->mutex);
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
  const std::lock_guard lock(state_->mutex);
  return state_->is_claimed_elsewhere(kind, id, owner);
}

// No other server that shares the store changes anything meanwhile.
template <class Work>
bool Store::State::alone(Work&& work) {
  run("BEGIN IMMEDIATE");
  try {
    const bool done = work();
    run("COMMIT");
    return done;
  } catch (...) {
    sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

bool Store::claim(const std::string& kind, const std::string& id, const std::string& owner) {
  const std::lock_guard lock(state_->mutex);
  return state_->alone([&] {
    if (state_->is_claimed_elsewhere(kind, id, owner)) return false;
    const nlohmann::json note = {{"server", state_->presence().id()}};
    state_->put({kind, id, owner, std::time(nullptr), note.dump(), {}});
    return true;
  });
}

bool Store::change(const std::string& kind, const std::string& id, const std::string& owner,
                   const std::function<void(std::string& json)>& change) {
  const std::lock_guard lock(state_->mutex);
  return state_->alone([&] {
    auto item = state_->get(kind, id, owner, true);
    if (!item) return false;
    change(item->json);
    state_->put(*item);
    return true;
  });
}

std::vector<StoredItem> Store::list(const std::string& kind, const std::string& owner, int limit,
                                    const std::string& after) {
  const std::lock_guard lock(state_->mutex);
  // In the order of creation; those of one second in the order in which they were put.
  Query query(
      state_->db, state_->path,
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
  const std::lock_guard lock(state_->mutex);
  Query query(state_->db, state_->path,
              "SELECT kind, id, owner, created, json FROM items WHERE kind = ? ORDER BY created, rowid");
  query.text(kind);
  return items_of(query);
}

bool Store::remove(const std::string& kind, const std::string& id, const std::string& owner) {
  const std::lock_guard lock(state_->mutex);
  Query query(state_->db, state_->path, "DELETE FROM items WHERE kind = ? AND id = ? AND owner = ?");
  query.text(kind).text(id).text(owner).step();
  return sqlite3_changes(state_->db) > 0;
}

int Store::remove_older(const std::string& kind, int64_t created_before) {
  const std::lock_guard lock(state_->mutex);
  Query query(state_->db, state_->path, "DELETE FROM items WHERE kind = ? AND created < ?");
  query.text(kind).number(created_before).step();
  return sqlite3_changes(state_->db);
}

std::map<std::string, int64_t> Store::counts() {
  const std::lock_guard lock(state_->mutex);
  Query query(state_->db, state_->path, "SELECT kind, COUNT(*) FROM items GROUP BY kind");
  std::map<std::string, int64_t> counts;
  while (query.step()) counts[query.text_at(0)] = query.number_at(1);
  return counts;
}

void Store::backup(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  create_private(path, O_EXCL);
  sqlite3* to = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(to, sqlite3_close_v2);
  if (opened != SQLITE_OK) throw_sqlite(to, path);
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", state_->db, "main");
  if (!backup) throw_sqlite(to, path);
  const int stepped = sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) throw_sqlite(to, path);
  if (stepped != SQLITE_DONE) throw_error<ResourceError>("{}: what is stored is being changed: try again", path);
}

}  // namespace facet::server
