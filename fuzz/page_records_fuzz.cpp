// link: facet_runtime
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "runtime/page_records.h"

// Bytes -> records of kept pages. Seals are put on by the target, or no input would ever get behind them: the first
// byte says of which slots. What is accepted must be written as it was read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet::runtime;
  const PageFormat format{{1, 2}, {4096, 128}};
  if (size == 0) return 0;
  const auto header = write_header(format);
  std::vector<std::byte> bytes(header.begin(), header.end());
  const auto body = std::as_bytes(std::span(data + 1, size - 1));
  bytes.insert(bytes.end(), body.begin(), body.end());
  for (size_t i = 0, at = header.size(); at + kPageSlotBytes <= bytes.size(); ++i, at += kPageSlotBytes) {
    if ((data[0] >> (i % 8) & 1) == 0) continue;
    const uint64_t sum = page_checksum(std::span(bytes).subspan(at + 8, kPageSlotBytes - 8));
    std::copy_n(reinterpret_cast<const std::byte*>(&sum), sizeof sum, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  for (const PageRecord& record : parse_index(bytes, format)) {
    std::vector<std::byte> again(header.begin(), header.end());
    const auto slot = write_slot(record);
    again.insert(again.end(), slot.begin(), slot.end());
    if (parse_index(again, format).size() != 1) std::abort();
  }
  parse_index(body, format);  // as it is
  return 0;
}
