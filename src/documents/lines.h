// The lines of a text, as places in it.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "documents/layout.h"

namespace facet::documents {

// Without their ends (\n, \r\n).
std::vector<Range> lines_of(std::string_view source);

inline bool is_blank(std::string_view text) noexcept { return std::all_of(text.begin(), text.end(), is_space); }

// Characters, one column each.
size_t n_columns(std::string_view text) noexcept;

}  // namespace facet::documents
