#include "server/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace facet::server {
namespace {

[[noreturn]] void throw_sqlite(sqlite3* db, const std::string& path) {
  const int code = sqlite3_errcode(db);
  if (code == SQLITE_FULL)
    throw_error<ShortageError>(
        "{}: no room left, on the disk or in what the server may store: free some, or delete conversations, stored "
        "responses, batches and files",
        path);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    throw_error<ResourceError>("{}: damaged, or no database of this server: move it away to begin anew", path);
  if (code == SQLITE_BUSY) throw_error<ShortageError>("{}: another program has held it for too long: try again", path);
  throw_error<ResourceError>("{}: {}: check that the folder is there and can be written", path, sqlite3_errmsg(db));
}

// What is stored is nobody else's to read; SQLite gives its other files the same rights.
void create_private(const std::string& path, int how = 0) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | how, 0600);
  if (fd < 0)
    throw_error<ResourceError>("{}: cannot be written: {}: check that the folder is there", path, std::strerror(errno));
  ::close(fd);
}

}  // namespace

Database::Database(const std::string& path, int64_t max_bytes) : path_(path) {
  if (path != ":memory:") create_private(path);
  try {
    if (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr) != SQLITE_OK)
      throw_sqlite(db_, path);
    sqlite3_busy_timeout(db_, 10'000);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
    constexpr int64_t kPageBytes = 4096;
    if (max_bytes > 0) run(fmt::format("PRAGMA max_page_count = {}", max_bytes / kPageBytes).c_str());
  } catch (...) {
    sqlite3_close_v2(db_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(db_); }

void Database::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw_sqlite(db_, path_);
}

void Database::forget_deleted() noexcept {
  sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

void Database::copy_to(const std::string& path) {
  create_private(path, O_EXCL);
  sqlite3* to = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(to, sqlite3_close_v2);
  if (opened != SQLITE_OK) throw_sqlite(to, path);
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", db_, "main");
  if (!backup) throw_sqlite(to, path);
  const int stepped = sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) throw_sqlite(to, path);
  if (stepped != SQLITE_DONE) throw_error<ResourceError>("{}: what is stored is being changed: try again", path);
}

Query::Query(Database& database, const char* sql) : database_(database) {
  if (sqlite3_prepare_v2(database.db_, sql, -1, &statement_, nullptr) != SQLITE_OK)
    throw_sqlite(database.db_, database.path());
}

Query& Query::checked(int code) {
  if (code != SQLITE_OK) throw_sqlite(database_.db_, database_.path());
  return *this;
}

Query& Query::text(std::string_view value) {
  return checked(sqlite3_bind_text64(statement_, ++n_bound_, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Query& Query::bytes(std::string_view value) {
  return checked(sqlite3_bind_blob64(statement_, ++n_bound_, value.data(), value.size(), SQLITE_STATIC));
}

Query& Query::number(int64_t value) { return checked(sqlite3_bind_int64(statement_, ++n_bound_, value)); }

Query& Query::text_or_null(std::string_view value) {
  return value.empty() ? checked(sqlite3_bind_null(statement_, ++n_bound_)) : text(value);
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) throw_sqlite(database_.db_, database_.path());
  return code == SQLITE_ROW;
}

std::string Query::text_at(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

}  // namespace facet::server
