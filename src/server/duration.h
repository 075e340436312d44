// Durations as clients and flags write them: the notation of Go, "1h30m", or a number of seconds.
#pragma once

#include <optional>
#include <string_view>

#include "server/json_reading.h"

namespace facet::server {

// Seconds of "5m", "1h30m", "-1s", "300ms", "2.5", "-1"; none for anything else, and for more than 1e9 seconds.
std::optional<double> parse_duration(std::string_view text);

// "keep_alive": a duration or a number of seconds, negative for ever; none where it is left out or an empty string.
// ApiError (Invalid) for anything else.
std::optional<double> read_keep_alive(const Fields& body);

}  // namespace facet::server
