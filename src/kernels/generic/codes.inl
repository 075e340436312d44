// Blocks -> int8 codes, one scale per group of kGroup codes, and where the format has one a minimum per group: the value
// is scale * code - min. Bytes are handled as vectors of 16 and 32, in the compiler's own notation: it turns them into
// whatever the instruction set has, where it failed to find the vectors in plain loops. Included once per set.

using B16 = uint8_t __attribute__((vector_size(16)));
using B32 = uint8_t __attribute__((vector_size(32)));

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

struct Q4_0 {
  static constexpr int kBlock = 32, kBytes = 18, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    *scale = f16(b);
    const B16 q = load_bytes<B16>(b + 2);
    store_bytes(c, (q & 15) - 8);
    store_bytes(c + 16, (q >> 4) - 8);
  }
};

struct Q4_1 {
  static constexpr int kBlock = 32, kBytes = 20, kGroup = 32;
  static constexpr bool kHasMin = true;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float* __restrict min) {
    *scale = f16(b);
    *min = -f16(b + 2);
    const B16 q = load_bytes<B16>(b + 4);
    store_bytes(c, q & 15);
    store_bytes(c + 16, q >> 4);
  }
};

struct Q5_0 {
  static constexpr int kBlock = 32, kBytes = 22, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    *scale = f16(b);
    alignas(32) uint8_t high[32];
    V::fifth_bits(b + 2, high);
    const B16 q = load_bytes<B16>(b + 6);
    store_bytes(c, ((q & 15) | load_bytes<B16>(high)) - 16);
    store_bytes(c + 16, ((q >> 4) | load_bytes<B16>(high + 16)) - 16);
  }
};

struct Q5_1 {
  static constexpr int kBlock = 32, kBytes = 24, kGroup = 32;
  static constexpr bool kHasMin = true;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float* __restrict min) {
    *scale = f16(b);
    *min = -f16(b + 2);
    alignas(32) uint8_t high[32];
    V::fifth_bits(b + 4, high);
    const B16 q = load_bytes<B16>(b + 8);
    store_bytes(c, (q & 15) | load_bytes<B16>(high));
    store_bytes(c + 16, (q >> 4) | load_bytes<B16>(high + 16));
  }
};

struct Q8_0 {
  static constexpr int kBlock = 32, kBytes = 34, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    *scale = f16(b);
    __builtin_memcpy(c, b + 2, 32);
  }
};

struct Q2_K {
  static constexpr int kBlock = 256, kBytes = 84, kGroup = 16;
  static constexpr bool kHasMin = true;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float* __restrict min) {
    const float d = f16(b + 80), dmin = f16(b + 82);
    for (int g = 0; g < 16; ++g) {
      scale[g] = d * static_cast<float>(b[g] & 15);
      min[g] = dmin * static_cast<float>(b[g] >> 4);
    }
    for (int half = 0; half < 2; ++half) {
      const B32 q = load_bytes<B32>(b + 16 + 32 * half);
      for (int j = 0; j < 4; ++j) store_bytes(c + 128 * half + 32 * j, (q >> (2 * j)) & 3);
    }
  }
};

struct Q3_K {
  static constexpr int kBlock = 256, kBytes = 110, kGroup = 16;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    const float d = f16(b + 108);
    const uint8_t* s = b + 96;
    for (int t = 0; t < 16; ++t) {
      const int low = t < 8 ? s[t] & 15 : s[t - 8] >> 4, high = (s[8 + t % 4] >> (2 * (t / 4))) & 3;
      scale[t] = d * static_cast<float>((low | high << 4) - 32);
    }
    const B32 high = load_bytes<B32>(b);
    for (int half = 0; half < 2; ++half) {
      const B32 q = load_bytes<B32>(b + 32 + 32 * half);
      for (int j = 0; j < 4; ++j)
        store_bytes(c + 128 * half + 32 * j, ((q >> (2 * j)) & 3) + ((high >> (4 * half + j)) & 1) * 4 - 4);
    }
  }
};

