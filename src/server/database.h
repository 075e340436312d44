// A connection to an SQLite database, and statements on it: what Store and its neighbours have in common. Internal to
// server/.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace facet::server {

class Database {
 public:
  // path: made, for its owner alone, when it is not there; ":memory:" for tests. max_bytes: how large it may become; 0:
  // as the disk allows. Throws ResourceError saying what to do, as everything here does; ShortageError when there is no
  // room.
  explicit Database(const std::string& path, int64_t max_bytes = 0);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const noexcept { return path_; }
  // Held by whoever uses the connection.
  std::mutex& mutex() noexcept { return mutex_; }

  void run(const char* sql);
  int n_changes() const noexcept { return sqlite3_changes(db_); }  // of the last statement
  // A consistent copy, readable for its owner alone. Nothing may be at `path`.
  void copy_to(const std::string& path);
  // What was deleted leaves the journal too, unless another connection reads it just now.
  void forget_deleted() noexcept;

  // No other connection changes anything meanwhile, and nothing is changed where work() throws.
  template <class Work>
  auto alone(Work&& work) {
    Transaction transaction(*this);
    auto result = work();
    transaction.commit();
    return result;
  }

 private:
  friend class Query;
  class Transaction {
   public:
    explicit Transaction(Database& database) : database_(database) { database.run("BEGIN IMMEDIATE"); }
    ~Transaction() {
      if (!is_done_) sqlite3_exec(database_.db_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() {
      database_.run("COMMIT");
      is_done_ = true;
    }

   private:
    Database& database_;
    bool is_done_ = false;
  };

  const std::string path_;
  std::mutex mutex_;
  sqlite3* db_ = nullptr;
};

// One statement, its values and its rows.
class Query {
 public:
  Query(Database& database, const char* sql);
  ~Query() { sqlite3_finalize(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // In order. Text and bytes must outlive the query.
  Query& text(std::string_view value);
  Query& bytes(std::string_view value);
  Query& number(int64_t value);
  Query& text_or_null(std::string_view value);  // null where it is empty

  bool step();  // to the next row; false behind the last
  std::string text_at(int column) const;
  int64_t number_at(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  Query& checked(int code);

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int n_bound_ = 0;
};

}  // namespace facet::server
