// Eight lanes in every set that has AVX2, whatever its own width.

struct Eight {
  using Reg = __m256;
  using Ints = __m256i;
  static inline Reg zero() { return _mm256_setzero_ps(); }
  static inline Reg broadcast(float x) { return _mm256_set1_ps(x); }
  static inline Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static inline void store(float* p, Reg x) { _mm256_storeu_ps(p, x); }
  static inline Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static inline Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static inline Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static inline Reg to_float(Ints x) { return _mm256_cvtepi32_ps(x); }
  static inline Ints broadcast_int(int x) { return _mm256_set1_epi32(x); }
  static inline Ints sub_ints(Ints a, Ints b) { return _mm256_sub_epi32(a, b); }
  // Rows and columns of a square change places.
  static inline void transpose(Reg (&r)[8]) {
    Reg pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
      pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
      for (int h = 0; h < 2; ++h) {
        fours[i + 2 * h] = _mm256_shuffle_ps(pairs[i + h], pairs[i + h + 2], 0x44);
        fours[i + 2 * h + 1] = _mm256_shuffle_ps(pairs[i + h], pairs[i + h + 2], 0xee);
      }
    for (int i = 0; i < 4; ++i) {
      r[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
      r[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
  }
};
