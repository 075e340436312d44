// Rows of weights decoded to f32.

template <class F>
void decode_codes(const std::byte* blocks, float* y, int n) {
  alignas(64) int8_t codes[kChunk];
  alignas(64) float values[kChunk];
  Scales scales;
  Chunks<F> chunks(blocks, n, true);
  for (int i = 0; i < n; i += kChunk) {
    const uint8_t* block = chunks.next();
    F::scales(block, scales);
    for_units([&](auto u) {
      const Codes c = F::codes(block, u);
      V::store_natural({c.first - static_cast<uint8_t>(F::kOffset), c.second - static_cast<uint8_t>(F::kOffset)},
                       codes + u * kUnit);
    });
    const bool is_whole = n - i >= kChunk;
    float* out = is_whole ? y + i : values;
    for (int g = 0; g < kChunk / F::kGroup; ++g) {
      const V::Reg s = V::broadcast(scales.scale[g]);
      const V::Reg m = V::broadcast(F::kHasMin ? -scales.min[g] : 0.0f);
      for (int k = g * F::kGroup; k < (g + 1) * F::kGroup; k += V::kLanes) {
        const V::Reg w = V::from_int8(codes + k);
        V::store(out + k, F::kHasMin ? V::fma(w, s, m) : V::mul(w, s));
      }
    }
    if (!is_whole) __builtin_memcpy(y + i, values, sizeof(float) * static_cast<size_t>(n - i));
  }
}

template <class L>
void decode_floats(const std::byte* blocks, float* y, int n) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) V::store(y + i, L::load(blocks + i * L::kBytes));
  for (; i < n; ++i) y[i] = L::load_one(blocks + i * L::kBytes);
}

template <quant::BlockType kType>
void decode_other(const std::byte* blocks, float* y, int n) {
  quant::decode_row(kType, blocks, y, static_cast<size_t>(n));
}
