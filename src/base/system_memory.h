// What memory this process may still use.
#pragma once

#include <cstdint>
#include <string>

namespace facet {

// Bytes that can be allocated without swapping: the kernel's estimate, lowered by the limits of the control groups the
// process runs in. 0 when the system does not tell.
int64_t available_memory() noexcept;

// What the control group of that folder leaves: its limit less what it uses and cannot drop; a large number when it has
// no limit.
int64_t control_group_room(const std::string& folder);

// Of the machine, whatever this process may use of it. 0 when the system does not tell.
int64_t total_memory() noexcept;

// The most memory this process has had resident so far, in bytes. 0 when the system does not tell.
int64_t peak_resident_memory() noexcept;

}  // namespace facet
