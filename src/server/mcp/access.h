// Which MCP servers this server may ask for a client. A name is looked at before anything is resolved, and then the
// address that is really connected to, so that no name can lead to a network that it was not allowed for.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace facet::server {

// The addresses that a name may lead to.
enum class McpReach : uint8_t { None, Loopback, Public, Any };

class McpAccess {
 public:
  McpAccess() = default;  // nothing may be reached
  // allowed: "HOST", "HOST:PORT", "[ADDRESS]:PORT"; "*" for every public address, "none". An empty list: this machine's
  // own servers, while is_local says that this server is for this machine alone. RequestError for what is none of
  // these.
  McpAccess(const std::vector<std::string>& allowed, std::function<bool()> is_local);

  // host: in lower case, an IPv6 address without brackets.
  McpReach reach(const std::string& host, int port) const;

 private:
  struct Peer {
    std::string host;
    int port;  // 0: any
  };
  static Peer peer_of(const std::string& rule);

  std::vector<Peer> named_;
  bool any_public_ = false;
  std::function<bool()> is_local_;  // empty: there are rules
};

// Whether a connection to this address may be opened.
bool may_connect(McpReach reach, const sockaddr& address);

}  // namespace facet::server
