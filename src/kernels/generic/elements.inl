// Numbers in memory as vectors, for types of one element, and the product of two rows.

struct F32 {
  static constexpr int kBytes = 4;
  static inline V::Reg load(const std::byte* p) { return V::load(reinterpret_cast<const float*>(p)); }
  static inline float load_one(const std::byte* p) {
    float f;
    __builtin_memcpy(&f, p, sizeof f);
    return f;
  }
};
struct F16 {
  static constexpr int kBytes = 2;
  static inline V::Reg load(const std::byte* p) { return V::load_f16(p); }
  static inline float load_one(const std::byte* p) { return f16(reinterpret_cast<const uint8_t*>(p)); }
};
struct BF16 {
  static constexpr int kBytes = 2;
  static inline V::Reg load(const std::byte* p) { return V::load_bf16(p); }
  static inline float load_one(const std::byte* p) {
    return bf16_to_f32(quant::load_u16(reinterpret_cast<const uint8_t*>(p)));
  }
};

inline float dot(const float* a, const float* b, int n) {
  V::Reg s0 = V::zero(), s1 = V::zero();
  int i = 0;
  for (; i + 2 * V::kLanes <= n; i += 2 * V::kLanes) {
    s0 = V::fma(V::load(a + i), V::load(b + i), s0);
    s1 = V::fma(V::load(a + i + V::kLanes), V::load(b + i + V::kLanes), s1);
  }
  float total = V::sum(V::add(s0, s1));
  for (; i < n; ++i) total += a[i] * b[i];
  return total;
}
