// Activations as products of codes take them.

// 32 elements to whole numbers up to top_code, at most 2^15 - 1: returns their scale, and sets what each half of them
// comes to.
inline float round_block(const float* x, float top_code, int16_t* q, int* sums) {
  V::Reg largest = V::zero(), not_finite = V::zero();
  for (int i = 0; i < kRoundedBlock; i += V::kLanes) {
    const V::Reg v = V::load(x + i);
    largest = V::max(largest, V::max(v, V::sub(V::zero(), v)));
    not_finite = V::fma(v, V::zero(), not_finite);  // NaN if an element is NaN or infinite
  }
  if (V::sum(not_finite) != 0) return __builtin_nanf("");
  const float top = V::largest(largest);
  if (top < kRoundedFloor) return 0;
  V::to_int16(x, top_code / top, q);
  V::sums_of_16(q, sums);
  return top / top_code;
}
