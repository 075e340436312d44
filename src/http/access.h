// Who may ask: rules for Host and Origin, which keep web pages of strangers away from a server on one's own machine,
// and API keys.
//
// DNS rebinding: a page at http://evil.example lets its own name point to 127.0.0.1, and its requests, to the browser
// its own site's, reach us with `Host: evil.example`. What tells them apart is the Host, as a GET of such a page has
// neither Origin nor Sec-Fetch-* headers. On a loopback connection of a server without keys Host must therefore be an
// address, a name that no stranger owns (localhost, *.localhost, host.docker.internal), or one that was allowed. A name
// without a dot is taken too, but only from what shows no sign of a browser: scripts write what they like there, and to
// abuse it one would have to own such a name in the local network.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/keys.h"

namespace facet::http {

struct AccessOptions {
  std::vector<std::string> hosts;    // more names that Host may have, without a port
  std::vector<std::string> origins;  // more origins: "https://chat.example", "scheme://*", or "*" for all
  std::shared_ptr<Keys> keys;        // null or empty: everybody may use everything
};

class Access {
 public:
  // RequestError for an origin that is none.
  explicit Access(AccessOptions options);

  bool has_keys() const { return options_.keys && !options_.keys->empty(); }

  // StatusError 400 for a Host that is none, 403 for one that may be a rebound name.
  void check_host(const Request& request, bool is_loopback) const;
  // StatusError 403 when a web page of another origin asks.
  void check_origin(const Request& request) const;
  // Finds the key of a request and notes it there, its name as `client`. StatusError 401, 403 (scope), 429 (rate).
  // Parameters and headers are left as they are, but for ?key=, which is taken out.
  void authorize(Request& request, Scope scope) const;

  bool is_allowed_origin(const Request& request) const;

 private:
  bool is_own_host(std::string_view host) const;
  bool is_same_origin(const Request& request) const;

  AccessOptions options_;
};

// "Example.com:8080" → "example.com", "[::1]:80" → "::1"; empty: that is no host.
std::string host_name(std::string_view host);

// What a browser wants to read before and with a reply to another origin. A preflight's answer names the headers that
// it asks for, as `*` does not stand for Authorization.
Headers cors_headers(const Request& request);
Headers preflight_headers(const Request& request, const std::string& methods);
bool is_preflight(const Request& request);

}  // namespace facet::http
