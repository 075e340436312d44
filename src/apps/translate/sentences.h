// Long text in parts that end where sentences do.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace facet::apps {

// Parts, which together are the text, each of at most `limit` by `size`: cut after sentences, where one is too long at
// spaces, where there is none between characters (UTF-8). size of a text is about that of its parts together.
std::vector<std::string> cut_sentences(std::string_view text, int limit,
                                       const std::function<int(std::string_view)>& size);

}  // namespace facet::apps
