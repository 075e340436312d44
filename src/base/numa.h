// Memory of machines with several nodes (mostly sockets), each of which reaches its own faster than the others'.
#pragma once

#include <string>
#include <vector>

namespace facet {

// The nodes that have memory, ascending, by the files of a folder like /sys/devices/system/node; empty when it does
// not tell.
std::vector<int> memory_nodes(const std::string& folder = "/sys/devices/system/node");

// From now on, pages that this thread and those it starts later bring into memory are spread over the nodes, one after
// another: pages of files too, where they are not in the page cache yet. Throws ResourceError when the system does not
// allow it.
void interleave_memory(const std::vector<int>& nodes);

}  // namespace facet
