#include "server/mcp/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/ascii_case.h"
#include "base/error.h"

namespace facet::server {
namespace {

using V6Bytes = std::array<uint8_t, 16>;

struct V4Block {
  uint32_t address;
  int n_bits;
};
// What is not the public internet: this network, private, shared, loopback, link-local, protocols, documentation,
// benchmarks, multicast and reserved (IANA's registry of special addresses).
constexpr V4Block kSpecialV4[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
                                  {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
                                  {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24},
                                  {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};

bool is_public(uint32_t address) {
  return std::none_of(std::begin(kSpecialV4), std::end(kSpecialV4),
                      [&](const V4Block& block) { return (address ^ block.address) >> (32 - block.n_bits) == 0; });
}

// Global unicast (2000::/3) without Teredo and other protocols (2001::/23), documentation (2001:db8::/32, 3fff::/20)
// and 6to4 (2002::/16), behind which another address may stand.
bool is_public(const V6Bytes& a) {
  if ((a[0] & 0xe0) != 0x20) return false;
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 2) return false;
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) return false;
  if (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10) return false;
  return !(a[0] == 0x20 && a[1] == 0x02);
}

bool is_loopback_v6(const V6Bytes& a) {
  return a[15] == 1 && std::all_of(a.begin(), a.end() - 1, [](uint8_t byte) { return byte == 0; });
}

// Of an IPv4 address that is written as an IPv6 one.
std::optional<uint32_t> mapped_v4(const V6Bytes& a) {
  constexpr V6Bytes kPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!std::equal(a.begin(), a.begin() + 12, kPrefix.begin())) return {};
  return uint32_t{a[12]} << 24 | uint32_t{a[13]} << 16 | uint32_t{a[14]} << 8 | a[15];
}

bool fits_v4(McpReach reach, uint32_t address) {
  return reach == McpReach::Loopback ? address >> 24 == 127 : is_public(address);
}

bool is_local_host(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1)
    return may_connect(McpReach::Loopback, reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  return inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1 &&
         may_connect(McpReach::Loopback, reinterpret_cast<const sockaddr&>(v6));
}

[[noreturn]] void refuse_rule(const std::string& rule) {
  throw_error<RequestError>("--allow-mcp {}: expected HOST, HOST:PORT, [ADDRESS]:PORT, * or none", rule);
}

int port_of_rule(const std::string& rule, std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) refuse_rule(rule);
  return port;
}

}  // namespace

McpAccess::McpAccess(const std::vector<std::string>& allowed, std::function<bool()> is_local)
    : is_local_(allowed.empty() ? std::move(is_local) : nullptr) {
  for (const std::string& rule : allowed) {
    if (rule == "*") any_public_ = true;
    if (rule != "*" && rule != "none") named_.push_back(peer_of(rule));
  }
}

McpAccess::Peer McpAccess::peer_of(const std::string& rule) {
  const bool is_bracketed = rule.starts_with('[');
  const bool is_bare_v6 = !is_bracketed && std::count(rule.begin(), rule.end(), ':') > 1;
  const size_t end = is_bracketed ? rule.find(']') : is_bare_v6 ? rule.size() : std::min(rule.find(':'), rule.size());
  if (end == std::string::npos) refuse_rule(rule);
  const std::string host = ascii_lower(rule.substr(is_bracketed, end - is_bracketed));
  const std::string_view rest = std::string_view(rule).substr(end + is_bracketed);
  const bool is_host = !host.empty() && host.find_first_of("/@?# *") == std::string::npos;
  if (!is_host || (!rest.empty() && rest[0] != ':')) refuse_rule(rule);
  return {host, rest.empty() ? 0 : port_of_rule(rule, rest.substr(1))};
}

McpReach McpAccess::reach(const std::string& host, int port) const {
  const bool is_named = std::any_of(named_.begin(), named_.end(), [&](const Peer& peer) {
    return peer.host == host && (peer.port == 0 || peer.port == port);
  });
  if (is_named) return McpReach::Any;
  if (any_public_) return McpReach::Public;
  return is_local_ && is_local_() && is_local_host(host) ? McpReach::Loopback : McpReach::None;
}

bool may_connect(McpReach reach, const sockaddr& address) {
  if (reach == McpReach::None || (address.sa_family != AF_INET && address.sa_family != AF_INET6)) return false;
  if (reach == McpReach::Any) return true;
  if (address.sa_family == AF_INET)
    return fits_v4(reach, ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  V6Bytes bytes;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, bytes.size());
  if (const auto v4 = mapped_v4(bytes)) return fits_v4(reach, *v4);
  return reach == McpReach::Loopback ? is_loopback_v6(bytes) : is_public(bytes);
}

}  // namespace facet::server
