// A command line that does not parse, explained in one line with the nearest flag or command that exists.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace facet::apps {

std::string explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments);

// The candidate that begins with `word`, or has the fewest insertions, deletions and replacements from it; empty when
// none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace facet::apps
