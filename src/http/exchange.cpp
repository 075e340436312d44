#include "http/exchange.h"

namespace facet::http {

std::string_view Request::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found != headers.end() ? std::string_view(found->second) : std::string_view();
}

std::string_view Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found != query.end() ? std::string_view(found->second) : std::string_view();
}

}  // namespace facet::http
