// Where a layer's keys and values lie inside the pages of its group. Global and local layers have pages of their own,
// since global pages live as long as the conversation and local ones for about a window; layers that read another
// layer's keys and values have none.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "model/config.h"
#include "ops/tensor.h"

namespace facet::model {

enum class KvGroup : uint8_t { Global = 0, Local = 1 };
constexpr int kKvGroups = 2;

struct KvLayout {
  struct Slot {
    KvGroup group;
    int n_heads, head_dim;
    size_t k_offset, v_offset;  // bytes from the start of the group's page
  };

  // page_tokens positions per page; a page is [layer][k|v][kv_head][token][row] without gaps.
  KvLayout(const Config& config, ops::KvType type, int page_tokens);

  // What `layer` reads (its own slot, or its donor's), through the page tables of a session.
  ops::KvView view(int layer, const std::array<std::byte* const*, kKvGroups>& pages) const noexcept;

  ops::KvType type;
  int page_tokens;
  std::array<size_t, kKvGroups> page_bytes{};  // 0: no layer in that group
  std::vector<Slot> slots;                     // by layer
};

}  // namespace facet::model
