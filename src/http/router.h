// Which route a request takes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace facet::http {

class Router {
 public:
  // RequestError for two routes of one method and path.
  explicit Router(Routes routes);

  // HEAD takes the route of GET. An exact path goes before a tail, a longer tail before a shorter one. StatusError 404;
  // 405 with Allow.
  const Route& find(const std::string& method, const std::string& path) const;
  // The methods of a path, as Allow lists them; empty: there is no such path.
  std::string methods_of(const std::string& path) const;

 private:
  using Methods = std::map<std::string, Route>;
  const Methods* methods_at(std::string_view path) const;

  std::map<std::string, Methods, std::less<>> paths_;  // "/a/*" under "/a/*"
};

}  // namespace facet::http
