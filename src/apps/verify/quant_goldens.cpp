// Block formats: decoded and encoded values, equal to the bit.
#include <cstring>

#include "apps/verify/verify.h"
#include "quant/block_type.h"
#include "safetensors/reader.h"

namespace facet::verify {

void run_quant_goldens(const std::filesystem::path& path, Report& report) {
  const auto info = quant::find_block_type(path.stem().string());
  const std::string name = "quant/" + path.stem().string();
  if (!info) return;
  run_case(report, name, [&](Case& result) {
    const auto file = safetensors::File::open(path.string());
    for (const std::string kind : {"decode", "random"}) {
      const safetensors::Tensor* in = file.find(kind + "_in");
      if (in == nullptr) continue;
      const auto want = file.to_f32(kind + "_out");
      std::vector<float> got(in->data.size() / info->n_bytes * info->n_elements);
      quant::decode_row(info->type, in->data.data(), got.data(), got.size());
      result.expect(got.size() == want.size() && std::memcmp(got.data(), want.data(), want.size() * sizeof(float)) == 0,
                    kind + " differs");
    }
    if (const safetensors::Tensor* out = file.find("encode_out")) {
      const auto x = file.to_f32("encode_in");
      const bool fits = quant::has_encoder(info->type) && out->data.size() == quant::row_bytes(info->type, x.size());
      std::vector<std::byte> blocks(out->data.size());
      result.expect(fits, "has no encoder, or another number of blocks than values");
      if (fits) quant::encode_row(info->type, x.data(), blocks.data(), x.size());
      result.expect(std::memcmp(blocks.data(), out->data.data(), blocks.size()) == 0, "encode differs");
    }
  });
}

}  // namespace facet::verify
