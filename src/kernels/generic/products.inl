// The part of an instruction set that meets weights in their own blocks.
namespace {

// In this order.
// clang-format off
#include "kernels/generic/blocks.inl"
#include "kernels/generic/chunks.inl"
#include "kernels/generic/elements.inl"
#include "kernels/generic/decode.inl"
#include "kernels/generic/rounding.inl"
#include "kernels/generic/matvec.inl"
#include "kernels/generic/int16_matvec.inl"
#include "kernels/generic/float_matvec.inl"
// clang-format on

template <quant::BlockType kType>
constexpr void fill_decoded(ProductKernels& k) {
  k.matvec[static_cast<size_t>(kType)] = matvec_decoded<kType>;
  k.decode[static_cast<size_t>(kType)] = decode_other<kType>;
}

template <class F>
constexpr void fill_codes(ProductKernels& k, quant::BlockType type) {
  k.matvec[static_cast<size_t>(type)] = matvec_codes<Int16Products, F>;
  k.decode[static_cast<size_t>(type)] = decode_codes<F>;
}

template <class L>
constexpr void fill_floats(ProductKernels& k, quant::BlockType type) {
  k.matvec[static_cast<size_t>(type)] = matvec_floats<L>;
  k.decode[static_cast<size_t>(type)] = decode_floats<L>;
}

constexpr ProductKernels products() {
  ProductKernels k{};
#define FACET_CODE_FORMAT(type) fill_codes<type>(k, quant::BlockType::type);
#define FACET_FLOAT_FORMAT(type) fill_floats<type>(k, quant::BlockType::type);
#define FACET_DECODED_FORMAT(type) fill_decoded<quant::BlockType::type>(k);
#include "kernels/kernels.def"
#undef FACET_CODE_FORMAT
#undef FACET_FLOAT_FORMAT
#undef FACET_DECODED_FORMAT
  k.round = round_column<Int16Products>;
  return k;
}

}  // namespace

constinit const ProductKernels kProducts = products();
