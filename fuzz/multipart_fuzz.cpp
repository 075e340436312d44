// link: facet_server
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "server/api_error.h"
#include "server/multipart.h"

// A line with the content type, and the body of a form. Parts are views into the body, in its order.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), size);
  const std::string_view body = input.substr(std::min(line + 1, size));
  try {
    const char* at = body.data();
    for (const auto& part : facet::server::parse_multipart(input.substr(0, line), body)) {
      if (part.content.data() < at) __builtin_trap();
      at = part.content.data() + part.content.size();
      if (at > body.data() + body.size()) __builtin_trap();
    }
  } catch (const facet::server::ApiError&) {
  }
  return 0;
}
