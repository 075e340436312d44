// Chunks of a row as codes of a byte with one scale per group of kGroup. A weight's value is scale * code, or where the
// format has minimums scale * code - min, or where it has an offset scale * (code - offset). A format gives the codes
// of a unit of 64 weights, that is of two times 32, and the scales of a whole chunk.

constexpr int kChunk = 256, kUnit = 64;

struct Scales {
  alignas(64) float scale[16], min[16];  // per group of the format
};

template <int block, int bytes, int group, int largest>
struct Format {
  static constexpr int kBlock = block, kBytes = bytes, kGroup = group, kOffset = 0;
  static constexpr int kLargest = largest;  // magnitude of a code before an offset is taken away
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
inline B32 right(const B32& b, int n) {
  return __builtin_bit_cast(B32, __builtin_bit_cast(H16, b) >> static_cast<uint16_t>(n));
}
inline B32 left(const B32& b, int n) {
  return __builtin_bit_cast(B32, __builtin_bit_cast(H16, b) << static_cast<uint16_t>(n));
}

// out[i] = factor * codes[i] for 8 or 16 codes; both are written and read up to 16.
template <int n>
inline void scaled(const int8_t* codes, float factor, float* out) {
  for (int i = 0; i < n; i += V::kLanes) V::store(out + i, V::mul(V::from_int8(codes + i), V::broadcast(factor)));
}

// Minimums as they are subtracted: a half of each of eight blocks, negated.
template <int kStride>
inline void minimums(const uint8_t* b, float* out) {
  V::eight_halves<kStride>(b, out);
  for (int i = 0; i < 8; ++i) out[i] = -out[i];
}
// The nibbles of two blocks, 16 bytes at a and at b.
inline Codes nibbles_of_two(const uint8_t* a, const uint8_t* b) {
  const B32 q = V::join(a, b);
  return {q & 15, right(q, 4) & 15};
}
// The fifth bits of two blocks, 32 at a and at b, as 16 or 0.
inline Codes fifth_bits_of_two(const uint8_t* a, const uint8_t* b) {
  const uint32_t x = quant::load_u32(a), y = quant::load_u32(b);
  return {V::fifth_bits((x & 0xffff) | y << 16), V::fifth_bits(x >> 16 | (y & 0xffff0000))};
}
inline Codes operator|(const Codes& a, const Codes& b) { return {a.first | b.first, a.second | b.second}; }
inline Codes look_up(const Codes& c, const int8_t* table) {
  return {V::lookup(c.first, table), V::lookup(c.second, table)};
}
// 32 bytes that hold bits of two times 32 weights: as they are, and shifted right by n, then all by right_by (or left),
// and what mask leaves of each.
inline Codes bits_of_two(const uint8_t* p, int n, int right_by, uint8_t mask) {
  const auto moved = [=](const B32& b) { return (right_by < 0 ? left(b, -right_by) : right(b, right_by)) & mask; };
  return {moved(V::twice(p, n)), moved(V::twice(p + 16, n))};
}

struct Q4_0 : Format<32, 18, 32, 15> {
  static constexpr int kOffset = 8;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return nibbles_of_two(b + 2, b + kBytes + 2);
  }
  static inline void scales(const uint8_t* b, Scales& out) { V::eight_halves<kBytes>(b, out.scale); }
};

struct Q4_1 : Format<32, 20, 32, 15> {
  static constexpr bool kHasMin = true;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return nibbles_of_two(b + 4, b + kBytes + 4);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    V::eight_halves<kBytes>(b, out.scale);
    minimums<kBytes>(b + 2, out.min);
  }
};

struct Q5_0 : Format<32, 22, 32, 31> {
  static constexpr int kOffset = 16;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return nibbles_of_two(b + 6, b + kBytes + 6) | fifth_bits_of_two(b + 2, b + kBytes + 2);
  }
  static inline void scales(const uint8_t* b, Scales& out) { V::eight_halves<kBytes>(b, out.scale); }
};

struct Q5_1 : Format<32, 24, 32, 31> {
  static constexpr bool kHasMin = true;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return nibbles_of_two(b + 8, b + kBytes + 8) | fifth_bits_of_two(b + 4, b + kBytes + 4);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    V::eight_halves<kBytes>(b, out.scale);
    minimums<kBytes>(b + 2, out.min);
  }
};

struct Q8_0 : Format<32, 34, 32, 128> {
  static constexpr bool kIsSigned = true;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes + 2;
    return {V::join(b, b + kBytes), V::join(b + 16, b + kBytes + 16)};
  }
  static inline void scales(const uint8_t* b, Scales& out) { V::eight_halves<kBytes>(b, out.scale); }
};

struct Q2_K : Format<256, 84, 16, 3> {
  static constexpr bool kHasMin = true;
  static inline Codes codes(const uint8_t* b, int u) { return bits_of_two(b + 16 + 32 * (u / 2), 2, 4 * (u % 2), 3); }
  static inline void scales(const uint8_t* b, Scales& out) {
    alignas(16) int8_t part[16];
    const B16 both = load_bytes<B16>(b);
    store_bytes(part, both & 15);
    scaled<16>(part, f16(b + 80), out.scale);
    store_bytes(part, both >> 4);
    scaled<16>(part, f16(b + 82), out.min);
  }
};

