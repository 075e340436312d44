// A long text in parts that a model reads one by one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace facet::apps {

// Parts of at most `limit` by `size`, about equally large; cut between paragraphs (empty lines), where one is too long
// between lines, then sentences (cut_sentences). White space at their ends is gone, other text is all there.
std::vector<std::string> cut_parts(std::string_view text, int limit, const std::function<int(std::string_view)>& size);

}  // namespace facet::apps
