// Every block format against values computed by the GGUF project's own Python package: equal to the bit.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/test_data.h"
#include "quant/block_type.h"
#include "safetensors/reader.h"

namespace facet {
namespace {

std::vector<float> decode(quant::BlockType type, std::span<const std::byte> blocks) {
  const quant::BlockInfo& info = quant::block_info(type);
  // One byte off, so that no decoder relies on alignment.
  std::vector<std::byte> shifted(blocks.size() + 1);
  std::memcpy(shifted.data() + 1, blocks.data(), blocks.size());
  std::vector<float> y(blocks.size() / info.n_bytes * info.n_elements);
  quant::decode_row(type, shifted.data() + 1, y.data(), y.size());
  return y;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// F32 aside, all formats but Q1_0 and Q2_0, for which the package has no code, have a golden file.
bool has_golden(const quant::BlockInfo& info) {
  return info.is_weight && info.type != quant::BlockType::F32 && info.type != quant::BlockType::Q1_0 &&
         info.type != quant::BlockType::Q2_0;
}

class QuantGolden : public testing::TestWithParam<quant::BlockInfo> {};

TEST_P(QuantGolden, DecodesAndEncodesExactly) {
  const quant::BlockType type = GetParam().type;
  const std::string path = golden_path(fmt::format("quant/{}.safetensors", GetParam().name));
  SKIP_WITHOUT_GOLDENS();
  const auto file = safetensors::File::open(path);
  for (const std::string kind : {"decode", "random"}) {
    const safetensors::Tensor* in = file.find(kind + "_in");
    ASSERT_TRUE(in != nullptr || kind == "decode");
    if (in != nullptr) {
      EXPECT_TRUE(same_bits(decode(type, in->data), file.to_f32(kind + "_out"))) << kind;
    }
  }
  const safetensors::Tensor* out = file.find("encode_out");
  EXPECT_EQ(out != nullptr, quant::has_encoder(type));
  if (out == nullptr) return;
  const auto x = file.to_f32("encode_in");
  std::vector<std::byte> blocks(out->data.size());
  quant::encode_row(type, x.data(), blocks.data(), x.size());
  size_t n_different = 0;
  for (size_t i = 0; i < blocks.size(); ++i) n_different += blocks[i] != out->data[i];
  EXPECT_EQ(n_different, 0u);
}

std::vector<quant::BlockInfo> golden_formats() {
  std::vector<quant::BlockInfo> formats;
  for (uint32_t id = 0; id < 64; ++id)
    if (const auto info = quant::find_block_type(id); info && has_golden(*info)) formats.push_back(*info);
  return formats;
}

INSTANTIATE_TEST_SUITE_P(Formats, QuantGolden, testing::ValuesIn(golden_formats()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(QuantGoldens, CoverTheFormats) { EXPECT_EQ(golden_formats().size(), 25u); }

}  // namespace
}  // namespace facet
