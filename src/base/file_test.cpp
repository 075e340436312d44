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

}  // namespace
}  // namespace facet
