// The control groups this process runs in, which may allow it less than the machine has. Internal to base/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet {

// Folders of the group that `controller` ("memory", "cpu") has put the process in and of those above it, innermost
// first: of version 2, and of version 1 where the controller has a hierarchy of its own. Folders need not exist: in a
// container the paths of the host's groups often do not, and the root that is mounted there is the container's own.
std::vector<std::string> control_groups(std::string_view controller);

// The same from the text of /proc/self/cgroup.
std::vector<std::string> control_groups(std::string_view controller, std::string_view memberships);

}  // namespace facet
