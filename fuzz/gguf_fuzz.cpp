// link: facet_gguf
#include <cstdint>

#include "base/error.h"
#include "gguf/reader.h"

// Bytes -> a GGUF directory; every view it gives must be readable.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto file = facet::gguf::File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    [[maybe_unused]] volatile std::byte sink{};
    for (const auto& t : file.tensors())
      if (!t.data.empty()) sink = t.data.front() ^ t.data.back();
    for (const auto& v : file.values()) {
      const auto attempt = [&v](auto&& get) {
        try {
          (void)get(v.key);
        } catch (const facet::FormatError&) {
        }
      };
      attempt([&](auto key) { return file.get_uint(key); });
      attempt([&](auto key) { return file.get_float(key); });
      attempt([&](auto key) { return file.get_bool(key); });
      attempt([&](auto key) { return file.get_string(key).value_or("").size(); });
      attempt([&](auto key) { return file.get_uint_array(key); });
      attempt([&](auto key) { return file.get_float_array(key); });
      attempt([&](auto key) { return file.get_string_array(key); });
    }
  } catch (const facet::FormatError&) {
  }
  return 0;
}
