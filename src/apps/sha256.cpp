#include "apps/sha256.h"

#include <fmt/ranges.h>

#include <array>

#include "base/error.h"
#ifdef FACET_OPENSSL
#include <openssl/evp.h>
#endif

namespace facet::apps {

#ifdef FACET_OPENSSL
bool has_sha256() noexcept { return true; }

std::string sha256(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest;
  unsigned int n = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &n, EVP_sha256(), nullptr) != 1 || n != digest.size())
    throw_error<ResourceError>("OpenSSL cannot make a SHA-256 checksum");
  return fmt::format("{:02x}", fmt::join(digest, ""));
}
#else
bool has_sha256() noexcept { return false; }

std::string sha256(std::span<const std::byte>) {
  throw_error<ResourceError>("SHA-256 checksums are not part of this build: it was made without OpenSSL");
}
#endif

}  // namespace facet::apps
