// Pictures: the decoded pixels, and for each budget the size, the resized pixels, patches and positions.
#include <algorithm>
#include <array>

#include "apps/verify/processor_cases.h"
#include "base/mapped_file.h"
#include "http/sha256.h"
#include "media/image.h"
#include "media/resize.h"

namespace facet::verify {
namespace {

using media::Image;
using Bytes = std::vector<uint8_t>;

// JPEG lets decoders round differently; the library that the build asks for gives the official pixels exactly.
constexpr double kJpegTolerance = 2;
constexpr int kPatchSide = 16, kUnifiedSide = 48;

template <class T>
void expect_hash(const std::vector<T>& values, const Json& golden, const char* key, const std::string& what,
                 Case& result) {
  if (!golden.contains(key)) return;
  const std::string hash = http::hex_digits(http::sha256(std::as_bytes(std::span(values))));
  result.expect(hash == golden[key].get<std::string>(), what + " differ");
}

// [patches, side, side, 3], row by row.
Bytes gather_patches(const Image& image, int side) {
  Bytes out;
  out.reserve(image.rgb.size());
  const auto row_bytes = static_cast<std::ptrdiff_t>(image.width) * 3;
  for (int y = 0; y < image.height; y += side)
    for (int x = 0; x < image.width; x += side)
      for (int r = 0; r < side; ++r) {
        const auto row = image.rgb.begin() + (y + r) * row_bytes + x * 3;
        out.insert(out.end(), row, row + side * 3);
      }
  return out;
}

// Whole or the first and the last of them, as stored. Fewer than are stored differ.
void expect_stored_patches(const MediaCase& picture, const std::string& budget, const Bytes& patches, Case& result) {
  const auto compare = [&](const char* which, auto&& expected_at) {
    const safetensors::Tensor* tensor = picture.tensors.find(picture.tensor_name("b" + budget + "." + which));
    if (tensor == nullptr) return;
    const size_t n = tensor->data.size();
    if (n > patches.size())
      return result.expect(
          false, fmt::format("{} at {}: {} bytes of patches, {} are stored", which, budget, patches.size(), n));
    const auto* stored = reinterpret_cast<const uint8_t*>(tensor->data.data());
    result.expect(std::equal(stored, stored + n, expected_at(n)), fmt::format("{} at {} differ", which, budget));
  };
  const auto from_start = [&](size_t) { return patches.data(); };
  compare("patches_u8", from_start);
  compare("first_patches_u8", from_start);
  compare("last_patch_u8", [&](size_t n) { return patches.data() + patches.size() - n; });
}

// The model without encoders takes larger patches. The official processor makes them with another resampler, whose
// pixels are known by their hash alone: patches can be compared where that is ours too.
void check_unified(const Json& golden, const Image& resized, Case& result) {
  if (!golden.contains("unified")) return;
  const Json& unified = golden["unified"];
  const int n_columns = resized.width / kUnifiedSide, n_rows = resized.height / kUnifiedSide;
  result.expect(n_columns * n_rows == unified.at("n_soft").get<int>(), "number of large patches differs");
  const std::vector<std::array<int, 2>> ends = {{0, 0}, {n_columns - 1, n_rows - 1}};
  result.expect(ends == unified.at("positions_first_last").get<std::vector<std::array<int, 2>>>(),
                "positions of large patches differ");
  if (golden.at("torchvision_u8_sha256") == golden.at("resized_rgb_u8_sha256"))
    expect_hash(gather_patches(resized, kUnifiedSide), unified, "patches48_u8_sha256", "large patches", result);
}

// `pixels`: whose hash of the resized pixels is ours, the entry itself or, of 16-bit gray, one of its own.
void check_budget(const MediaCase& picture, const Image& image, const std::string& budget, const Json& pixels,
                  Case& result) {
  const Json& golden = picture.golden.at("budgets").at(budget);
  const media::Size size = media::target_size({image.width, image.height}, std::stoi(budget));
  const auto want = golden.at("resized_wh").get<std::array<int, 2>>();
  result.expect(size == media::Size{want[0], want[1]}, fmt::format("{} x {} at {}", size.width, size.height, budget));
  result.expect(media::n_soft_tokens(size) == golden.at("n_soft").get<int>(), "soft tokens at " + budget + " differ");
  const Image resized = media::resize(image, size);
  expect_hash(resized.rgb, pixels, "resized_rgb_u8_sha256", "resized pixels at " + budget, result);
  std::vector<int64_t> positions;
  for (int y = 0; y < size.height / kPatchSide; ++y)
    for (int x = 0; x < size.width / kPatchSide; ++x) positions.insert(positions.end(), {x, y});
  expect_hash(positions, golden, "positions_i64_sha256", "positions at " + budget, result);
  if (&pixels != &golden) return;
  const Bytes patches = gather_patches(resized, kPatchSide);
  expect_stored_patches(picture, budget, patches, result);
  std::vector<float> values(patches.size());
  std::transform(patches.begin(), patches.end(), values.begin(), [](uint8_t v) { return static_cast<float>(v) / 255; });
  expect_hash(values, golden, "patches_f32_sha256", "patches at " + budget, result);
  check_unified(golden, resized, result);
}

// A JPEG is compared with its stored pixels, which stand in for it from there on.
void check_decoded(const MediaCase& picture, Image& image, Case& result) {
  const auto size = picture.golden.at("decoded_size_wh").get<std::array<int, 2>>();
  result.expect(image.width == size[0] && image.height == size[1], fmt::format("{} x {}", image.width, image.height));
  const safetensors::Tensor* stored = picture.tensors.find(picture.tensor_name("rgb"));
  if (stored == nullptr) {
    const bool is_gray16 = picture.golden.contains("high_byte");
    return expect_hash(image.rgb, is_gray16 ? picture.golden["high_byte"] : picture.golden, "decoded_rgb_sha256",
                       "decoded pixels", result);
  }
  if (stored->data.size() != image.rgb.size()) return result.expect(false, "number of decoded pixels differs");
  int worst = 0;
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    const auto want = static_cast<uint8_t>(stored->data[i]);
    worst = std::max(worst, std::abs(image.rgb[i] - want));
    image.rgb[i] = want;
  }
  result.compare("decoded, levels", worst, kJpegTolerance);
}

}  // namespace

void check_picture(const MediaCase& picture, Case& result) {
  const MappedFile file(picture.file.string());
  Image image = media::decode_image(file.bytes(), picture.file.string());
  check_decoded(picture, image, result);
  const Json& budgets = picture.golden.at("budgets");
  int n_unified = 0;
  for (const auto& [budget, golden] : budgets.items()) {
    const Json* pixels = picture.golden.contains("high_byte") ? &picture.golden["high_byte"].at(budget) : &golden;
    check_budget(picture, image, budget, *pixels, result);
    n_unified += static_cast<int>(golden.contains("unified") &&
                                  golden.at("torchvision_u8_sha256") == golden.at("resized_rgb_u8_sha256"));
  }
  result.note(fmt::format("{} budgets{}", budgets.size(),
                          n_unified > 0 ? fmt::format(", large patches at {}", n_unified) : ""));
}

}  // namespace facet::verify