struct Q3_K : Format<256, 110, 16, 7> {
  static constexpr int kOffset = 4;
  static inline Codes codes(const uint8_t* b, int u) {
    return bits_of_two(b + 32 + 32 * (u / 2), 2, 4 * (u % 2), 3) | bits_of_two(b, 1, 2 * u - 2, 4);
  }
  // Sixteen 6-bit scales, four to a word: nibbles in the first two words, upper pairs of bits in the third.
  static inline void scales(const uint8_t* b, Scales& out) {
    const uint32_t low[2] = {quant::load_u32(b + 96), quant::load_u32(b + 100)}, high = quant::load_u32(b + 104);
    alignas(16) uint32_t words[4];
    for (int i = 0; i < 4; ++i)
      words[i] = ((low[i % 2] >> (i < 2 ? 0 : 4)) & 0x0f0f0f0f) | ((high >> (2 * i)) & 0x03030303) << 4;
    alignas(16) int8_t s[16];
    store_bytes(s, load_bytes<B16>(words) - 32);
    scaled<16>(s, f16(b + 108), out.scale);
  }
};

// Q4_K and Q5_K: eight 6-bit scales, then as many minimums, four to a word: six bits of a byte in the first word of
// each, four in a third word, and their upper two above the six of the first.
inline void k_scales(const uint8_t* b, Scales& out) {
  const W4 head = load_bytes<W4>(b), low = __builtin_shufflevector(head, head, 1, 3, 2, 3),
           high = __builtin_shufflevector(head, head, 1, 1, 2, 2);
  const W4 low_bits{0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f}, high_bits{0, 0x30303030, 0, 0x30303030};
  const W4 parts = ((low >> W4{0, 0, 0, 4}) & low_bits) | ((high >> 2) & high_bits);
  // `scaled` reads up to 16 bytes: what was stored at once.
  alignas(16) int8_t scales[16], minimums[16];
  store_bytes(scales, parts);
  store_bytes(minimums, __builtin_shufflevector(parts, parts, 2, 3, 2, 3));
  scaled<8>(scales, f16(b), out.scale);
  scaled<8>(minimums, f16(b + 2), out.min);
}

struct Q4_K : Format<256, 144, 32, 15> {
  static constexpr bool kHasMin = true;
  static inline Codes codes(const uint8_t* b, int u) { return bits_of_two(b + 16 + 32 * u, 4, 0, 15); }
  static inline void scales(const uint8_t* b, Scales& out) { k_scales(b, out); }
};

struct Q5_K : Format<256, 176, 32, 31> {
  static constexpr bool kHasMin = true;
  static inline Codes codes(const uint8_t* b, int u) {
    return bits_of_two(b + 48 + 32 * u, 4, 0, 15) | bits_of_two(b + 16, 1, 2 * u - 4, 16);
  }
  static inline void scales(const uint8_t* b, Scales& out) { k_scales(b, out); }
};

struct Q6_K : Format<256, 210, 16, 63> {
  static constexpr int kOffset = 32;
  static inline Codes codes(const uint8_t* b, int u) {
    const uint8_t *low = b + 64 * (u / 2), *high = b + 128 + 32 * (u / 2);
    const int shift = 4 * (u % 2);
    const Codes nibbles{right(V::join(low, low + 32), shift) & 15, right(V::join(low + 16, low + 48), shift) & 15};
    return nibbles | bits_of_two(high, 2, shift - 4, 48);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    scaled<16>(reinterpret_cast<const int8_t*>(b + 192), f16(b + 208), out.scale);
  }
};

struct IQ4_NL : Format<32, 18, 32, 127> {
  static constexpr bool kIsSigned = true;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return look_up(nibbles_of_two(b + 2, b + kBytes + 2), quant::kIq4Values);
  }
  static inline void scales(const uint8_t* b, Scales& out) { V::eight_halves<kBytes>(b, out.scale); }
};

struct IQ4_XS : Format<256, 136, 32, 127> {
  static constexpr bool kIsSigned = true;
  static inline Codes codes(const uint8_t* b, int u) {
    return look_up(nibbles_of_two(b + 8 + 32 * u, b + 8 + 32 * u + 16), quant::kIq4Values);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    alignas(16) int8_t s[16];
    const unsigned high = quant::load_u16(b + 2);
    for (int g = 0; g < 8; ++g) {
      const unsigned low = (b[4 + g / 2] >> (4 * (g % 2))) & 15, pair = (high >> (2 * g)) & 3;
      s[g] = static_cast<int8_t>((low | pair << 4) - 32);
    }
    scaled<8>(s, f16(b), out.scale);
  }
};

struct MXFP4 : Format<32, 17, 32, 12> {
  static constexpr bool kIsSigned = true;
  static inline Codes codes(const uint8_t* b, int u) {
    b += 2 * u * kBytes;
    return look_up(nibbles_of_two(b + 1, b + kBytes + 1), quant::kFp4Values);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    for (int i = 0; i < 8; ++i) out.scale[i] = quant::e8m0_half(b[i * kBytes]);
  }
};

struct NVFP4 : Format<64, 36, 16, 12> {
  static constexpr bool kIsSigned = true;
  // Four groups of eight bytes: low nibbles are a group's first half.
  static inline Codes codes(const uint8_t* b, int u) {
    const B32 q = load_bytes<B32>(b + u * kBytes + 4), low = q & 15, high = right(q, 4) & 15;
    return look_up({V::even_eights(low, high), V::odd_eights(low, high)}, quant::kFp4Values);
  }
  static inline void scales(const uint8_t* b, Scales& out) {
    for (int i = 0; i < 16; ++i) out.scale[i] = quant::ue4m3_half(b[i / 4 * kBytes + i % 4]);
  }
};
