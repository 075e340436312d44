// The terminals that Lark's grammars import from its library "common".
#pragma once

#include <span>
#include <string_view>

namespace facet::constraint {

struct CommonTerminal {
  std::string_view name, pattern;  // a pattern of the whole terminal
};

std::span<const CommonTerminal> common_terminals() noexcept;  // sorted by name

}  // namespace facet::constraint
