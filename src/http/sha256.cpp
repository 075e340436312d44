#include "http/sha256.h"

#include <fmt/ranges.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace facet::http {

Sha256 sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  unsigned int n = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &n, EVP_sha256(), nullptr) != 1 || n != hash.size())
    throw_error<ResourceError>("OpenSSL cannot make a SHA-256 checksum");
  return hash;
}

std::string hex_digits(const Sha256& hash) { return fmt::format("{:02x}", fmt::join(hash, "")); }

}  // namespace facet::http
