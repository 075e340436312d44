#include "http/router.h"

#include <fmt/format.h>

#include "base/error.h"
#include "http/status_error.h"

namespace facet::http {

Router::Router(Routes routes) {
  for (Route& route : routes) {
    const auto [place, is_new] = paths_[route.path].emplace(route.method, route);
    if (!is_new)
      throw_error<RequestError>("two routes for {} {}: a path belongs to one of them", route.method, route.path);
  }
}

const Router::Methods* Router::methods_at(std::string_view path) const {
  if (const auto exact = paths_.find(path); exact != paths_.end() && !path.ends_with('*')) return &exact->second;
  // The longest tail: from the last slash that something follows.
  for (size_t end = path.size(); end > 1;) {
    const size_t slash = path.rfind('/', end - 2);
    if (slash == std::string_view::npos) break;
    const auto tail = paths_.find(std::string(path.substr(0, slash + 1)) + "*");
    if (tail != paths_.end()) return &tail->second;
    end = slash + 1;
  }
  return nullptr;
}

std::string Router::methods_of(const std::string& path) const {
  const Methods* methods = methods_at(path);
  if (!methods) return {};
  std::string all = "OPTIONS";
  if (methods->count("GET") && !methods->count("HEAD")) all += ", HEAD";
  for (const auto& [method, route] : *methods) all += ", " + method;
  return all;
}

const Route& Router::find(const std::string& method, const std::string& path) const {
  const Methods* methods = methods_at(path);
  if (!methods) throw StatusError(404, fmt::format("there is nothing at {}", printable(path, 200)));
  auto found = methods->find(method);
  if (found == methods->end() && method == "HEAD") found = methods->find("GET");
  if (found == methods->end()) {
    const std::string allowed = methods_of(path);
    throw StatusError(405,
                      fmt::format("{} is not for {}: use {}", printable(path, 200), printable(method, 20), allowed),
                      {{"Allow", allowed}});
  }
  return found->second;
}

}  // namespace facet::http
