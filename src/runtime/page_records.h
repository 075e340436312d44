// The index of a segment of kept pages: which pages it has, where, and what they follow. Bytes to records and back,
// pure; page_store.h has the files.
//
// After a header, slots of one size, each under a checksum of its own: a damaged one is passed over and those behind it
// are still found, and one that was not written whole is no slot. There is no other index, so none can disagree.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/kv_layout.h"
#include "runtime/memory_plan.h"
#include "runtime/page_id.h"

namespace facet::runtime {

// Whose pages these are. Segments of another model, or of pages of another size, are not read.
struct PageFormat {
  PageId model;
  std::array<uint64_t, model::kKvGroups> page_bytes{};
  bool operator==(const PageFormat&) const = default;
};

struct PageRecord {
  PageId id, previous;
  model::KvGroup group = model::KvGroup::Global;
  uint64_t offset = 0, checksum = 0;     // of the page's bytes in the segment's file of pages
  int n = 0;                             // positions whose state the page holds
  std::vector<PositionContent> content;  // of the whole node, whichever group the page is of
};

// Where a page lies in a store (page_store.h); segment 0: nowhere.
struct PagePlace {
  uint32_t segment = 0;
  uint64_t offset = 0, checksum = 0;
  explicit operator bool() const noexcept { return segment != 0; }
};

constexpr size_t kPageSlotBytes = 72 + sizeof(PositionContent) * kPageTokens;
constexpr size_t kPageHeaderBytes = 48;

uint64_t page_checksum(std::span<const std::byte> bytes);

std::array<std::byte, kPageHeaderBytes> write_header(const PageFormat& format);
std::array<std::byte, kPageSlotBytes> write_slot(const PageRecord& record);

// What of an index stands every check, in its order; nothing when it is of another format.
std::vector<PageRecord> parse_index(std::span<const std::byte> bytes, const PageFormat& format);

}  // namespace facet::runtime
