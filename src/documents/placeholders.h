// Marks of a segment as tags that a model or a client sees: <1> and </1> around words, <2/> between them.
#pragma once

#include <optional>
#include <string>

#include "documents/segment.h"

namespace facet::documents {

// Nothing when the segment's own words look like such tags: then the pieces are translated one by one.
std::optional<std::string> with_placeholders(const Segment& segment);

// The pieces of an answer; nothing when it has lost, invented or crossed tags (keeps_marks).
std::optional<Pieces> without_placeholders(const Segment& segment, const std::string& answer);

}  // namespace facet::documents
