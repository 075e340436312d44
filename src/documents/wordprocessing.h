// The XML inside a DOCX: paragraphs of runs.
#pragma once

#include <string>
#include <string_view>

#include "documents/layout.h"

namespace facet::documents {

// A part such as word/document.xml. Neighbouring runs of the same formatting are one piece; where it changes there is a
// mark. Throws FormatError: no well-formed XML, another encoding than UTF-8, a document type.
Layout split_wordprocessing(std::string_view xml, const std::string& name);

}  // namespace facet::documents
