// The bytes of nano's files within the program. Empty where it was built without (CMake: FACET_EMBED_NANO).
#pragma once

#include <cstddef>
#include <span>

namespace facet::apps {

std::span<const std::byte> embedded_nano() noexcept;
std::span<const std::byte> embedded_nano_projector() noexcept;

}  // namespace facet::apps
