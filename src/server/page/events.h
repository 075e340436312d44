// What happens to conversations and models, told to all tabs that show them (server-sent events). Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "server/request.h"

namespace facet::server {

class PageEvents : public std::enable_shared_from_this<PageEvents> {
 public:
  // The exchange gets the events of this owner until its client leaves or end() is called.
  void listen(const std::string& owner, const std::shared_ptr<http::Exchange>& exchange);
  void tell(const std::string& owner, const Json& event);
  void tell_all(const Json& event);
  // Of a server that stops, which would wait for streams without an end. Those that come later end at once.
  void end();

  size_t n_listeners() const;

 private:
  // Told of one thing at a time. Not under the other lock: who reads too slowly is closed, and forgotten, by a write.
  struct Listener {
    std::string owner;
    std::shared_ptr<http::Exchange> exchange;
    std::mutex mutex;

    void write(const std::string& text);
  };
  std::vector<std::shared_ptr<Listener>> listeners(const std::function<bool(const Listener&)>& is_wanted) const;
  void forget(const Listener* listener);

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  bool has_ended_ = false;
};

}  // namespace facet::server
