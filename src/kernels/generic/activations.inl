// The parts of an instruction set that work on numbers alone: rows of activations, attention.
namespace {

// In this order.
// clang-format off
#include "kernels/generic/elements.inl"
#include "kernels/generic/attention.inl"
#include "kernels/generic/exp.inl"
#include "kernels/generic/rows.inl"
// clang-format on

}  // namespace

constinit const RowKernels kRows{rms_norm,    gelu_mul, softcap, add,        scale,   multiply, add_scaled,
                                 add_product, clamp,    glu,     layer_norm, exp_sum, max_of};

constinit const AttentionKernels kAttention{{attention_scores<Numbers<F32>>, attention_scores<Numbers<F16>>,
                                             attention_scores<Numbers<BF16>>, attention_scores<Q8>},
                                            {attention_accumulate<Numbers<F32>>, attention_accumulate<Numbers<F16>>,
                                             attention_accumulate<Numbers<BF16>>, attention_accumulate<Q8>},
                                            {store_f32_row, store_f16_row, store_bf16_row, store_q8_row}};
