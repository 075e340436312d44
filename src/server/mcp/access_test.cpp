#include "server/mcp/access.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "base/error.h"

namespace facet::server {
namespace {

bool may(McpReach reach, const std::string& address) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
    return may_connect(reach, reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr), 1) << address;
  return may_connect(reach, reinterpret_cast<const sockaddr&>(v6));
}

TEST(McpAccess, WithoutRulesAServerForThisMachineReachesThisMachine) {
  bool is_local = true;
  const McpAccess access({}, [&] { return is_local; });
  for (const char* host : {"localhost", "mcp.localhost", "127.0.0.1", "127.8.9.1", "::1"})
    EXPECT_EQ(access.reach(host, 80), McpReach::Loopback) << host;
  for (const char* host : {"example.com", "10.0.0.1", "0.0.0.0", "localhost.example.com"})
    EXPECT_EQ(access.reach(host, 80), McpReach::None) << host;
  is_local = false;
  EXPECT_EQ(access.reach("localhost", 80), McpReach::None);
  EXPECT_EQ(McpAccess().reach("localhost", 80), McpReach::None);
}

TEST(McpAccess, NamesAndPortsAreExact) {
  const McpAccess access({"tools.example:8443", "10.0.0.7", "[fd00::1]:80", "fd00::2"}, [] { return true; });
  EXPECT_EQ(access.reach("tools.example", 8443), McpReach::Any);
  EXPECT_EQ(access.reach("tools.example", 443), McpReach::None);
  EXPECT_EQ(access.reach("sub.tools.example", 8443), McpReach::None);
  EXPECT_EQ(access.reach("10.0.0.7", 1), McpReach::Any);
  EXPECT_EQ(access.reach("fd00::1", 80), McpReach::Any);
  EXPECT_EQ(access.reach("fd00::1", 81), McpReach::None);
  EXPECT_EQ(access.reach("fd00::2", 81), McpReach::Any);
  EXPECT_EQ(access.reach("localhost", 80), McpReach::None) << "rules replace the default";
  EXPECT_EQ(McpAccess({"none"}, [] { return true; }).reach("localhost", 80), McpReach::None);
  EXPECT_EQ(McpAccess({"*"}, {}).reach("anything.example", 443), McpReach::Public);
}

TEST(McpAccess, RulesThatAreNoneAreRefused) {
  for (const char* rule : {"", "http://a", "a:0", "a:70000", "a:b", "[::1", "[::1]x", "*.example.com", "a b"})
    EXPECT_THROW(McpAccess({rule}, {}), RequestError) << rule;
}

TEST(McpAccess, PublicAddressesAreThoseOfNobodysOwnNetwork) {
  for (const char* address : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"})
    EXPECT_TRUE(may(McpReach::Public, address)) << address;
  for (const char* address : {"10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "100.64.0.1",
                              "127.0.0.1",
                              "169.254.169.254",
                              "0.0.0.0",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fd00::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "64:ff9b::a00:1",
                              "2002:a00:1::",
                              "2001::1",
                              "2001:db8::1"})
    EXPECT_FALSE(may(McpReach::Public, address)) << address;
}

TEST(McpAccess, LoopbackIsNothingElse) {
  for (const char* address : {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(may(McpReach::Loopback, address)) << address;
  for (const char* address : {"8.8.8.8", "10.0.0.1", "0.0.0.0", "::", "fe80::1", "::ffff:10.0.0.1"})
    EXPECT_FALSE(may(McpReach::Loopback, address)) << address;
  EXPECT_TRUE(may(McpReach::Any, "10.0.0.1"));
  EXPECT_FALSE(may(McpReach::None, "127.0.0.1"));
  const sockaddr unix_socket{AF_UNIX, {}};
  EXPECT_FALSE(may_connect(McpReach::Any, unix_socket));
}

}  // namespace
}  // namespace facet::server
