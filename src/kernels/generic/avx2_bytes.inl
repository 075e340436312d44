// Bytes of codes in every set that has AVX2.

// Number i of 16-bit numbers in the lower half of 32 bytes, i + kApart in the upper.
template <int kApart>
struct TwoMasks {
  alignas(32) int16_t at[4][16] = {};
  constexpr TwoMasks() {
    for (int i = 0; i < 4; ++i) at[i][i] = at[i][8 + i + kApart] = -1;
  }
};
template <int kApart>
constexpr TwoMasks<kApart> kTwoMasks;

struct Bytes {
  static constexpr float kTopCode = 32767;  // of a rounded activation
  // 16 bytes at a, 16 bytes at b.
  static inline B32 join(const uint8_t* a, const uint8_t* b) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                  high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    return reinterpret_cast<B32>(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1));
  }
  // 16 bytes, and the same shifted right by n: what crosses between bytes is masked by the caller.
  static inline B32 twice(const uint8_t* p, int n) {
    const __m256i q = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return reinterpret_cast<B32>(_mm256_srlv_epi32(q, _mm256_setr_epi32(0, 0, 0, 0, n, n, n, n)));
  }
  // Each nibble's entry of a table of 16.
  static inline B32 lookup(B32 nibbles, const int8_t* table) {
    const __m256i t = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return reinterpret_cast<B32>(_mm256_shuffle_epi8(t, reinterpret_cast<__m256i>(nibbles)));
  }
  // Eights of bytes, of a and of b by turns: the even ones, the odd ones.
  static inline B32 even_eights(B32 a, B32 b) {
    return reinterpret_cast<B32>(_mm256_unpacklo_epi64(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  }
  static inline B32 odd_eights(B32 a, B32 b) {
    return reinterpret_cast<B32>(_mm256_unpackhi_epi64(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  }
  // Eight halves, kStride bytes apart.
  template <int kStride>
  static inline void eight_halves(const uint8_t* p, float* out) {
    _mm256_storeu_ps(out, _mm256_cvtph_ps(halves<kStride>(p)));
  }
  template <int kStride>
  static inline __m128i halves(const uint8_t* p) {
    if constexpr (kStride >= 18 && kStride <= 24) {
      // Two lie in 32 bytes, the first in the lower half and the second in the upper. Each two are loaded from where
      // they fall beside the others, and the rest is masked.
      constexpr int kApart = (kStride - 16) / 2;
      const auto two = [p](int i) {
        const auto mask = reinterpret_cast<const __m256i*>(kTwoMasks<kApart>.at[i]);
        const auto both = reinterpret_cast<const __m256i*>(p + (2 * kStride - 2) * i);
        return _mm256_and_si256(_mm256_loadu_si256(both), _mm256_load_si256(mask));
      };
      const __m256i all = _mm256_or_si256(_mm256_or_si256(two(0), two(1)), _mm256_or_si256(two(2), two(3)));
      const __m128i odd = _mm_srli_si128(_mm256_extracti128_si256(all, 1), 2 * kApart);
      return _mm_unpacklo_epi16(_mm256_castsi256_si128(all), odd);
    }
    const auto at = [p](int i) { return static_cast<int16_t>(quant::load_u16(p + i * kStride)); };
    return _mm_setr_epi16(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }
  static inline float sum_of_eight(const Lanes8& x) {
    const auto all = reinterpret_cast<__m256>(x);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  // Of 32 numbers, what the first 16 come to and what the others do.
  static inline void sums_of_16(const int16_t* q, int* sums) {
    const auto pairs = [q](int i) {
      return _mm256_madd_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + i)), _mm256_set1_epi16(1));
    };
    __m256i both = _mm256_hadd_epi32(pairs(0), pairs(16));
    both = _mm256_hadd_epi32(both, both);
    const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(sums), sum);
  }
  // Of 32 numbers within a byte's: the bytes; and of the first 16 what the first two of each four come to and the other
  // two, then of the others.
  static inline void narrow(const int16_t* q, int8_t* out) {
    const auto at = [q](int i) { return _mm_load_si128(reinterpret_cast<const __m128i*>(q + i)); };
    for (int i = 0; i < 32; i += 16)
      _mm_store_si128(reinterpret_cast<__m128i*>(out + i), _mm_packs_epi16(at(i), at(i + 8)));
  }
  static inline void pair_sums(const int16_t* q, int16_t* out) {
    const auto of_16 = [q](int i) {
      const __m256i pairs =
          _mm256_madd_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(q + i)), _mm256_set1_epi16(1));
      const __m128i fours = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
      return _mm_add_epi32(fours, _mm_unpackhi_epi64(fours, fours));
    };
    const __m128i both = _mm_unpacklo_epi64(of_16(0), of_16(16));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packs_epi32(both, both));
  }
  // Weights in the order of their numbers.
  static inline void store_natural(const Codes& c, int8_t* out) {
    const auto first = reinterpret_cast<__m256i>(c.first), second = reinterpret_cast<__m256i>(c.second);
    auto* to = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(to, _mm256_permute2x128_si256(first, second, 0x20));
    _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(first, second, 0x31));
  }
};
