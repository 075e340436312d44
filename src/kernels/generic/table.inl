// The table of one instruction set, from all of the above. Constant: a CPU that lacks the set runs none of its code.

constexpr size_t index_of(quant::BlockType type) { return static_cast<size_t>(type); }

template <quant::BlockType kType>
constexpr void fill_decoded(Kernels& k) {
  k.matvec[index_of(kType)] = by_columns<DecodedPass, TypeConstant<kType>>;
  k.decode[index_of(kType)] = decode_other<kType>;
}

template <class F>
constexpr void fill_codes(Kernels& k, quant::BlockType type) {
  k.matvec[index_of(type)] = by_columns<CodePass, F>;
  k.decode[index_of(type)] = decode_codes<F>;
}

template <class L>
constexpr void fill_floats(Kernels& k, quant::BlockType type) {
  k.matvec[index_of(type)] = by_columns<FloatPass, L>;
  k.decode[index_of(type)] = decode_floats<L>;
}

constexpr Kernels make_table(std::string_view name) {
  using enum quant::BlockType;
  Kernels k{};
  k.name = name;
  k.n_lanes = V::kLanes;
  k.panel_rows = V::kPanelRows;
  k.panel_tokens = kPanelTokens;
#define FACET_CODE_FORMAT(type) fill_codes<struct type>(k, quant::BlockType::type);
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
  fill_floats<LoadF32>(k, F32);
  fill_floats<LoadF16>(k, F16);
  fill_floats<LoadBF16>(k, BF16);
  fill_decoded<IQ1_S>(k), fill_decoded<IQ1_M>(k), fill_decoded<IQ2_XXS>(k), fill_decoded<IQ2_XS>(k), fill_decoded<IQ2_S>(k);
  fill_decoded<IQ3_XXS>(k), fill_decoded<IQ3_S>(k), fill_decoded<TQ1_0>(k), fill_decoded<TQ2_0>(k), fill_decoded<Q1_0>(k), fill_decoded<Q2_0>(k);
  k.sum_groups = sum_groups;
  k.pack_tokens = pack_tokens;
  k.panel = panel;
  k.rms_norm = rms_norm;
  k.gelu_mul = gelu_mul;
  k.softcap = softcap;
  k.add = add;
  k.scale = scale;
  k.multiply = multiply;
  k.add_scaled = add_scaled;
  k.exp_sum = exp_sum;
  k.max = max_of;
  k.scores = {attention_scores<LoadF32>, attention_scores<LoadF16>, attention_scores<LoadBF16>};
  k.accumulate = {attention_accumulate<LoadF32>, attention_accumulate<LoadF16>, attention_accumulate<LoadBF16>};
  k.store = {store_f32_row, store_f16_row, store_bf16_row};
  return k;
}
