#include "gguf/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/system_memory.h"
#include "base/test_data.h"
#include "gguf/test_file.h"

namespace facet::gguf {
namespace {

using quant::BlockType;

File parse(const std::string& bytes) { return File::parse(std::as_bytes(std::span(bytes)), "test.gguf"); }

// The message of the FormatError that the bytes give, after checking its form: one line that starts with the file.
std::string error_of(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const FormatError& e) {
    const std::string message = e.what();
    EXPECT_TRUE(message.starts_with("test.gguf: ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  return "no error";
}
std::string error_of(const TestFile& file) { return error_of(file.bytes()); }

void expect_error(const TestFile& file, std::initializer_list<std::string_view> parts) {
  const std::string message = error_of(file);
  for (const std::string_view part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
}

// A folder of its own, gone at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "facet-gguf-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TestFile small_file() {
  TestFile file;
  file.value("general.architecture", "test").value("test.count", uint32_t{7});
  file.array("test.names", std::vector<std::string>{"a", "", "ccc"});
  file.tensor("one", {4, 2}, BlockType::F32, TestFile::f32({0, 1, 2, 3, 4, 5, 6, 7}));
  file.tensor("two", {32}, BlockType::Q8_0);
  return file;
}

TEST(GgufReader, ReadsBothVersionsAlike) {
  for (const uint32_t version : {2u, 3u}) {
    TestFile file = small_file();
    file.version = version;
    const std::string bytes = file.bytes();
    const File read = parse(bytes);
    EXPECT_EQ(read.version(), static_cast<int>(version));
    EXPECT_EQ(read.total_bytes(), bytes.size());
    EXPECT_EQ(read.values().size(), 3u);
    ASSERT_EQ(read.tensors().size(), 2u);
    const Tensor* one = read.find_tensor("one");
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(one->ne, (std::array<uint64_t, 4>{4, 2, 1, 1}));
    EXPECT_EQ(one->n_dims, 2);
    EXPECT_EQ(one->n_elements(), 8u);
    EXPECT_EQ(one->type, BlockType::F32);
    ASSERT_EQ(one->data.size(), 32u);
    EXPECT_EQ(one->file_offset % 32, 0u);
    float last;
    std::memcpy(&last, one->data.data() + 28, sizeof last);
    EXPECT_EQ(last, 7);
    EXPECT_EQ(read.find_tensor("two")->data.size(), 34u);
    EXPECT_EQ(read.find_tensor("three"), nullptr);
    EXPECT_EQ(read.find("test.nothing"), nullptr);
  }
}

TEST(GgufReader, ReadsEveryValueType) {
  TestFile file;
  file.value("u8", uint8_t{200}).value("i8", int8_t{100}).value("u16", uint16_t{60000}).value("i16", int16_t{30000});
  file.value("u32", uint32_t{4000000000}).value("i32", int32_t{2000000000}).value("u64", uint64_t{1} << 63);
  file.value("i64", int64_t{1} << 62).value("f32", 1.5f).value("f64", 2.25).value("bool", true).value("text", "größer");
  const std::string bytes = file.bytes();
  const File read = parse(bytes);
  EXPECT_EQ(read.get_uint("u8"), 200u);
  EXPECT_EQ(read.get_uint("i8"), 100u);
  EXPECT_EQ(read.get_uint("u16"), 60000u);
  EXPECT_EQ(read.get_uint("i16"), 30000u);
  EXPECT_EQ(read.get_uint("u32"), 4000000000u);
  EXPECT_EQ(read.get_uint("i32"), 2000000000u);
  EXPECT_EQ(read.get_uint("u64"), uint64_t{1} << 63);
  EXPECT_EQ(read.get_uint("i64"), uint64_t{1} << 62);
  EXPECT_EQ(read.get_float("f32"), 1.5);
  EXPECT_EQ(read.get_float("f64"), 2.25);
  EXPECT_EQ(read.get_float("u16"), 60000.0);  // some writers store whole numbers so
  EXPECT_EQ(read.get_bool("bool"), true);
  EXPECT_EQ(read.get_uint("bool"), 1u);
  EXPECT_EQ(read.get_string("text"), "größer");
  EXPECT_EQ(read.get_uint("absent"), std::nullopt);
}

TEST(GgufReader, ReadsArraysOfEveryElementType) {
  TestFile file;
  file.array("u8", std::vector<uint8_t>{1, 2}).array("i8", std::vector<int8_t>{1, 2});
  file.array("u16", std::vector<uint16_t>{1, 2}).array("i16", std::vector<int16_t>{1, 2});
  file.array("u32", std::vector<uint32_t>{1, 2}).array("i32", std::vector<int32_t>{1, 2});
  file.array("u64", std::vector<uint64_t>{1, 2}).array("i64", std::vector<int64_t>{1, 2});
  file.array("bool", std::vector<bool>{true, false});
  file.array("f32", std::vector<float>{1.5f, -2}).array("f64", std::vector<double>{1.5, -2});
  file.array("text", std::vector<std::string>{"a", "", "b\n"});
  file.raw_array("empty", 4, 0, "");
  const std::string bytes = file.bytes();
  const File read = parse(bytes);
  for (const char* key : {"u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"})
    EXPECT_EQ(read.get_uint_array(key), (std::vector<uint64_t>{1, 2})) << key;
  EXPECT_EQ(read.get_uint_array("bool"), (std::vector<uint64_t>{1, 0}));
  EXPECT_EQ(read.get_uint_array("empty"), std::vector<uint64_t>{});
  EXPECT_EQ(read.get_float_array("f32"), (std::vector<float>{1.5f, -2}));
  EXPECT_EQ(read.get_float_array("f64"), (std::vector<float>{1.5f, -2}));
  EXPECT_EQ(read.get_string_array("text"), (std::vector<std::string_view>{"a", "", "b\n"}));
  EXPECT_EQ(read.get_uint_array("absent"), std::nullopt);
}

TEST(GgufReader, GettersNameKeyFoundAndExpected) {
  TestFile file;
  file.value("negative", int32_t{-1}).value("text", "x").array("list", std::vector<float>{1});
  file.array("negatives", std::vector<int32_t>{3, -3}).value("real", 1.5f);
  const std::string bytes = file.bytes();
  const File read = parse(bytes);
  const auto message = [](auto&& get) -> std::string {
    try {
      get();
    } catch (const FormatError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([&] { read.get_uint("negative"); }),
            "test.gguf: key negative is i32, expected an integer of 0 or more");
  EXPECT_EQ(message([&] { read.get_uint("text"); }), "test.gguf: key text is string, expected an integer of 0 or more");
  EXPECT_EQ(message([&] { read.get_uint("real"); }), "test.gguf: key real is f32, expected an integer of 0 or more");
  EXPECT_EQ(message([&] { read.get_float("text"); }), "test.gguf: key text is string, expected a number");
  EXPECT_EQ(read.get_float("negative"), -1.0);
  EXPECT_EQ(message([&] { read.get_float("list"); }), "test.gguf: key list is an array of f32, expected a number");
  EXPECT_EQ(message([&] { read.get_bool("text"); }), "test.gguf: key text is string, expected a bool");
  EXPECT_EQ(message([&] { read.get_string("real"); }), "test.gguf: key real is f32, expected a string");
  EXPECT_EQ(message([&] { read.get_uint_array("list"); }),
            "test.gguf: key list is an array of f32, expected an array of integers");
  EXPECT_EQ(message([&] { read.get_uint_array("negatives"); }),
            "test.gguf: key negatives holds a negative number at 1");
  EXPECT_EQ(message([&] { read.get_float_array("negatives"); }),
            "test.gguf: key negatives is an array of i32, expected an array of floats");
  EXPECT_EQ(message([&] { read.get_string_array("list"); }),
            "test.gguf: key list is an array of f32, expected an array of strings");
}

TEST(GgufReader, ArraysThatAreTooLongAreNotConverted) {
  constexpr uint64_t kMost = 1 << 22;
  for (const uint64_t n : {kMost, kMost + 1}) {
    TestFile file;
    file.raw_array("list", static_cast<uint32_t>(ValueType::U8), n, std::string(n, '\1'));
    const std::string bytes = file.bytes();
    const File read = parse(bytes);
    if (n == kMost)
      EXPECT_EQ(read.get_uint_array("list")->size(), n);
    else
      EXPECT_THROW(read.get_uint_array("list"), FormatError);
  }
}

TEST(GgufReader, NoTensorsAndNoPaddingAreFine) {
  TestFile file;
  file.value("general.name", "vocabulary only");
  const std::string bytes = file.bytes();
  EXPECT_TRUE(parse(bytes).tensors().empty());
  TestFile unpadded = small_file();
  unpadded.pad_last_tensor = false;
  const std::string short_bytes = unpadded.bytes();
  EXPECT_EQ(parse(short_bytes).tensors().size(), 2u);
}

TEST(GgufReader, TheAlignmentKeyMovesTheData) {
  for (const uint32_t alignment : {1u, 8u, 64u, 4096u}) {
    TestFile file = small_file();
    file.alignment = alignment;
    file.value("general.alignment", alignment);
    const std::string bytes = file.bytes();
    const File read = parse(bytes);
    for (const Tensor& t : read.tensors()) EXPECT_EQ(t.file_offset % alignment, 0u);
    EXPECT_EQ(read.find_tensor("one")->data[4], std::byte{0});
    EXPECT_EQ(read.find_tensor("one")->data[6], std::byte{0x80});  // 1.0f
  }
}

// gguf.md 1.5, check by check.

TEST(GgufChecks, MagicAndVersion) {
  TestFile file = small_file();
  file.magic = "GGML";
  expect_error(file, {"at byte 0", "starts with \"GGML\"", "expected \"GGUF\""});
  EXPECT_NE(error_of("PK\x03\x04 and so on").find("starts with \"PK\\x03\\x04\""), std::string::npos);
  EXPECT_NE(error_of("").find("starts with \"\""), std::string::npos);
  for (const uint32_t version : {0u, 1u, 4u, 0xffffu}) {
    TestFile other = small_file();
    other.version = version;
    expect_error(other, {fmt::format("the version is {}", version), "expected 2 or 3"});
  }
  TestFile big_endian = small_file();
  big_endian.version = 0x03000000;
  expect_error(big_endian, {"big-endian", "expected little-endian"});
}

// A hostile count may cost neither memory nor time.
TEST(GgufChecks, CountsThatLie) {
  const int64_t before = peak_resident_memory();
  for (const uint64_t n : {uint64_t{1} << 20, uint64_t{1} << 30, uint64_t{1} << 60, UINT64_MAX}) {
    TestFile tensors = small_file(), keys = small_file();
    tensors.n_tensors = n;
    expect_error(tensors, {"the tensors are " + std::to_string(n)});
    keys.n_values = n;
    expect_error(keys, {"the keys are " + std::to_string(n)});
    TestFile strings, numbers, text;
    strings.raw_array("list", static_cast<uint32_t>(ValueType::String), n, "");
    expect_error(strings, {"the elements of key list are " + std::to_string(n)});
    numbers.raw_array("list", static_cast<uint32_t>(ValueType::F64), n, "");
    expect_error(numbers, {"the elements of key list are " + std::to_string(n)});
    text.raw_value("text", ValueType::String, TestFile::bytes_of(n));
    expect_error(text, {n > uint64_t{1} << 30 ? "has " : "needs ", std::to_string(n)});
  }
  // One more tensor than there is: the bytes that follow are read as its name and end too soon or make no sense.
  TestFile one_more = small_file();
  one_more.n_tensors = 3;
  expect_error(one_more, {"a tensor name"});
  constexpr int64_t kAllowed = 16 << 20;
  EXPECT_LT(peak_resident_memory() - before, kAllowed);
}

TEST(GgufChecks, Strings) {
  TestFile long_key;
  long_key.value(std::string(65535, 'k'), uint8_t{1});
  EXPECT_EQ(error_of(long_key), "no error");
  long_key.value(std::string(65536, 'k'), uint8_t{1});
  expect_error(long_key, {"a key has 65536 bytes", "at most 65535"});
}

TEST(GgufChecks, Keys) {
  TestFile empty;
  empty.value("", uint32_t{1});
  expect_error(empty, {"a key is empty"});
  TestFile twice = small_file();
  twice.value("test.count", uint32_t{8});
  expect_error(twice, {"key test.count occurs twice"});
  TestFile hostile_name;
  hostile_name.value("a\n\x1b[2Jb", uint8_t{1}).value("a\n\x1b[2Jb", uint8_t{1});
  expect_error(hostile_name, {"key a\\n\\x1b[2Jb occurs twice"});
}

TEST(GgufChecks, ValueTypes) {
  for (const uint32_t type : {13u, 255u, 0xffffffffu}) {
    TestFile file;
    file.raw_value("key", static_cast<ValueType>(type), "12345678");
    expect_error(file, {fmt::format("key key has value type {}", type), "expected 0 to 12"});
    TestFile element;
    element.raw_array("list", type, 1, "12345678");
    expect_error(element, {fmt::format("key list has value type {}", type)});
  }
  TestFile nested;
  nested.raw_array("list", static_cast<uint32_t>(ValueType::Array), 1,
                   TestFile::bytes_of(uint32_t{4}) + TestFile::bytes_of(uint64_t{0}));
  expect_error(nested, {"key list is an array of arrays", "expected an array of numbers or strings"});
}

TEST(GgufChecks, Alignment) {
  for (const uint32_t alignment : {0u, 3u, 24u, 0xffffffffu}) {
    TestFile file = small_file();
    file.value("general.alignment", alignment);
    expect_error(file, {fmt::format("general.alignment is {}", alignment), "power of two"});
  }
  TestFile wrong_type = small_file();
  wrong_type.value("general.alignment", uint64_t{32});
  expect_error(wrong_type, {"general.alignment is u64", "expected u32"});
  TestFile huge = small_file();
  huge.value("general.alignment", uint32_t{1} << 31);
  expect_error(huge, {"cut off", "tensor one"});
}

TEST(GgufChecks, TensorNames) {
  TestFile longest;
  longest.tensor(std::string(63, 'n'), {1});
  EXPECT_EQ(error_of(longest), "no error");
  TestFile long_name;
  long_name.tensor(std::string(64, 'n'), {1});
  expect_error(long_name, {"a tensor name has 64 bytes", "at most 63"});
  TestFile empty;
  empty.tensor("", {1});
  expect_error(empty, {"a tensor name is \"\"", "expected 1 to 63"});
  TestFile zero;
  zero.tensor(std::string_view("a\0b", 3), {1});
  expect_error(zero, {"a tensor name is \"a\\x00b\""});
  TestFile twice;
  twice.tensor("one", {4}).tensor("two", {4}).tensor("one", {4});
  expect_error(twice, {"tensor one occurs twice"});
}

TEST(GgufChecks, Shapes) {
  for (const uint32_t n_dims : {0u, 5u, 0xffffffffu}) {
    TestFile file;
    file.tensor("one", {4});
    file.tensors[0].n_dims = n_dims;
    expect_error(file, {fmt::format("tensor one has {} dimensions", n_dims), "expected 1 to 4"});
  }
  for (const uint64_t n : {uint64_t{0}, uint64_t{1} << 63, UINT64_MAX}) {
    TestFile file;
    file.tensor("one", {4, n}, BlockType::F32, "some");
    expect_error(file, {"tensor one: dimension 1 is"});
  }
  // The product wraps to 0 in 64 bits, to 2^63 in the second.
  for (const std::vector<uint64_t>& ne :
       {std::vector<uint64_t>{uint64_t{1} << 32, uint64_t{1} << 32},
        std::vector<uint64_t>{uint64_t{1} << 21, 1 << 21, 1 << 21}, std::vector<uint64_t>{uint64_t{1} << 61, 2}}) {
    TestFile file;
    file.tensor("one", ne, BlockType::F32, "some");
    expect_error(file, {"tensor one has more elements or bytes than 63 bits count"});
  }
}

TEST(GgufChecks, Types) {
  for (const uint32_t type : {4u, 5u, 9u, 15u, 31u, 32u, 33u, 36u, 37u, 38u, 43u, 255u, 0xffffffffu}) {
    TestFile file;
    file.tensor("one", {256});
    file.tensors[0].type = type;
    expect_error(file, {fmt::format("tensor one has type {}", type)});
  }
  TestFile ragged;
  ragged.tensor("one", {48, 2}, BlockType::Q4_0, std::string(54, '\0'));
  expect_error(ragged, {"tensor one has rows of 48", "q4_0's blocks of 32"});
}

// Sizes of every stored type: gguf.md 1.3.
TEST(GgufReader, SizesOfTypes) {
  struct Row {
    uint32_t id;
    std::string_view name;
    uint32_t n_elements, n_bytes;
  };
  constexpr Row kTable[] = {
      {0, "f32", 1, 4},         {1, "f16", 1, 2},        {2, "q4_0", 32, 18},      {3, "q4_1", 32, 20},
      {6, "q5_0", 32, 22},      {7, "q5_1", 32, 24},     {8, "q8_0", 32, 34},      {10, "q2_k", 256, 84},
      {11, "q3_k", 256, 110},   {12, "q4_k", 256, 144},  {13, "q5_k", 256, 176},   {14, "q6_k", 256, 210},
      {16, "iq2_xxs", 256, 66}, {17, "iq2_xs", 256, 74}, {18, "iq3_xxs", 256, 98}, {19, "iq1_s", 256, 50},
      {20, "iq4_nl", 32, 18},   {21, "iq3_s", 256, 110}, {22, "iq2_s", 256, 82},   {23, "iq4_xs", 256, 136},
      {24, "i8", 1, 1},         {25, "i16", 1, 2},       {26, "i32", 1, 4},        {27, "i64", 1, 8},
      {28, "f64", 1, 8},        {29, "iq1_m", 256, 56},  {30, "bf16", 1, 2},       {34, "tq1_0", 256, 54},
      {35, "tq2_0", 256, 66},   {39, "mxfp4", 32, 17},   {40, "nvfp4", 64, 36},    {41, "q1_0", 128, 18},
      {42, "q2_0", 64, 18}};
  TestFile file;
  for (const Row& row : kTable) {
    file.tensor(std::string(row.name), {512, 3}, static_cast<BlockType>(row.id),
                std::string(512 / row.n_elements * 3 * row.n_bytes, 'x'));
  }
  const std::string bytes = file.bytes();
  const File read = parse(bytes);
  for (const Row& row : kTable) {
    const Tensor* t = read.find_tensor(row.name);
    ASSERT_NE(t, nullptr) << row.name;
    EXPECT_EQ(t->data.size(), 512 / row.n_elements * 3 * row.n_bytes) << row.name;
    EXPECT_EQ(quant::block_info(t->type).name, row.name);
  }
}

TEST(GgufChecks, Offsets) {
  // Overlapping, with a hole, not aligned, before the first, absurd.
  for (const uint64_t offset : {uint64_t{0}, uint64_t{64}, uint64_t{33}, UINT64_MAX, uint64_t{1} << 63}) {
    TestFile file = small_file();
    file.find("two").offset = offset;
    expect_error(file, {fmt::format("tensor two starts at offset {}", offset), "expected 32"});
  }
  TestFile late = small_file();
  late.find("one").offset = 32;
  expect_error(late, {"tensor one starts at offset 32", "expected 0"});
}

TEST(GgufChecks, TensorsBeyondTheEnd) {
  TestFile file = small_file();
  file.pad_last_tensor = false;
  std::string bytes = file.bytes();
  bytes.pop_back();
  const std::string message = error_of(bytes);
  EXPECT_NE(message.find("cut off: tensor two needs 34 bytes"), std::string::npos) << message;
  EXPECT_NE(message.find(fmt::format("the file has {}", bytes.size())), std::string::npos) << message;
  TestFile huge;
  huge.tensor("one", {uint64_t{1} << 60}, BlockType::F32, "some");
  expect_error(huge, {"cut off: tensor one needs 4611686018427387904 bytes"});
}

// Whatever is cut off, it is said; nothing is read beyond the end (the sanitizer build looks at that).
TEST(GgufChecks, TruncatedAtEveryByte) {
  TestFile file = small_file();
  file.pad_last_tensor = false;
  const std::string bytes = file.bytes();
  ASSERT_EQ(error_of(bytes), "no error");
  for (size_t n = 0; n < bytes.size(); ++n) {
    const std::string message = error_of(std::string(bytes.data(), n));
    EXPECT_TRUE(message.find("cut off") != std::string::npos || message.find("bytes follow") != std::string::npos ||
                message.find("not a GGUF file") != std::string::npos)
        << n << ": " << message;
  }
}

// Any single byte may be anything: an error or a file whose views are all inside.
TEST(GgufChecks, EveryByteChanged) {
  const std::string bytes = small_file().bytes();
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const int change : {1, 0x80, 0xff}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ change);
      try {
        const File file = parse(changed);
        for (const Tensor& t : file.tensors()) {
          EXPECT_GE(t.data.data(), std::as_bytes(std::span(changed)).data());
          EXPECT_LE(t.data.data() + t.data.size(), std::as_bytes(std::span(changed)).data() + changed.size());
        }
      } catch (const FormatError&) {
      }
    }
}

// Files on disk.

void make_sparse(const std::string& path, const TestFile& file) {
  const std::string head = file.head();
  std::ofstream(path, std::ios::binary) << head;
  ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(head.size() + file.data_bytes())), 0);
}

TEST(GgufFiles, OffsetsHaveMoreThan32Bits) {
  const Folder folder;
  TestFile file;
  file.tensor("first", {uint64_t{1} << 20, 30720}, BlockType::Q8_0);  // 34 GB
  file.tensor("last", {8}, BlockType::F32);
  make_sparse(folder / "big.gguf", file);
  const uint64_t offset = file.head().size() + (uint64_t{1} << 20) / 32 * 34 * 30720;
  std::fstream(folder / "big.gguf", std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(offset))
      .write(TestFile::f32({42}).data(), 4);
  const File read = File::open(folder / "big.gguf");
  const Tensor* last = read.find_tensor("last");
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->file_offset, offset);
  EXPECT_GT(offset, uint64_t{33} * 1000 * 1000 * 1000);
  float value;
  std::memcpy(&value, last->data.data(), sizeof value);
  EXPECT_EQ(value, 42);
}

