// The figures of one answer, as JSON and as a line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "runtime/generate.h"

namespace facet::apps {

nlohmann::ordered_json stats_json(const runtime::Engine& engine, const runtime::GenerateStats& stats);
std::string stats_line(const runtime::Engine& engine, const runtime::GenerateStats& stats);

}  // namespace facet::apps
