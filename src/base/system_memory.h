// What memory this process may still use.
#pragma once

#include <cstdint>

namespace facet {

// Bytes that can be allocated without swapping: the kernel's estimate, lowered by the limits of the control groups the
// process runs in. 0 when the system does not tell.
int64_t available_memory() noexcept;

// Of the machine, whatever this process may use of it. 0 when the system does not tell.
int64_t total_memory() noexcept;

// The most memory this process has had resident so far, in bytes.
int64_t peak_resident_memory() noexcept;

}  // namespace facet
