#include "server/request.h"

#include "runtime/output_rules.h"
#include "server/api_error.h"

namespace facet::server {

Thinking thinking_of_effort(const std::string& effort, const std::string& parameter) {
  if (effort == "none") return {false, -1};
  if (const auto budget = runtime::thought_budget(effort)) return {true, *budget};
  throw ApiError(ApiError::Kind::Invalid,
                 parameter + ": '" + effort + "' is no effort, expected none, minimal, low, medium, high, xhigh or max",
                 parameter);
}

}  // namespace facet::server
