// Products of codes with activations of 8 bits in every set that has AVX2, and with VNNI where the set has that.

struct Int8 {
  using Reg = __m256;
  static inline Reg zero() { return _mm256_setzero_ps(); }
  static inline Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static inline float sum(Reg x) { return Bytes::sum_of_eight(reinterpret_cast<Lanes8>(x)); }
  static inline void order(const int16_t* q, int8_t* out) {
    const auto at = [q](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + i)); };
    for (int part = 0; part < 4; ++part)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 * part),
                       _mm_packs_epi16(at(kParts[part]), at(kParts[part] + 8)));
  }
  // Scales of a chunk's groups, so that a cheap shuffle spreads those of a unit.
  template <int kGroup>
  struct GroupScales {
    Reg r[32 / kGroup];
    GroupScales() {}
    explicit GroupScales(const Lanes8* s) {
      const __m256i order = kGroup == 32 ? _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7)  //
                                         : _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
      for (int i = 0; i < 32 / kGroup; ++i) r[i] = _mm256_permutevar8x32_ps(reinterpret_cast<Reg>(s[i]), order);
    }
  };

  // Instructions multiply bytes without a sign by bytes with one: of codes with signs that is their magnitude, and the
  // signs go to the activations, which are within 127.
  struct Words {
    __m256i size[2], code[2];
  };
  template <class F>
  static inline Words words(const Codes& codes) {
    const auto a = reinterpret_cast<__m256i>(codes.first), b = reinterpret_cast<__m256i>(codes.second);
    if constexpr (F::kIsSigned) return {{_mm256_abs_epi8(a), _mm256_abs_epi8(b)}, {a, b}};
    return {{a, b}, {a, b}};
  }
  template <class F, int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<F::kGroup>& s, const int8_t* x) {
    if constexpr (F::kGroup == 32) {
      acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(both_products<F>(w, x)), _mm256_permute_ps(s.r[0], u * 0x55), acc);
    } else {
      constexpr int kFirst = u % 2 * 0xaa;
      const Reg a = _mm256_cvtepi32_ps(products<F>(w, x, 0)), b = _mm256_cvtepi32_ps(products<F>(w, x, 1));
      acc = _mm256_fmadd_ps(a, _mm256_permute_ps(s.r[u / 2], kFirst), acc);
      acc = _mm256_fmadd_ps(b, _mm256_permute_ps(s.r[u / 2], kFirst + 0x55), acc);
    }
  }

 private:
  // The activations that meet codes[i] of a unit, with their signs.
  template <class F>
  static inline __m256i activations(const Words& w, const int8_t* x, int i) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 32 * i));
    return F::kIsSigned ? _mm256_sign_epi8(a, w.code[i]) : a;
  }
#if defined(FACET_AVX512_VNNI)
  // The products of one part of a unit, and of both, added up by fours.
  template <class F>
  static inline __m256i products(const Words& w, const int8_t* x, int i) {
    return _mm256_dpbusd_epi32(_mm256_setzero_si256(), w.size[i], activations<F>(w, x, i));
  }
  template <class F>
  static inline __m256i both_products(const Words& w, const int8_t* x) {
    return _mm256_dpbusd_epi32(products<F>(w, x, 0), w.size[1], activations<F>(w, x, 1));
  }
#else
  // Two products are a sum of 16 bits, at most 2 * 128 * 127; four are one where the codes are small enough.
  template <class F>
  static inline __m256i pairs(const Words& w, const int8_t* x, int i) {
    static_assert(2 * F::kLargest * 127 <= 32767);
    return _mm256_maddubs_epi16(w.size[i], activations<F>(w, x, i));
  }
  static inline __m256i widened(__m256i pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
  template <class F>
  static inline __m256i products(const Words& w, const int8_t* x, int i) {
    return widened(pairs<F>(w, x, i));
  }
  template <class F>
  static inline __m256i both_products(const Words& w, const int8_t* x) {
    if constexpr (4 * F::kLargest * 127 <= 32767)
      return widened(_mm256_add_epi16(pairs<F>(w, x, 0), pairs<F>(w, x, 1)));
    return _mm256_add_epi32(products<F>(w, x, 0), products<F>(w, x, 1));
  }
#endif
};
