// HTML inside another text: the raw HTML of Markdown.
#pragma once

#include <string_view>

#include "documents/layout.h"

namespace facet::documents {

// The segments of a part of `source`, added to a layout.
void split_html_range(std::string_view source, Range range, Layout& layout);

}  // namespace facet::documents