// As many tensors and tokens as a large model has.
TestFile large_model() {
  TestFile file;
  std::vector<std::string> tokens, merges;
  for (int i = 0; i < 262144; ++i) tokens.push_back("tok" + std::to_string(i));
  for (int i = 0; i < 514906; ++i) merges.push_back("tok" + std::to_string(i % 1000) + " x");
  file.array("tokenizer.ggml.tokens", tokens).array("tokenizer.ggml.merges", merges);
  file.array("tokenizer.ggml.scores", std::vector<float>(262144, 0));
  for (int i = 0; i < 1000; ++i) file.tensor(fmt::format("blk.{}.weight", i), {4096, 2304}, BlockType::Q4_0);
  return file;
}

TEST(GgufFiles, OpeningCostsMilliseconds) {
  const Folder folder;
  const TestFile model = large_model();
  make_sparse(folder / "large.gguf", model);
  ASSERT_GT(std::filesystem::file_size(folder / "large.gguf"), uint64_t{5} * 1000 * 1000 * 1000);
  // Time of the processor, so that other programs on the machine do not count.
  double best_ms = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    const File file = File::open(folder / "large.gguf");
    best_ms = std::min(best_ms, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    EXPECT_EQ(file.tensors().size(), 1000u);
  }
  RecordProperty("open_ms", std::to_string(best_ms));
#ifdef NDEBUG
  EXPECT_LT(best_ms, 50);
#endif
}

