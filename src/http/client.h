// A small client of HTTP/1.1 without TLS: one connection that is kept alive, and made anew when the server closed it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

namespace facet::http {

struct ClientReply {
  int status = 0;
  std::string body;
};

class Client {
 public:
  // url: "http://HOST[:PORT]", nothing behind it; RequestError for another.
  explicit Client(const std::string& url);
  ~Client();

  // Blocks until the reply is there. ResourceError when the server cannot be reached or breaks off, CancelledError when
  // `cancel` (may be null) becomes true meanwhile.
  ClientReply post(const std::string& path, const std::map<std::string, std::string>& headers, std::string body,
                   const std::atomic<bool>* cancel);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facet::http
