#include "runtime/page_records.h"

#include <algorithm>
#include <cstring>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace facet::runtime {
namespace {

// As they lie in the file, in the byte order of the machine: a cache moves to no other, and would not pass the check.
struct Header {
  uint64_t checksum = 0;  // of what follows it, here and in a slot
  uint64_t magic = 0;
  PageFormat format;
};
struct Slot {
  uint64_t checksum = 0;
  PageId id, previous;
  uint64_t offset = 0, page_checksum = 0;
  uint32_t group = 0, n = 0, n_content = 0, reserved = 0;
  std::array<PositionContent, kPageTokens> content{};
};
static_assert(sizeof(Header) == kPageHeaderBytes && sizeof(Slot) == kPageSlotBytes);
static_assert(std::is_trivially_copyable_v<Header> && std::is_trivially_copyable_v<Slot>);

constexpr uint64_t kMagic = 0x3130'6567'6170'6366;  // "fcpage01"

template <class T>
uint64_t checksum_of(const T& value) {
  return page_checksum(std::as_bytes(std::span(&value, 1)).subspan(sizeof value.checksum));
}

template <class T>
std::array<std::byte, sizeof(T)> sealed(T value) {
  value.checksum = checksum_of(value);
  std::array<std::byte, sizeof(T)> out;
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

// None when the bytes are not what was written.
template <class T>
std::optional<T> unsealed(std::span<const std::byte> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  if (value.checksum != checksum_of(value)) return {};
  return value;
}

std::optional<PageRecord> record_of(const Slot& s) {
  if (s.group >= model::kKvGroups || s.n_content == 0 || s.n_content > kPageTokens || s.n == 0 || s.n > s.n_content)
    return {};
  const auto content = std::span(s.content).first(s.n_content);
  if (s.id != page_id(s.previous, content)) return {};
  return PageRecord{s.id,
                    s.previous,
                    static_cast<model::KvGroup>(s.group),
                    s.offset,
                    s.page_checksum,
                    static_cast<int>(s.n),
                    {content.begin(), content.end()}};
}

}  // namespace

uint64_t page_checksum(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::array<std::byte, kPageHeaderBytes> write_header(const PageFormat& format) {
  return sealed(Header{0, kMagic, format});
}

std::array<std::byte, kPageSlotBytes> write_slot(const PageRecord& r) {
  Slot s{0,
         r.id,
         r.previous,
         r.offset,
         r.checksum,
         static_cast<uint32_t>(r.group),
         static_cast<uint32_t>(r.n),
         static_cast<uint32_t>(r.content.size()),
         0,
         {}};
  std::copy(r.content.begin(), r.content.end(), s.content.begin());
  return sealed(s);
}

std::vector<PageRecord> parse_index(std::span<const std::byte> bytes, const PageFormat& format) {
  std::vector<PageRecord> out;
  if (bytes.size() < sizeof(Header)) return out;
  const auto header = unsealed<Header>(bytes);
  if (!header || header->magic != kMagic || header->format != format) return out;
  for (bytes = bytes.subspan(sizeof(Header)); bytes.size() >= sizeof(Slot); bytes = bytes.subspan(sizeof(Slot)))
    if (const auto slot = unsealed<Slot>(bytes))
      if (auto record = record_of(*slot)) out.push_back(std::move(*record));
  return out;
}

}  // namespace facet::runtime
