#include "model/kv_layout.h"

namespace facet::model {

KvLayout::KvLayout(const Config& config, ops::KvType kv_type, int tokens) : type(kv_type), page_tokens(tokens) {
  for (int i = 0; i < config.n_layers; ++i) {
    const LayerConfig& l = config.layers[static_cast<size_t>(i)];
    if (!config.owns_kv(i)) {
      slots.push_back(slots[static_cast<size_t>(l.kv_source)]);
      continue;
    }
    const KvGroup group = l.is_local ? KvGroup::Local : KvGroup::Global;
    size_t& end = page_bytes[static_cast<size_t>(group)];
    const size_t half =
        static_cast<size_t>(l.n_kv_heads) * static_cast<size_t>(tokens) * quant::kv_row_bytes(kv_type, l.head_dim);
    slots.push_back({group, l.n_kv_heads, l.head_dim, end, end + half});
    end += 2 * half;
  }
}

ops::KvView KvLayout::view(int layer, const std::array<std::byte* const*, kKvGroups>& pages) const noexcept {
  const Slot& s = slots[static_cast<size_t>(layer)];
  return {pages[static_cast<size_t>(s.group)], page_tokens, type, s.n_heads, s.head_dim, s.k_offset, s.v_offset};
}

}  // namespace facet::model
