// Products of codes with activations of 16 bits, as the set's vectors have them.
struct Int16Products {
  using Code = int16_t;
  static constexpr float kTopCode = V::kTopCode;
  using Reg = V::Reg;
  using Words = V::Words;
  template <int kGroup>
  using GroupScales = V::GroupScales<kGroup>;

  static inline Reg zero() { return V::zero(); }
  static inline Reg add(Reg a, Reg b) { return V::add(a, b); }
  static inline float sum(Reg x) { return V::sum(x); }
  static inline void order(const int16_t* q, Code* out) { V::order(q, out); }
  template <class F>
  static inline Words words(const Codes& codes) {
    return V::template words<F::kIsSigned>(codes);
  }
  template <class F, int u>
  static inline void add_products(Reg& acc, const Words& w, const GroupScales<F::kGroup>& s, const Code* x) {
    V::template add_products<u>(acc, w, s, x);
  }
};
