#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet {
namespace {

TEST(File, IsReadAsItStands) {
  const std::string path = testing::TempDir() + "/facet_file_test";
  for (const std::string& text : {std::string(), std::string("a\r\nb\0c\xff", 7), std::string(100000, 'x')}) {
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(read_file(path), text);
  }
  std::filesystem::remove(path);
}

TEST(File, SaysWhatCannotBeRead) {
  for (const std::string& path : {testing::TempDir(), testing::TempDir() + "/facet_absent"}) try {
      read_file(path);
      ADD_FAILURE() << path;
    } catch (const RequestError& e) {
      EXPECT_EQ(std::string(e.what()).find(path + ": cannot be read: "), 0u) << e.what();
    }
}

TEST(ReplaceFile, IsWholeOrNotAtAll) {
  const std::string folder = testing::TempDir() + "/facet-replace/deep", path = folder + "/a.txt";
  std::filesystem::remove_all(testing::TempDir() + "/facet-replace");
  replace_file(path, "one");
  replace_file(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_THROW(replace_file(path + "/no-folder/b.txt", "x"), ResourceError);
  EXPECT_EQ(read_file(path), "two");
}

}  // namespace
}  // namespace facet
