// Chunks of a row as codes of a byte with one scale per group of kGroup. A weight's value is scale * code, or where the
// format has minimums scale * code - min, or where it has an offset scale * (code - offset). A format gives the codes
// of 32 weights at a time, and the scales of a whole chunk.

constexpr int kChunk = 256, kUnit = 32;

struct Scales {
  alignas(64) float scale[16], min[16];  // per group of the format
};

template <int block, int bytes, int group>
struct Format {
  static constexpr int kBlock = block, kBytes = bytes, kGroup = group, kOffset = 0;
  static constexpr bool kHasMin = false, kIsSigned = false;
};

template <class B>
inline B load_bytes(const void* p) {
  B b;
  __builtin_memcpy(&b, p, sizeof b);
  return b;
}
template <class B>
inline void store_bytes(void* p, const B& b) {
  __builtin_memcpy(p, &b, sizeof b);
}

// Shifts of pairs of bytes: what crosses into the neighbour is masked by the caller, which saves a mask.
using H16 = uint16_t __attribute__((vector_size(32)));
inline B32 right(B32 b, int n) { return reinterpret_cast<B32>(reinterpret_cast<H16>(b) >> static_cast<uint16_t>(n)); }
inline B32 left(B32 b, int n) { return reinterpret_cast<B32>(reinterpret_cast<H16>(b) << static_cast<uint16_t>(n)); }

// out[i] = factor * codes[i] for 8 or 16 codes; both are written and read up to 16.
template <int n>
inline void scaled(const int8_t* codes, float factor, float* out) {
  for (int i = 0; i < n; i += V::kLanes) V::store(out + i, V::mul(V::from_int8(codes + i), V::broadcast(factor)));
}

// What formats with one scale per block share: halves at the front of n blocks, kStride bytes apart.
template <int kStride>
inline void halves(const uint8_t* b, int n, float* out) {
  if (n == 8) return V::eight_halves(b, kStride, out);
  for (int i = 0; i < n; ++i) out[i] = f16(b + i * kStride);
}
template <int kStride>
inline void minimums(const uint8_t* b, int n, float* out) {
  halves<kStride>(b, n, out);
  for (int i = 0; i < n; ++i) out[i] = -out[i];
}

struct Q4_0 : Format<32, 18, 32> {
  static constexpr int kOffset = 8;
  static inline B32 codes(const uint8_t* b, int u) { return V::nibbles(b + u * kBytes + 2); }
  static inline void scales(const uint8_t* b, int n, Scales& out) { halves<kBytes>(b, n, out.scale); }
};

struct Q4_1 : Format<32, 20, 32> {
  static constexpr bool kHasMin = true;
  static inline B32 codes(const uint8_t* b, int u) { return V::nibbles(b + u * kBytes + 4); }
  static inline void scales(const uint8_t* b, int n, Scales& out) {
    halves<kBytes>(b, n, out.scale);
    minimums<kBytes>(b + 2, n, out.min);
  }
};

struct Q5_0 : Format<32, 22, 32> {
  static constexpr int kOffset = 16;
  static inline B32 codes(const uint8_t* b, int u) {
    return V::nibbles(b + u * kBytes + 6) | V::fifth_bits(b + u * kBytes + 2);
  }
  static inline void scales(const uint8_t* b, int n, Scales& out) { halves<kBytes>(b, n, out.scale); }
};

struct Q5_1 : Format<32, 24, 32> {
  static constexpr bool kHasMin = true;
  static inline B32 codes(const uint8_t* b, int u) {
    return V::nibbles(b + u * kBytes + 8) | V::fifth_bits(b + u * kBytes + 4);
  }
  static inline void scales(const uint8_t* b, int n, Scales& out) {
    halves<kBytes>(b, n, out.scale);
    minimums<kBytes>(b + 2, n, out.min);
  }
};

struct Q8_0 : Format<32, 34, 32> {
  static constexpr bool kIsSigned = true;
  static inline B32 codes(const uint8_t* b, int u) { return load_bytes<B32>(b + u * kBytes + 2); }
  static inline void scales(const uint8_t* b, int n, Scales& out) { halves<kBytes>(b, n, out.scale); }
};

struct Q2_K : Format<256, 84, 16> {
  static constexpr bool kHasMin = true;
  static inline B32 codes(const uint8_t* b, int u) {
    return right(load_bytes<B32>(b + 16 + 32 * (u / 4)), 2 * (u % 4)) & 3;
  }
  static inline void scales(const uint8_t* b, int, Scales& out) {
    alignas(16) int8_t part[16];
    const B16 both = load_bytes<B16>(b);
    store_bytes(part, both & 15);
    scaled<16>(part, f16(b + 80), out.scale);
    store_bytes(part, both >> 4);
    scaled<16>(part, f16(b + 82), out.min);
  }
};

struct Q3_K : Format<256, 110, 16> {
  static constexpr int kOffset = 4;
  static inline B32 codes(const uint8_t* b, int u) {
    const B32 low = right(load_bytes<B32>(b + 32 + 32 * (u / 4)), 2 * (u % 4)) & 3;
    const B32 third = u < 2 ? left(load_bytes<B32>(b), 2 - u) : right(load_bytes<B32>(b), u - 2);
    return low | (third & 4);
  }
  // Sixteen 6-bit scales, four to a word: nibbles in the first two words, upper pairs of bits in the third.
  static inline void scales(const uint8_t* b, int, Scales& out) {
    const uint32_t low[2] = {quant::load_u32(b + 96), quant::load_u32(b + 100)}, high = quant::load_u32(b + 104);
    alignas(16) uint32_t words[4];
    for (int i = 0; i < 4; ++i)
      words[i] = ((low[i % 2] >> (i < 2 ? 0 : 4)) & 0x0f0f0f0f) | ((high >> (2 * i)) & 0x03030303) << 4;
    alignas(16) int8_t s[16];
    store_bytes(s, load_bytes<B16>(words) - 32);
    scaled<16>(s, f16(b + 108), out.scale);
  }
};

