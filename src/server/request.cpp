#include "server/request.h"

#include <array>

#include "server/api_error.h"

namespace facet::server {

// Tokens of thought by effort: the models know no levels, so a level is a limit.
Thinking thinking_of_effort(const std::string& effort, const std::string& parameter) {
  struct Level {
    const char* name;
    int budget;
  };
  static constexpr std::array<Level, 6> kLevels = {
      {{"minimal", 128}, {"low", 512}, {"medium", 2048}, {"high", 8192}, {"xhigh", -1}, {"max", -1}}};
  if (effort == "none") return {false, -1};
  for (const Level& level : kLevels)
    if (effort == level.name) return {true, level.budget};
  throw ApiError(ApiError::Kind::Invalid,
                 parameter + ": '" + effort + "' is no effort, expected none, minimal, low, medium, high, xhigh or max",
                 parameter);
}

}  // namespace facet::server
