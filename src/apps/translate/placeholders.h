// Marks of a segment as tags that a model sees: <1> and </1> around words, <2/> between them.
#pragma once

#include <optional>
#include <string>

#include "documents/segment.h"

namespace facet::apps {

// Nothing when the segment's own words look like such tags: then the pieces are translated one by one.
std::optional<std::string> with_placeholders(const documents::Segment& segment);

// The pieces of an answer; nothing when it has lost, invented or crossed tags (documents::keeps_marks).
std::optional<documents::Pieces> without_placeholders(const documents::Segment& segment, const std::string& answer);

}  // namespace facet::apps
