// The pictures that a command line names by their folder.
#pragma once

#include <string>
#include <vector>

namespace facet::apps {

// The files of a folder that are pictures by their content, sorted by path; without those of folders inside it unless
// `recursive`. Links to folders are not followed. RequestError when it cannot be read, or holds no picture.
std::vector<std::string> pictures_in(const std::string& folder, bool recursive);

}  // namespace facet::apps
