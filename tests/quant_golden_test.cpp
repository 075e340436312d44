// Every block format against values computed by the GGUF project's own Python package: equal to the bit.
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

TEST(QuantGolden, DecodesAndEncodesEveryFormatExactly) {
  int n_formats = 0, n_encoded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_path("quant"))) {
    if (entry.path().extension() != ".safetensors") continue;
    SCOPED_TRACE(entry.path().stem().string());
    const auto info = quant::find_block_type(entry.path().stem().string());
    ASSERT_TRUE(info.has_value());
    const auto file = safetensors::File::open(entry.path().string());
    for (const char* kind : {"decode", "random"}) {
      const safetensors::Tensor* in = file.find(std::string(kind) + "_in");
      if (in == nullptr) continue;
      EXPECT_TRUE(same_bits(decode(info->type, in->data), file.to_f32(std::string(kind) + "_out"))) << kind;
    }
    if (const safetensors::Tensor* out = file.find("encode_out")) {
      ASSERT_TRUE(quant::has_encoder(info->type));
      const auto x = file.to_f32("encode_in");
      std::vector<std::byte> blocks(out->data.size());
      quant::encode_row(info->type, x.data(), blocks.data(), x.size());
      size_t n_different = 0;
      for (size_t i = 0; i < blocks.size(); ++i) n_different += blocks[i] != out->data[i];
      EXPECT_EQ(n_different, 0u);
      ++n_encoded;
    }
    ++n_formats;
  }
  EXPECT_GE(n_formats, 25);
  EXPECT_GE(n_encoded, 9);
}

}  // namespace
}  // namespace facet
