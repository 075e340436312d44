#include "model/vision.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/thread_pool.h"
#include "model/test_vision.h"
#include "ops/cpu/cpu_ops.h"
#include "ops/dump_ops.h"
#include "ops/ref/ref_ops.h"

namespace facet::model {
namespace {

constexpr int kEmbd = 24;

struct Encoder {
  explicit Encoder(const gguf::TestFile& file) : bytes(file.bytes()) {
    auto parsed = gguf::File::parse(std::as_bytes(std::span(bytes)), "mmproj.gguf");
    config = *read_vision_config(parsed);
    source = make_tensor_source(std::move(parsed));
    weights = bind_vision_weights(config, kEmbd, *source);
  }

  std::string bytes;
  VisionConfig config;
  std::unique_ptr<TensorSource> source;
  VisionWeights weights;
};

struct TestPicture {
  TestPicture(int w, int h) : width(w), height(h), rgb(static_cast<size_t>(3 * w * h)) {
    std::minstd_rand random(static_cast<uint32_t>(w + 31 * h));
    for (uint8_t& byte : rgb) byte = static_cast<uint8_t>(random() % 256);
  }
  Pixels pixels() const { return {width, height, rgb}; }
  int width, height;
  std::vector<uint8_t> rgb;
};

std::vector<float> encode(ops::Ops& op, const Encoder& e, const TestPicture& picture, VisionScratch& scratch) {
  const int n = n_soft_tokens(e.config, picture.width, picture.height);
  std::vector<float> rows(static_cast<size_t>(n * kEmbd));
  encode_image(op, e.config, e.weights, picture.pixels(), {rows.data(), n, kEmbd}, scratch);
  return rows;
}

std::vector<float> encode(ops::Ops& op, const Encoder& e, const TestPicture& picture) {
  VisionScratch scratch;
  return encode(op, e, picture, scratch);
}

float largest(const std::vector<float>& v) {
  float top = 0;
  for (const float x : v) top = std::max(top, std::abs(x));
  return top;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float top = 0;
  for (size_t i = 0; i < a.size(); ++i) top = std::max(top, std::abs(a[i] - b[i]));
  return top;
}

std::vector<gguf::TestFile> kinds_of_encoders() {
  TestVisionSizes clipped, standardized;
  clipped.clips = true;
  standardized.standardizes = true;
  standardized.n_heads = 1;
  return {vision_file(), vision_file(clipped), vision_file(standardized), unified_vision_file()};
}

// Both follow the same steps in f32; what differs is the order in which sums of some hundred products are rounded, a
// few units of 2^-24 each, through two layers that norms keep at their size.
TEST(Vision, CpuAgreesWithTheReference) {
  ThreadPool threads(2);
  ops::cpu::Ops cpu(threads, *kernels::available().front(), ops::Activations::F32);
  ops::ref::Ops ref;
  for (const gguf::TestFile& file : kinds_of_encoders()) {
    const Encoder e(file);
    const TestPicture picture(144, 96);
    const auto expected = encode(ref, e, picture), found = encode(cpu, e, picture);
    EXPECT_EQ(expected.size(), 6u * kEmbd);
    EXPECT_GT(largest(expected), 0.5f);
    EXPECT_LT(largest_difference(expected, found), 1e-4f * largest(expected));
  }
}

// The last patch of a picture that is computed in several blocks, by hand.
TEST(Vision, EmbedsEveryPatchWhereItStands) {
  TestVisionSizes sizes;
  sizes.n_layers = 1;
  sizes.n_positions = 30;
  const Encoder e(vision_file(sizes));
  const TestPicture picture(480, 384);
  ops::Dump dump;
  ops::DumpOps op(std::make_unique<ops::ref::Ops>(), dump,
                  [](const std::string& name) { return name == "patch_embed"; });
  encode(op, e, picture);
  const ops::DumpedTensor& embedded = dump.at("patch_embed");
  ASSERT_EQ(embedded.n_rows, 30 * 24);
  ASSERT_GT(embedded.n_rows, VisionScratch::kBlockRows);
  const auto values = [](const Weight& w, int row) {
    return reinterpret_cast<const float*>(w.data) + static_cast<ptrdiff_t>(row) * w.n_in;
  };
  for (int o = 0; o < sizes.width; ++o) {
    double sum = values(e.weights.position[0].table, 29)[o] + values(e.weights.position[1].table, 23)[o];
    for (int channel = 0; channel < 3; ++channel)
      for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x) {
          const uint8_t byte = picture.rgb[static_cast<size_t>(3 * ((368 + y) * 480 + 464 + x) + channel)];
          sum += (2 * (byte / 255.0) - 1) * values(e.weights.patch_embd, o)[channel * 256 + y * 16 + x];
        }
    EXPECT_NEAR(embedded.values[embedded.values.size() - static_cast<size_t>(sizes.width - o)], sum, 1e-5);
  }
}

// A picture is the same whatever was encoded before with the same memory.
TEST(Vision, ScratchIsUsedAgain) {
  ops::ref::Ops ref;
  for (const gguf::TestFile& file : kinds_of_encoders()) {
    const Encoder e(file);
    VisionScratch scratch;
    const TestPicture large(144, 96), small(48, 96);
    const auto expected = encode(ref, e, small);
    encode(ref, e, large, scratch);
    EXPECT_EQ(encode(ref, e, small, scratch), expected);
    EXPECT_EQ(encode(ref, e, large, scratch), encode(ref, e, large));
  }
}

// With layers every soft token sees the whole picture; without them each sees its own pixels.
TEST(Vision, WhatASoftTokenSees) {
  ops::ref::Ops ref;
  for (const bool has_layers : {true, false}) {
    const Encoder e(has_layers ? vision_file() : unified_vision_file());
    TestPicture picture(96, 48);
    const auto before = encode(ref, e, picture);
    picture.rgb.back() = static_cast<uint8_t>(~picture.rgb.back());  // a pixel of the second one
    const auto after = encode(ref, e, picture);
    const auto changed = [&](size_t token) {
      return !std::equal(before.begin() + static_cast<ptrdiff_t>(token * kEmbd),
                         before.begin() + static_cast<ptrdiff_t>((token + 1) * kEmbd),
                         after.begin() + static_cast<ptrdiff_t>(token * kEmbd));
    };
    EXPECT_TRUE(changed(1));
    EXPECT_EQ(changed(0), has_layers);
  }
}

TEST(Vision, RefusesPicturesThatItHasNoPlaceFor) {
  const Encoder e(vision_file());
  EXPECT_EQ(n_soft_tokens(e.config, 192, 48), 4);
  EXPECT_THROW(n_soft_tokens(e.config, 40, 48), RequestError);
  EXPECT_THROW(n_soft_tokens(e.config, 0, 48), RequestError);
  try {
    ops::ref::Ops ref;
    encode(ref, e, TestPicture(48, 240));
    ADD_FAILURE() << "no error";
  } catch (const RequestError& error) {
    const std::string_view message = error.what();
    EXPECT_NE(message.find("48x240 pixels makes 3x15 patches"), std::string_view::npos) << message;
    EXPECT_NE(message.find("12 positions"), std::string_view::npos) << message;
  }
}

TEST(Vision, StopsWhenCancelled) {
  const Encoder e(vision_file());
  const TestPicture picture(48, 48);
  ops::ref::Ops ref;
  VisionScratch scratch;
  std::vector<float> row(kEmbd);
  const std::atomic<bool> cancel = true;
  EXPECT_THROW(encode_image(ref, e.config, e.weights, picture.pixels(), {row.data(), 1, kEmbd}, scratch, &cancel),
               CancelledError);
}

TEST(Vision, CountsItsWork) {
  const Encoder e(vision_file());
  // A picture of 9 patches: embedding, two layers of four square and three rectangular matrices, one soft token.
  const double layer = 4 * 32 * 32 + 3 * 32 * 48;
  EXPECT_DOUBLE_EQ(vision_work(e.config, kEmbd, 9).products, 2 * (9 * (768 * 32 + 2 * layer) + 32 * kEmbd));
  EXPECT_DOUBLE_EQ(vision_work(e.config, kEmbd, 9).attention, 2 * 2 * 2 * 9 * 9 * 32);
}

}  // namespace
}  // namespace facet::model
