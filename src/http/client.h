// A client of HTTP and HTTPS, by libcurl, which is loaded with the first request that needs it. Waits: for threads that
// have time.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace facet::http {

struct UrlPlace {
  std::string host;  // in lower case, an IPv6 address without brackets
  int port = 0;
};
// RequestError for what is no http or https URL, or has a user's name. ResourceError where there is no libcurl, or this
// build does not use it.
UrlPlace place_of_url(const std::string& url);

struct ClientOptions {
  std::function<bool(const sockaddr&)> may_connect;          // asked of the address that a name led to; empty: to all
  std::function<bool()> is_cancelled;                        // asked about once a second; empty: never
  std::chrono::milliseconds connect_limit{5'000}, limit{0};  // limit: of a whole request; 0: none
};

// No connection was made, because the address may not be reached.
class AddressRefused : public ResourceError {
 public:
  using ResourceError::ResourceError;
};

struct ClientReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case

  std::string header(const std::string& name) const;  // "" where it is not there
};

// Connections are kept alive. Redirects and proxies, also those of the environment, are not followed.
class Client {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Takes what comes of a body, as it comes; false: enough.
  using TakeBody = std::function<bool(const ClientReply&, std::string_view bytes)>;

  // ResourceError where there is no libcurl.
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // method: "POST", "DELETE". Returns the reply's head, whatever its status. ResourceError when there is no connection,
  // or the reply ends early; AddressRefused, CancelledError, and what take() throws.
  ClientReply ask(const std::string& method, const std::string& url, const Headers& headers, const std::string& body,
                  const TakeBody& take);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::http
