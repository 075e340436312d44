// The formats of JSON Schema (date-time, email, uuid, ...) -> expressions over bytes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "constraint/regex/characters.h"

namespace facet::constraint {

// Texts of the format; none: a name that the standard does not have, which by the standard means nothing.
std::optional<RegexId> format(Regexes& regexes, std::string_view name, Writing writing);
std::span<const std::string_view> format_names() noexcept;

}  // namespace facet::constraint
