#include "http/access.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii_case.h"
#include "base/error.h"
#include "http/status_error.h"
#include "http/web_socket_handshake.h"

namespace facet::http {
namespace {

constexpr std::string_view kPageSchemes[] = {"app://", "tauri://", "vscode-webview://", "vscode-file://"};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// Names that resolve to this machine whatever a name server says, and the one that containers have for it.
bool is_local_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "host.docker.internal";
}

// Browsers say something of this in every request; a program may.
bool shows_a_browser(const Request& request) {
  for (const char* header : {"origin", "referer", "cookie", "accept-language", "sec-fetch-site", "sec-fetch-mode"})
    if (!request.header(header).empty()) return true;
  return request.header("user-agent").starts_with("Mozilla/");
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "http://localhost:3000" → "localhost"; empty for other schemes.
std::string origin_host(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme)) return host_name(origin.substr(scheme.size()));
  return {};
}

bool matches_origin(std::string_view pattern, std::string_view origin) {
  if (pattern == "*" || pattern == origin) return true;
  return pattern.ends_with("://*") && origin.starts_with(pattern.substr(0, pattern.size() - 1));
}

// Empty for what is none.
std::string text_of_base64url(std::string_view encoded) {
  std::string padded(encoded);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  const size_t n_missing = (4 - padded.size() % 4) % 4;
  padded.append(n_missing, '=');
  std::string text(padded.size() / 4 * 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size()));
  if (n < 0 || n_missing > 2) return {};
  text.resize(text.size() - n_missing);
  return text;
}

std::vector<std::string> credentials(const Request& request) {
  std::vector<std::string> found;
  const std::string_view authorization = request.header("authorization");
  if (equals_ignoring_case(authorization.substr(0, 7), "bearer ")) found.emplace_back(authorization.substr(7));
  for (const char* header : {"x-api-key", "api-key", "x-goog-api-key"})
    if (const auto value = request.header(header); !value.empty()) found.emplace_back(value);
  // Pages cannot give a WebSocket headers, but for this one, which cannot hold every character of a key.
  constexpr std::string_view kKeyProtocol = "openai-insecure-api-key.", kCodedProtocol = "facet-api-key.base64url.";
  for (const std::string& protocol : offered_protocols(request)) {
    if (protocol.starts_with(kKeyProtocol)) found.push_back(protocol.substr(kKeyProtocol.size()));
    if (protocol.starts_with(kCodedProtocol))
      found.push_back(text_of_base64url(std::string_view(protocol).substr(kCodedProtocol.size())));
  }
  if (const auto value = request.parameter("key"); !value.empty()) found.emplace_back(value);
  return found;
}

}  // namespace

std::string host_name(std::string_view host) {
  const bool is_v6 = host.starts_with('[');
  const size_t end = is_v6 ? host.find(']') : std::min(host.find(':'), host.size());
  if (end == std::string_view::npos) return {};
  const std::string_view port = host.substr(is_v6 ? end + 1 : end);
  if (!port.empty() && (port[0] != ':' || !is_port(port.substr(1)))) return {};
  std::string name = ascii_lower(host.substr(is_v6 ? 1 : 0, end - (is_v6 ? 1 : 0)));
  if (is_v6) return is_address(name) ? name : std::string();
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > 253 || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") != std::string::npos)
    return {};
  return name;
}

Access::Access(AccessOptions options) : options_(std::move(options)) {
  for (std::string& host : options_.hosts) host = ascii_lower(host);
  for (std::string& origin : options_.origins) {
    origin = ascii_lower(origin);
    const size_t scheme = origin.find("://");
    const bool is_origin =
        origin == "*" || origin == "null" ||
        (scheme != std::string::npos && scheme > 0 && origin.find('/', scheme + 3) == std::string::npos);
    if (!is_origin)
      throw_error<RequestError>("'{}' is no origin: expected SCHEME://HOST[:PORT] without a path, SCHEME://* or *",
                                origin);
  }
}

