#include "runtime/page_records.h"

#include <gtest/gtest.h>

namespace facet::runtime {
namespace {

const PageFormat kFormat{{1, 2}, {4096, 128}};

std::vector<PageRecord> some_records() {
  std::vector<PageRecord> out;
  PageId previous = kFormat.model;
  for (uint64_t i = 0; i < 4; ++i) {
    PageRecord r;
    r.content.resize(i == 3 ? 5 : kPageTokens, 100 + i);
    r.previous = previous;
    previous = r.id = page_id(previous, r.content);
    r.group = i == 1 ? model::KvGroup::Local : model::KvGroup::Global;
    r.offset = 4096 * i;
    r.checksum = 77 + i;
    r.n = i == 1 ? 20 : static_cast<int>(r.content.size());
    out.push_back(r);
  }
  return out;
}

std::vector<std::byte> index_of(const std::vector<PageRecord>& records) {
  const auto header = write_header(kFormat);
  std::vector<std::byte> bytes(header.begin(), header.end());
  for (const PageRecord& r : records) {
    const auto slot = write_slot(r);
    bytes.insert(bytes.end(), slot.begin(), slot.end());
  }
  return bytes;
}

void expect_same(const PageRecord& a, const PageRecord& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.previous, b.previous);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.offset, b.offset);
  EXPECT_EQ(a.checksum, b.checksum);
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.content, b.content);
}

TEST(PageRecords, ComeBackAsTheyWere) {
  const auto records = some_records();
  const auto back = parse_index(index_of(records), kFormat);
  ASSERT_EQ(back.size(), records.size());
  for (size_t i = 0; i < records.size(); ++i) expect_same(back[i], records[i]);
}

TEST(PageRecords, AnyBitCostsItsRecordAlone) {
  const auto records = some_records();
  const auto bytes = index_of(records);
  for (size_t at = kPageHeaderBytes; at < bytes.size(); at += 13) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{4};
    const size_t lost = (at - kPageHeaderBytes) / kPageSlotBytes;
    const auto back = parse_index(damaged, kFormat);
    ASSERT_EQ(back.size(), records.size() - 1) << at;
    for (size_t i = 0; i < back.size(); ++i) expect_same(back[i], records[i < lost ? i : i + 1]);
  }
}

TEST(PageRecords, AnEndCutOffCostsWhatItHeld) {
  const auto bytes = index_of(some_records());
  for (size_t n = 0; n < bytes.size(); n += 41)
    EXPECT_EQ(parse_index(std::span(bytes).first(n), kFormat).size(),
              n < kPageHeaderBytes ? 0 : (n - kPageHeaderBytes) / kPageSlotBytes);
}

TEST(PageRecords, OfAnotherModelAreNone) {
  const auto bytes = index_of(some_records());
  for (const PageFormat& other : {PageFormat{{1, 3}, {4096, 128}}, PageFormat{{1, 2}, {4096, 256}}})
    EXPECT_TRUE(parse_index(bytes, other).empty());
}

// Sealed by somebody, and still not what a page's record can be.
TEST(PageRecords, WhatCannotBeIsPassedOver) {
  auto records = some_records();
  records[0].n = kPageTokens + 1;
  records[1].id.low ^= 1;
  records[2].n = 0;
  EXPECT_EQ(parse_index(index_of(records), kFormat).size(), 1u);
}

}  // namespace
}  // namespace facet::runtime
