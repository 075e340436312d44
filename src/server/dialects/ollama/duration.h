// Durations as Ollama's clients write them ("keep_alive"): the notation of Go, or a number of seconds.
#pragma once

#include <optional>
#include <string_view>

namespace facet::server {

// Seconds of "5m", "1h30m", "-1s", "300ms", "2.5", "-1"; none for anything else.
std::optional<double> parse_duration(std::string_view text);

}  // namespace facet::server