// Scales and minimums of Q4_K and Q5_K.
inline void k_scales(const uint8_t* b, float* scale, float* min) {
  const float d = f16(b), dmin = f16(b + 2);
  const uint8_t* s = b + 4;
  uint8_t sc[8], mn[8];
  for (int j = 0; j < 4; ++j) {
    sc[j] = s[j] & 63;
    mn[j] = s[j + 4] & 63;
    sc[j + 4] = static_cast<uint8_t>((s[j + 8] & 15) | (s[j] >> 6) << 4);
    mn[j + 4] = static_cast<uint8_t>((s[j + 8] >> 4) | (s[j + 4] >> 6) << 4);
  }
  for (int j = 0; j < 8; ++j) {
    scale[j] = d * static_cast<float>(sc[j]);
    min[j] = dmin * static_cast<float>(mn[j]);
  }
}

struct Q4_K {
  static constexpr int kBlock = 256, kBytes = 144, kGroup = 32;
  static constexpr bool kHasMin = true;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float* __restrict min) {
    k_scales(b, scale, min);
    for (int g = 0; g < 4; ++g) {
      const B32 q = load_bytes<B32>(b + 16 + 32 * g);
      store_bytes(c + 64 * g, q & 15);
      store_bytes(c + 64 * g + 32, q >> 4);
    }
  }
};

struct Q5_K {
  static constexpr int kBlock = 256, kBytes = 176, kGroup = 32;
  static constexpr bool kHasMin = true;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float* __restrict min) {
    k_scales(b, scale, min);
    const B32 high = load_bytes<B32>(b + 16);
    for (int g = 0; g < 4; ++g) {
      const B32 q = load_bytes<B32>(b + 48 + 32 * g);
      store_bytes(c + 64 * g, (q & 15) | ((high >> (2 * g)) & 1) << 4);
      store_bytes(c + 64 * g + 32, (q >> 4) | ((high >> (2 * g + 1)) & 1) << 4);
    }
  }
};

struct Q6_K {
  static constexpr int kBlock = 256, kBytes = 210, kGroup = 16;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    const float d = f16(b + 208);
    for (int g = 0; g < 16; ++g) scale[g] = d * static_cast<float>(static_cast<int8_t>(b[192 + g]));
    for (int half = 0; half < 2; ++half) {
      const B32 a = load_bytes<B32>(b + 64 * half), z = load_bytes<B32>(b + 64 * half + 32), high = load_bytes<B32>(b + 128 + 32 * half);
      int8_t* out = c + 128 * half;
      store_bytes(out, ((a & 15) | (high & 3) << 4) - 32);
      store_bytes(out + 32, ((z & 15) | (high >> 2 & 3) << 4) - 32);
      store_bytes(out + 64, ((a >> 4) | (high >> 4 & 3) << 4) - 32);
      store_bytes(out + 96, ((z >> 4) | (high >> 6) << 4) - 32);
    }
  }
};

struct IQ4_NL {
  static constexpr int kBlock = 32, kBytes = 18, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    *scale = f16(b);
    V::lookup16(b + 2, 16, quant::kIq4Values, c);
  }
};

struct IQ4_XS {
  static constexpr int kBlock = 256, kBytes = 136, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    const float d = f16(b);
    const unsigned high = static_cast<unsigned>(b[2]) | static_cast<unsigned>(b[3]) << 8;
    for (int g = 0; g < 8; ++g) {
      const int s = ((b[4 + g / 2] >> (4 * (g % 2))) & 15) | static_cast<int>((high >> (2 * g)) & 3) << 4;
      scale[g] = d * static_cast<float>(s - 32);
      V::lookup16(b + 8 + 16 * g, 16, quant::kIq4Values, c + 32 * g);
    }
  }
};

struct MXFP4 {
  static constexpr int kBlock = 32, kBytes = 17, kGroup = 32;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    *scale = quant::e8m0_half(b[0]);
    V::lookup16(b + 1, 16, quant::kFp4Values, c);
  }
};

struct NVFP4 {
  static constexpr int kBlock = 64, kBytes = 36, kGroup = 16;
  static constexpr bool kHasMin = false;
  static inline void expand(const uint8_t* __restrict b, int8_t* __restrict c, float* __restrict scale, float*) {
    for (int g = 0; g < 4; ++g) {
      scale[g] = quant::ue4m3_half(b[g]);
      V::lookup16(b + 4 + 8 * g, 8, quant::kFp4Values, c + 16 * g);
    }
  }
};
