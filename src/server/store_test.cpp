#include "server/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"

namespace facet::server {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name = "store.db") const { return folder_ / name; }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("facet_store_" + std::to_string(::getpid()) + testing::UnitTest::GetInstance()->current_test_info()->name());
};

std::vector<std::string> ids(const std::vector<StoredItem>& items) {
  std::vector<std::string> ids;
  for (const StoredItem& item : items) ids.push_back(item.id);
  return ids;
}
using Ids = std::vector<std::string>;

std::string store_refusal(const std::function<void()>& f) {
  try {
    f();
  } catch (const ResourceError& e) {
    return e.what();
  }
  return "no error";
}

TEST_F(StoreTest, KeepsItemsAcrossOpenings) {
  const std::string bytes("a\0b\xff", 4);
  { Store(path()).put({"file", "f1", "ann", 5, R"({"x": "ü"})", bytes}); }
  Store store(path());
  const auto item = store.get("file", "f1", "ann", true);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->json, R"({"x": "ü"})");
  EXPECT_EQ(item->bytes, bytes);
  EXPECT_EQ(item->created, 5);
  EXPECT_TRUE(store.get("file", "f1", "ann")->bytes.empty());
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StoreTest, NobodyFindsWhatOthersOwn) {
  Store store(":memory:");
  store.put({"response", "r1", "ann", 1, "{}", ""});
  EXPECT_FALSE(store.get("response", "r1", "bob"));
  EXPECT_FALSE(store.get("file", "r1", "ann"));
  EXPECT_TRUE(store.list("response", "bob", 10).empty());
  EXPECT_FALSE(store.remove("response", "r1", "bob"));
  EXPECT_TRUE(store.get("response", "r1", "ann"));
  EXPECT_TRUE(store.remove("response", "r1", "ann"));
  EXPECT_FALSE(store.remove("response", "r1", "ann"));
}

TEST_F(StoreTest, ListsNewestFirstInPages) {
  Store store(":memory:");
  for (const char* id : {"a", "b", "c"}) store.put({"file", id, "ann", 7, "{}", ""});
  store.put({"file", "old", "ann", 6, "{}", ""});
  store.put({"file", "b", "ann", 7, R"({"new": 1})", ""});  // keeps its place
  EXPECT_EQ(ids(store.list("file", "ann", 10)), (Ids{"c", "b", "a", "old"}));
  EXPECT_EQ(ids(store.list("file", "ann", 2, "c")), (Ids{"b", "a"}));
  EXPECT_EQ(ids(store.list("file", "ann", 2, "a")), (Ids{"old"}));
  EXPECT_TRUE(store.list("file", "ann", 2, "unknown").empty());
  EXPECT_EQ(store.get("file", "b", "ann")->json, R"({"new": 1})");
  EXPECT_EQ(store.remove_older("file", 7), 1);
  EXPECT_EQ(ids(store.all("file")), (Ids{"a", "b", "c"}));
}

TEST_F(StoreTest, FullDiskIsAnErrorAndNoLoss) {
  Store store(path(), 200'000);
  store.put({"file", "small", "ann", 1, "{}", "kept"});
  const std::string large(1'000'000, 'x');
  EXPECT_NE(store_refusal([&] {
              store.put({"file", "large", "ann", 2, "{}", large});
            }).find("no room left"),
            std::string::npos);
  EXPECT_FALSE(store.get("file", "large", "ann"));
  EXPECT_EQ(store.get("file", "small", "ann", true)->bytes, "kept");
  store.put({"file", "next", "ann", 3, "{}", "also kept"});
  EXPECT_TRUE(store.get("file", "next", "ann"));
}

TEST_F(StoreTest, BackupIsADatabaseOfItsOwn) {
  Store store(path());
  store.put({"file", "f", "ann", 1, "{}", "bytes"});
  store.backup(path("copy.db"));
  store.remove("file", "f", "ann");
  Store copy(path("copy.db"));
  EXPECT_EQ(copy.get("file", "f", "ann", true)->bytes, "bytes");
  EXPECT_EQ(copy.counts(), (std::map<std::string, int64_t>{{"file", 1}}));
  EXPECT_TRUE(store.counts().empty());
  EXPECT_EQ(std::filesystem::status(path("copy.db")).permissions(), std::filesystem::perms(0600));
}

TEST_F(StoreTest, SaysWhatToDoAboutFilesItCannotUse) {
  std::ofstream(path()) << std::string(5000, 'x');
  EXPECT_NE(store_refusal([&] { Store store(path()); }).find("move it away"), std::string::npos);
  EXPECT_NE(store_refusal([&] { Store store(path("no/such/folder.db")); }).find("check that the folder is there"),
            std::string::npos);
  { Store store(path("newer.db")); }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path("newer.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_NE(store_refusal([&] { Store store(path("newer.db")); }).find("written by a newer version"),
            std::string::npos);
}

TEST_F(StoreTest, ManyThreadsAtOnce) {
  Store store(path());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        store.put({"file", id, "ann", i, "{}", id});
        EXPECT_EQ(store.get("file", id, "ann", true)->bytes, id);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store.all("file").size(), 40u);
}

TEST_F(StoreTest, ServersThatShareAStoreKnowOfEachOther) {
  auto first = std::make_unique<Store>(path());
  Store second(path());
  EXPECT_TRUE(first->claim("work", "w1", "ann"));
  EXPECT_TRUE(first->claim("work", "w1", "ann")) << "its own";
  EXPECT_FALSE(first->is_claimed_elsewhere("work", "w1", "ann"));
  EXPECT_TRUE(second.is_claimed_elsewhere("work", "w1", "ann"));
  EXPECT_FALSE(second.claim("work", "w1", "ann"));
  EXPECT_TRUE(second.claim("work", "w2", "ann"));
  first = nullptr;
  EXPECT_FALSE(second.is_claimed_elsewhere("work", "w1", "ann"));
  EXPECT_TRUE(second.claim("work", "w1", "ann")) << "what the first one left behind";
}

TEST_F(StoreTest, ChangesOfTwoServersAreBothKept) {
  Store first(path()), second(path());
  first.put({"batch", "b1", "ann", 1, "0", "bytes"});
  std::vector<std::thread> threads;
  for (Store* store : {&first, &second})
    threads.emplace_back([store] {
      for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(
            store->change("batch", "b1", "ann", [](std::string& json) { json = std::to_string(std::stoi(json) + 1); }));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(second.get("batch", "b1", "ann", true)->json, "40");
  EXPECT_EQ(second.get("batch", "b1", "ann", true)->bytes, "bytes");
  EXPECT_FALSE(first.change("batch", "b1", "ben", [](std::string&) {}));
}

TEST_F(StoreTest, AServerThatWasKilledIsGone) {
  const pid_t child = ::fork();
  if (child == 0) {
    (new Store(path()))->claim("work", "w1", "ann");  // never ended
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  Store store(path());
  EXPECT_TRUE(store.claim("work", "w1", "ann"));
  size_t n_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path() + ".servers")) n_files += entry.is_regular_file();
  EXPECT_EQ(n_files, 1u) << "its own: that of the other was removed";
}

TEST_F(StoreTest, WhatWasPushedIsDoneBeforeItEnds) {
  {
    Store store(path());
    for (int i = 0; i < 20; ++i)
      store.queue().push([&store, i] { store.put({"response", std::to_string(i), "ann", i, "{}", {}}); });
  }
  EXPECT_EQ(Store(path()).list("response", "ann", 100).size(), 20u);
}

}  // namespace
}  // namespace facet::server