// Q4_K and Q5_K: eight 6-bit scales and minimums, four to a word.
inline void k_scales(const uint8_t* b, Scales& out) {
  const uint32_t a = quant::load_u32(b + 4), m = quant::load_u32(b + 8), rest = quant::load_u32(b + 12);
  alignas(16) uint32_t words[4];
  words[0] = a & 0x3f3f3f3f;
  words[1] = (rest & 0x0f0f0f0f) | ((a >> 6) & 0x03030303) << 4;
  words[2] = m & 0x3f3f3f3f;
  words[3] = ((rest >> 4) & 0x0f0f0f0f) | ((m >> 6) & 0x03030303) << 4;
  alignas(16) int8_t part[24] = {};  // `scaled` reads up to 16 on
  __builtin_memcpy(part, words, sizeof words);
  scaled<8>(part, f16(b), out.scale);
  scaled<8>(part + 8, f16(b + 2), out.min);
}

struct Q4_K : Format<256, 144, 32> {
  static constexpr bool kHasMin = true;
  static inline B32 codes(const uint8_t* b, int u) {
    return right(load_bytes<B32>(b + 16 + 32 * (u / 2)), 4 * (u % 2)) & 15;
  }
  static inline void scales(const uint8_t* b, int, Scales& out) { k_scales(b, out); }
};

struct Q5_K : Format<256, 176, 32> {
  static constexpr bool kHasMin = true;
  static inline B32 codes(const uint8_t* b, int u) {
    const B32 low = right(load_bytes<B32>(b + 48 + 32 * (u / 2)), 4 * (u % 2)) & 15;
    const B32 fifth = u < 4 ? left(load_bytes<B32>(b + 16), 4 - u) : right(load_bytes<B32>(b + 16), u - 4);
    return low | (fifth & 16);
  }
  static inline void scales(const uint8_t* b, int, Scales& out) { k_scales(b, out); }
};

struct Q6_K : Format<256, 210, 16> {
  static constexpr int kOffset = 32;
  static inline B32 codes(const uint8_t* b, int u) {
    const int half = u / 4, k = u % 4;
    const B32 low = right(load_bytes<B32>(b + 64 * half + 32 * (k % 2)), k < 2 ? 0 : 4) & 15;
    const B32 pairs = load_bytes<B32>(b + 128 + 32 * half);
    return low | ((k < 2 ? left(pairs, 4 - 2 * k) : right(pairs, 2 * k - 4)) & 48);
  }
  static inline void scales(const uint8_t* b, int, Scales& out) {
    scaled<16>(reinterpret_cast<const int8_t*>(b + 192), f16(b + 208), out.scale);
  }
};

struct IQ4_NL : Format<32, 18, 32> {
  static constexpr bool kIsSigned = true;
  static inline B32 codes(const uint8_t* b, int u) {
    return V::lookup(V::nibbles(b + u * kBytes + 2), quant::kIq4Values);
  }
  static inline void scales(const uint8_t* b, int n, Scales& out) { halves<kBytes>(b, n, out.scale); }
};

struct IQ4_XS : Format<256, 136, 32> {
  static constexpr bool kIsSigned = true;
  static inline B32 codes(const uint8_t* b, int u) { return V::lookup(V::nibbles(b + 8 + 16 * u), quant::kIq4Values); }
  static inline void scales(const uint8_t* b, int, Scales& out) {
    alignas(16) int8_t s[16];
    const unsigned high = quant::load_u16(b + 2);
    for (int g = 0; g < 8; ++g) {
      const unsigned low = (b[4 + g / 2] >> (4 * (g % 2))) & 15, pair = (high >> (2 * g)) & 3;
      s[g] = static_cast<int8_t>((low | pair << 4) - 32);
    }
    scaled<8>(s, f16(b), out.scale);
  }
};

struct MXFP4 : Format<32, 17, 32> {
  static constexpr bool kIsSigned = true;
  static inline B32 codes(const uint8_t* b, int u) {
    return V::lookup(V::nibbles(b + u * kBytes + 1), quant::kFp4Values);
  }
  static inline void scales(const uint8_t* b, int n, Scales& out) {
    for (int i = 0; i < n; ++i) out.scale[i] = quant::e8m0_half(b[i * kBytes]);
  }
};

struct NVFP4 : Format<64, 36, 16> {
  static constexpr bool kIsSigned = true;
  // Two groups of eight bytes: low nibbles are a group's first half.
  static inline B32 codes(const uint8_t* b, int u) {
    using Q4 = uint64_t __attribute__((vector_size(32)));
    const auto nibbles = reinterpret_cast<Q4>(V::nibbles(b + u / 2 * kBytes + 4 + 16 * (u % 2)));
    return V::lookup(reinterpret_cast<B32>(FACET_SHUFFLE(nibbles, 0, 2, 1, 3)), quant::kFp4Values);
  }
  static inline void scales(const uint8_t* b, int n, Scales& out) {
    for (int i = 0; i < n; ++i)
      for (int g = 0; g < 4; ++g) out.scale[4 * i + g] = quant::ue4m3_half(b[i * kBytes + g]);
  }
};
