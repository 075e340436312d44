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
  // The longest tail. Something stands for the star, so the path is no shorter.
  const Methods* best = nullptr;
  size_t longest = 0;
  for (const auto& [pattern, methods] : paths_) {
    const std::string_view begin(pattern.data(), pattern.size() - 1);
    if (!pattern.ends_with("/*") || path.size() < pattern.size() || !path.starts_with(begin)) continue;
    if (pattern.size() <= longest) continue;
    longest = pattern.size();
    best = &methods;
  }
  return best;
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
