#include "media/source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "media/byte_stream.h"
#include "media/data_uri.h"

namespace facet::media {
namespace {

std::string text_of(const Source& source) {
  return {reinterpret_cast<const char*>(source.bytes().data()), source.bytes().size()};
}

template <class E>
std::string message_of(const auto& call) {
  try {
    call();
  } catch (const E& e) {
    return e.what();
  }
  return "no error";
}

std::string base64(const std::string& text) {
  return message_of<FormatError>([&] { decode_base64(text, "x"); });
}

class SourceFile : public testing::Test {
 protected:
  SourceFile() {
    std::string pattern = testing::TempDir() + "facet-source-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~SourceFile() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& content) const {
    std::ofstream(folder_ + "/file", std::ios::binary) << content;
    return folder_ + "/file";
  }
  std::string folder_;
};

TEST_F(SourceFile, GivesTheBytesOfAFile) {
  const std::string path = file("abc");
  const Source source = Source::open(path);
  EXPECT_EQ(text_of(source), "abc");
  EXPECT_EQ(source.name(), path);
}

TEST_F(SourceFile, MissingFilesFoldersAndEmptyFilesAreToldApart) {
  const std::string missing = folder_ + "/none", empty = file("");
  EXPECT_EQ(message_of<RequestError>([&] { Source::open(missing); }),
            missing + ": cannot open: No such file or directory");
  EXPECT_EQ(message_of<RequestError>([&] { Source::open(folder_); }), folder_ + ": a folder, expected a file");
  EXPECT_EQ(message_of<FormatError>([&] { Source::open(empty); }),
            empty + ": empty, expected a picture, a sound or a video");
}

TEST_F(SourceFile, SizeIsLimited) {
  const std::string path = file("abcd");
  EXPECT_NO_THROW(Source::open(path, {.max_file_bytes = 4}));
  EXPECT_EQ(message_of<RequestError>([&] { Source::open(path, {.max_file_bytes = 3}); }),
            path + ": 4 bytes, at most 3 are read");
}

TEST_F(SourceFile, APipeIsReadToItsEnd) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string content(200'000, 'x');
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << content; });
  EXPECT_EQ(text_of(Source::open(path)), content);
  writer.join();
}

TEST_F(SourceFile, ChangesAreNoticed) {
  const Source source = Source::open(file("abc"));
  EXPECT_NO_THROW(source.check_unchanged());
  file("something else");
  EXPECT_THROW(source.check_unchanged(), ResourceError);
}

TEST(DataUri, Base64AndPercentEncoding) {
  EXPECT_EQ(text_of(Source::open("data:image/png;base64,SGVsbG8h")), "Hello!");
  EXPECT_EQ(text_of(Source::open("data:;base64,SGVsbG8%3D")), "Hello");
  EXPECT_EQ(text_of(Source::open("data:,a%20b%2Cc,d+")), "a b,c,d+");
  EXPECT_EQ(text_of(Source::open("data:text/plain;charset=utf-8,%41%5a%5A")), "AZZ");
}

TEST(SourceBytes, FromBase64AndFromMemory) {
  const Source source = Source::from_base64("SGVsbG8h", "the request's sound");
  EXPECT_EQ(text_of(source), "Hello!");
  EXPECT_EQ(source.name(), "the request's sound");
  EXPECT_EQ(text_of(Source::from_bytes({std::byte{'a'}}, "x")), "a");
  EXPECT_THROW(Source::from_bytes({}, "x"), FormatError);
}

TEST(ReadDescriptor, GivesWhatIsThereAndThenTheEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const ByteStream stream = read_descriptor(ends[0]);
  std::vector<std::byte> buffer(100);
  ASSERT_EQ(write(ends[1], "abc", 3), 3);
  EXPECT_EQ(stream(buffer), 3u) << "without waiting for more";
  EXPECT_EQ(buffer[2], std::byte{'c'});
  close(ends[1]);
  EXPECT_EQ(stream(buffer), 0u);
  close(ends[0]);
}

TEST(DataUri, DamageIsAnError) {
  EXPECT_EQ(message_of<FormatError>([] { Source::open("data:image/png;base64"); }),
            "data: URI: expected data:TYPE;base64,CONTENT, found 'data:image/png;base64'");
  EXPECT_EQ(message_of<FormatError>([] { Source::open("data:;base64,"); }),
            "data: URI: empty, expected a picture, a sound or a video");
  EXPECT_EQ(message_of<FormatError>([] { Source::open("data:,a%2"); }),
            "data: URI: bad percent-encoding: '%2' at character 2");
  EXPECT_EQ(message_of<FormatError>([] { Source::open("data:,a%zzb"); }),
            "data: URI: bad percent-encoding: '%zz' at character 2");
}

TEST(DataUri, SizeIsLimited) {
  EXPECT_EQ(message_of<RequestError>([] { Source::open("data:,0123456789abcdef", {.max_memory_bytes = 4}); }),
            "data: URI: more than 4 bytes: put it into a file");
}

TEST(Base64, EveryLengthAndBothAlphabets) {
  const auto text = [](const std::string& encoded) {
    const auto bytes = decode_base64(encoded, "x");
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text("Zg=="), "f");
  EXPECT_EQ(text("Zm8="), "fo");
  EXPECT_EQ(text("Zm9v"), "foo");
  EXPECT_EQ(text("Zm9vYg"), "foob");
  EXPECT_EQ(text("Zm9v\r\n YmE="), "fooba");
  EXPECT_EQ(text("+/+/-_-_"), "\xfb\xff\xbf\xfb\xff\xbf");
}

TEST(Base64, DamageIsAnError) {
  EXPECT_EQ(base64("Zm9v!"), "x: bad base64: '!' at character 5");
  EXPECT_EQ(base64("Zg==Zg=="), "x: bad base64: 'Z' at character 5");
  EXPECT_EQ(base64("Zm9vY"), "x: bad base64: cut short, 5 digits and 0 of padding");
  EXPECT_EQ(base64("Zm8=="), "x: bad base64: cut short, 3 digits and 2 of padding");
}

}  // namespace
}  // namespace facet::media