// Three shards: the first holds the keys and no tensor, as some tools write them.
struct Split {
  std::vector<TestFile> shards{3};

  Split() {
    for (size_t i = 0; i < shards.size(); ++i)
      shards[i]
          .value("split.no", static_cast<uint16_t>(i))
          .value("split.count", uint16_t{3})
          .value("split.tensors.count", int32_t{3});
    shards[0].value("general.architecture", "test");
    shards[1].tensor("a", {2}, BlockType::F32, TestFile::f32({1, 2}));
    shards[1].tensor("b", {2}, BlockType::F32, TestFile::f32({3, 4}));
    shards[2].tensor("c", {2}, BlockType::F32, TestFile::f32({5, 6}));
  }
  static std::string name(size_t i) { return fmt::format("m-{:05}-of-00003.gguf", i + 1); }
  void write(const Folder& folder) const {
    for (size_t i = 0; i < shards.size(); ++i) shards[i].write(folder / name(i));
  }
};

template <class E>
std::string open_error(const std::string& path) {
  try {
    File::open(path);
  } catch (const E& e) {
    return e.what();
  }
  return "no error";
}

TEST(GgufSplits, AllShardsAreOneFile) {
  const Folder folder;
  Split().write(folder);
  const File file = File::open(folder / Split::name(0));
  EXPECT_EQ(file.shard_paths().size(), 3u);
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.find_tensor("c")->shard, 2);
  float value;
  std::memcpy(&value, file.find_tensor("c")->data.data() + 4, sizeof value);
  EXPECT_EQ(value, 6);
  uint64_t total = 0;
  for (size_t i = 0; i < 3; ++i) total += std::filesystem::file_size(folder / Split::name(i));
  EXPECT_EQ(file.total_bytes(), total);
  EXPECT_EQ(file.get_string("general.architecture"), "test");
}