bool Access::is_own_host(std::string_view host) const {
  return is_address(std::string(host)) || is_local_name(host) ||
         std::find(options_.hosts.begin(), options_.hosts.end(), host) != options_.hosts.end();
}

void Access::check_host(const Request& request, bool is_loopback) const {
  const auto header = request.headers.find("host");
  if (header == request.headers.end()) return;  // HTTP/1.0; no browser leaves it out
  const std::string host = host_name(header->second);
  if (host.empty()) throw StatusError(400, "the Host header is not HOST or HOST:PORT");
  if (!is_loopback || has_keys() || is_own_host(host)) return;
  if (host.find('.') == std::string::npos && !shows_a_browser(request)) return;
  throw StatusError(403,
                    fmt::format("requests for host '{}' are refused, since a web page could have made that name point "
                                "here: use localhost, or start with --allow-host {}",
                                host, host));
}

// A page that this server's address gave itself. Its name proves something only where it cannot be rebound.
bool Access::is_same_origin(const Request& request) const {
  const std::string_view origin = request.header("origin");
  const size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos || !equals_ignoring_case(origin.substr(scheme + 3), request.header("host")))
    return false;
  return has_keys() || is_own_host(origin_host(ascii_lower(origin)));
}

bool Access::is_allowed_origin(const Request& request) const {
  const std::string origin = ascii_lower(request.header("origin"));
  const auto matches = [&origin](std::string_view pattern) { return matches_origin(pattern, origin); };
  if (std::any_of(options_.origins.begin(), options_.origins.end(), matches)) return true;
  for (const std::string_view scheme : kPageSchemes)
    if (origin.starts_with(scheme)) return true;
  const std::string host = origin_host(origin);
  return is_local_name(host) || host == "127.0.0.1" || host == "::1" || is_same_origin(request);
}

void Access::check_origin(const Request& request) const {
  if (request.header("origin").empty() || is_allowed_origin(request)) return;
  const std::string origin = printable(request.header("origin"), 200);
  throw StatusError(
      403, fmt::format("web pages of {} may not use this server: start it with --allow-origin {}", origin, origin));
}

void Access::authorize(Request& request, Scope scope) const {
  const std::vector<std::string> offered = credentials(request);
  request.query.erase("key");
  if (!has_keys()) return;
  for (const std::string& credential : offered)
    if (!request.key && credential.size() <= 4096) request.key = options_.keys->find(credential);
  if (request.key) request.client = request.key->name;
  if (scope == Scope::Public) return;
  if (!request.key)
    throw StatusError(401,
                      offered.empty()
                          ? "this server wants an API key: send `Authorization: Bearer KEY` or `x-api-key: KEY`"
                          : "the API key is not known here",
                      {{"WWW-Authenticate", "Bearer"}});
  if (scope == Scope::Admin && !request.key->may_administrate)
    throw StatusError(403,
                      fmt::format("the API key '{}' may not do this: it needs the scope \"admin\"", request.key->name));
  const double wait = options_.keys->take_turn(*request.key);
  if (wait > 0)
    throw StatusError(429,
                      fmt::format("the API key '{}' may ask {} times a minute: wait {:.0f} s", request.key->name,
                                  request.key->requests_per_minute, std::ceil(wait)),
                      {{"Retry-After", fmt::format("{:.0f}", std::ceil(wait))}});
}

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && !request.header("origin").empty() &&
         !request.header("access-control-request-method").empty();
}

Headers cors_headers(const Request& request) {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return {};
  return {{"Access-Control-Allow-Origin", std::string(origin)},
          {"Access-Control-Expose-Headers", "X-Request-Id, Request-Id, Retry-After, Location"},
          {"Vary", "Origin"}};
}

Headers preflight_headers(const Request& request, const std::string& methods) {
  Headers headers{{"Access-Control-Allow-Methods", methods}, {"Access-Control-Max-Age", "600"}};
  const std::string_view wanted = request.header("access-control-request-headers");
  if (!wanted.empty()) headers.emplace_back("Access-Control-Allow-Headers", wanted);
  if (request.header("access-control-request-private-network") == "true")
    headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  return headers;
}

}  // namespace facet::http
