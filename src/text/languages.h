// Names of languages, as a model is told them.
#pragma once

#include <string>

namespace facet::text {

// "German" of "de", "Portuguese (BR)" of "pt-BR"; a name stays as it is ("Swiss German"). RequestError: an unknown
// code, or what cannot be a name.
std::string language_name(const std::string& given);

}  // namespace facet::text
