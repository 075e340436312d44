#include "server/page/events.h"

#include <algorithm>
#include <iterator>

#include "server/json_reading.h"

namespace facet::server {
namespace {

constexpr const char* kHeartbeat = ": here\n\n";

std::string event_text(const Json& event) { return "data: " + to_json_text(event) + "\n\n"; }

}  // namespace

void PageEvents::Listener::write(const std::string& text) {
  const std::lock_guard lock(mutex);
  exchange->write(text);
}

void PageEvents::listen(const std::string& owner, const std::shared_ptr<http::Exchange>& exchange) {
  const auto listener = std::make_shared<Listener>();
  listener->owner = owner;
  listener->exchange = exchange;
  exchange->begin(200, "text/event-stream", {{"Cache-Control", "no-store"}});
  listener->write(kHeartbeat);
  {
    const std::lock_guard lock(mutex_);
    if (has_ended_) return exchange->end();
    listeners_.push_back(listener);
  }
  exchange->on_quiet([weak = std::weak_ptr(listener)] {
    if (const auto known = weak.lock()) known->write(kHeartbeat);
  });
  exchange->on_close([events = weak_from_this(), raw = listener.get()] {
    if (const auto known = events.lock()) known->forget(raw);
  });
}

void PageEvents::forget(const Listener* listener) {
  std::shared_ptr<Listener> gone;  // ends without the lock
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(listeners_.begin(), listeners_.end(), [listener](const auto& l) { return l.get() == listener; });
  if (found == listeners_.end()) return;
  gone = std::move(*found);
  listeners_.erase(found);
}

std::vector<std::shared_ptr<PageEvents::Listener>> PageEvents::listeners(
    const std::function<bool(const Listener&)>& is_wanted) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Listener>> wanted;
  std::copy_if(listeners_.begin(), listeners_.end(), std::back_inserter(wanted),
               [&](const auto& listener) { return is_wanted(*listener); });
  return wanted;
}

void PageEvents::tell(const std::string& owner, const Json& event) {
  const std::string text = event_text(event);
  for (const auto& listener : listeners([&owner](const Listener& l) { return l.owner == owner; }))
    listener->write(text);
}

void PageEvents::tell_all(const Json& event) {
  const std::string text = event_text(event);
  for (const auto& listener : listeners([](const Listener&) { return true; })) listener->write(text);
}

void PageEvents::end() {
  std::vector<std::shared_ptr<Listener>> all;
  {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    all.swap(listeners_);
  }
  for (const auto& listener : all) {
    const std::lock_guard lock(listener->mutex);
    listener->exchange->end();
  }
}

size_t PageEvents::n_listeners() const {
  const std::lock_guard lock(mutex_);
  return listeners_.size();
}

}  // namespace facet::server
