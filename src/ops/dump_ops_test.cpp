#include "ops/dump_ops.h"

#include <gtest/gtest.h>

#include "ops/ref/ref_ops.h"

namespace facet::ops {
namespace {

TEST(DumpOps, NamesSayWhoseLayersTheyAreOf) {
  Dump dump;
  DumpOps op(std::make_unique<ref::Ops>(), dump);
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  op.probe("embed", -1, {x.data(), 3, 2});
  op.probe("out", 3, {x.data(), 3, 2});
  op.probe("vision_layer.out", 3, {x.data(), 1, 2});
  op.probe("vision_layer.out", 3, {x.data() + 2, 1, 2});
  ASSERT_EQ(dump.size(), 3u);
  EXPECT_EQ(dump.at("embed").values, x);
  EXPECT_EQ(dump.at("layer.3.out").n_rows, 3);
  EXPECT_EQ(dump.at("vision_layer.3.out").n_rows, 2);
  EXPECT_EQ(dump.at("vision_layer.3.out").values, (std::vector<float>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace facet::ops