TEST(GgufSplits, AShardThatIsMissing) {
  const Folder folder;
  Split().write(folder);
  std::filesystem::remove(folder / Split::name(1));
  EXPECT_EQ(open_error<ResourceError>(folder / Split::name(0)),
            (folder / Split::name(1)) + ": no such file; it is shard 2 of 3 of " + (folder / Split::name(0)));
}

TEST(GgufSplits, AnotherShardGivenFirst) {
  const Folder folder;
  Split().write(folder);
  EXPECT_EQ(
      open_error<FormatError>(folder / Split::name(2)),
      (folder / Split::name(2)) + ": is shard 3 of 3, expected the first: its name ends in \"-00001-of-00003.gguf\"");
}

TEST(GgufSplits, ANameThatHidesTheOthers) {
  const Folder folder;
  Split().write(folder);
  std::filesystem::rename(folder / Split::name(0), folder / "model.gguf");
  EXPECT_NE(open_error<FormatError>(folder / "model.gguf").find("does not end in \"-00001-of-00003.gguf\""),
            std::string::npos);
}

TEST(GgufSplits, ShardsThatDisagree) {
  const Folder folder;
  const auto error_with = [&](auto&& change) {
    Split split;
    change(split);
    split.write(folder);
    return open_error<FormatError>(folder / Split::name(0));
  };
  const std::string second = folder / Split::name(1);
  EXPECT_EQ(error_with([](Split& s) { s.shards[1].set("split.no", uint16_t{2}); }),
            second + ": key split.no is 2, expected 1: the file is no shard of this model");
  EXPECT_EQ(error_with([](Split& s) { s.shards[1].remove("split.no"); }),
            second + ": key split.no is not there, expected 1: the file is no shard of this model");
  EXPECT_EQ(error_with([](Split& s) { s.shards[1].set("split.no", "one"); }),
            second + ": key split.no is string, expected 1: the file is no shard of this model");
  EXPECT_EQ(error_with([](Split& s) { s.shards[1].set("split.no", int32_t{-1}); }),
            second + ": key split.no is a negative number, expected 1: the file is no shard of this model");
  EXPECT_EQ(error_with([](Split& s) { s.shards[1].set("split.count", uint16_t{4}); }),
            second + ": key split.count is 4, expected 3: the file is no shard of this model");
  EXPECT_EQ(error_with([](Split& s) { s.shards[0].set("split.tensors.count", int32_t{4}); }),
            (folder / Split::name(0)) + ": the shards hold 3 tensors together, key split.tensors.count says 4");
  EXPECT_NE(error_with([](Split& s) { s.shards[0].set("split.tensors.count", int32_t{-1}); }).find("is i32"),
            std::string::npos);
  EXPECT_NE(error_with([](Split& s) { s.shards[0].set("split.count", "three"); }).find("is string"), std::string::npos);
  EXPECT_NE(error_with([](Split& s) { s.shards[0].set("split.count", uint32_t{100000}); }).find("at most 99999"),
            std::string::npos);
  const std::string twice = error_with([](Split& s) { s.shards[2].tensors[0].name = "a"; });
  EXPECT_TRUE(twice == second + ": tensor a occurs twice" ||
              twice == (folder / Split::name(2)) + ": tensor a occurs twice")
      << twice;
}

