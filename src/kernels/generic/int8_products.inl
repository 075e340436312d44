// The part of an instruction set that meets weights of codes with activations of 8 bits.
namespace {

// In this order.
// clang-format off
#include "kernels/generic/blocks.inl"
#include "kernels/generic/chunks.inl"
#include "kernels/generic/rounding.inl"
#include "kernels/generic/matvec.inl"
// clang-format on

struct Int8Products : Int8 {
  using Code = int8_t;
  static constexpr float kTopCode = 127;
};

constexpr RoundedKernels int8_products() {
  RoundedKernels k{};
#define FACET_CODE_FORMAT(type) \
  k.matvec[static_cast<size_t>(quant::BlockType::type)] = matvec_codes<Int8Products, type>;
#define FACET_FLOAT_FORMAT(type)
#define FACET_DECODED_FORMAT(type)
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  k.round = round_column<Int8Products>;
  return k;
}

}  // namespace

constinit const RoundedKernels kInt8Products = int8_products();
