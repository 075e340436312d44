// The models that come with the program. nano is a part of it, if it was built so: there is one file to install, and
// none to lose. What is larger or needed less lies beside it, in share/facet/models.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/memory_file.h"

namespace facet::apps {

// The files of nano that the program holds; none where it was built without.
const std::vector<MemoryFile>& built_in_files();

// "nano" or "nano-moe": a name in built_in_files(), or a path. Nothing where the model is not there.
std::optional<std::string> find_shipped_model(const std::string& name);
// Whether a model has this name, here or in another build.
bool is_shipped_name(const std::string& name);

// A file or folder below share/facet, beside the program or where it is installed.
std::optional<std::string> find_shipped(const std::string& relative_path);

// One line on what nano is and what to use instead, for who named no model.
std::string nano_note(const std::string& library);

}  // namespace facet::apps