TEST(GgufSplits, ACountOfOneIsASingleFile) {
  TestFile file = small_file();
  file.value("split.no", uint16_t{0}).value("split.count", uint16_t{1});
  const Folder folder;
  file.write(folder / "any name.gguf");
  EXPECT_EQ(File::open(folder / "any name.gguf").tensors().size(), 2u);
}

TEST(GgufFiles, ThatCannotBeRead) {
  const Folder folder;
  EXPECT_NE(open_error<ResourceError>(folder / "absent.gguf").find("cannot open: No such file"), std::string::npos);
  std::filesystem::create_directory(folder / "directory");
  EXPECT_NE(open_error<ResourceError>(folder / "directory").find("not a regular file"), std::string::npos);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(open_error<ResourceError>(folder / "pipe").find("not a regular file"), std::string::npos);
  std::ofstream(folder / "empty.gguf").flush();
  EXPECT_NE(open_error<FormatError>(folder / "empty.gguf").find("not a GGUF file"), std::string::npos);
}

TEST(GgufFiles, InMemoryAreFoundByTheirNames) {
  const Folder folder;
  const std::string path = folder / "a.gguf", bytes = small_file().bytes();
  small_file().value("here", uint8_t{1}).write(path);
  const MemoryFile in_memory[] = {{"built-in/other.gguf", {}}, {"built-in/a.gguf", std::as_bytes(std::span(bytes))}};
  const File file = File::open("built-in/a.gguf", in_memory);
  EXPECT_EQ(file.path(), "built-in/a.gguf");
  EXPECT_EQ(file.total_bytes(), bytes.size());
  const auto* const data = reinterpret_cast<const char*>(file.tensors()[0].data.data());
  EXPECT_TRUE(data >= bytes.data() && data < bytes.data() + bytes.size()) << "it was copied";
  file.check_unchanged();
  EXPECT_NE(File::open(path, in_memory).find("here"), nullptr);  // a path as ever
  EXPECT_THROW(File::open("built-in/b.gguf", in_memory), ResourceError);
  EXPECT_THROW(File::open("built-in/other.gguf", in_memory), FormatError);
}

// The community converter's files.
TEST(GgufFiles, OfTheCommunityConverter) {
  SKIP_WITHOUT_GOLDENS();
  const File text = File::open(golden_path("tiny-e2b/gguf/tiny-e2b-q4_0.gguf"));
  EXPECT_EQ(text.version(), 3);
  EXPECT_EQ(text.get_string("general.architecture"), "gemma4");
  EXPECT_EQ(text.get_uint_array("gemma4.attention.sliding_window_pattern")->size(), 15u);
  EXPECT_EQ(text.get_string_array("tokenizer.ggml.tokens")->size(), 1536u);
  EXPECT_EQ(text.find_tensor("token_embd.weight")->ne[1], 1536u);
  const File projector = File::open(golden_path("tiny-e2b/gguf/tiny-e2b-mmproj-bf16.gguf"));
  EXPECT_EQ(projector.get_string("general.architecture"), "clip");
}

}  // namespace
}  // namespace facet::gguf
