// Rows of codes, a chunk at a time.

// Calls unit(u) for the units of a chunk, u being a constant.
template <class Unit>
inline void for_units(Unit&& unit) {
  unit(std::integral_constant<int, 0>());
  unit(std::integral_constant<int, 1>());
  unit(std::integral_constant<int, 2>());
  unit(std::integral_constant<int, 3>());
}

template <class F>
constexpr int kChunkBytes = kChunk / F::kBlock* F::kBytes;

// Chunk after chunk of a row. What is less than a whole chunk at its end is given as one; what follows there are the
// next rows, or where there may be too few of them, zeros.
template <class F>
class Chunks {
 public:
  Chunks(const std::byte* row, int n_in, bool is_near_end)
      : next_(reinterpret_cast<const uint8_t*>(row)), n_rest_(n_in % kChunk), n_direct_(n_in / kChunk + !is_near_end) {}

  // A whole one.
  inline const uint8_t* next_whole() {
    const uint8_t* block = next_;
    next_ += kChunkBytes<F>;
    --n_direct_;
    return block;
  }
  inline const uint8_t* next() {
    const uint8_t* block = next_;
    next_ += kChunkBytes<F>;
    if constexpr (F::kBlock < kChunk)
      if (n_direct_-- == 0) {
        __builtin_memset(padded_, 0, sizeof padded_);
        __builtin_memcpy(padded_, block, static_cast<size_t>(n_rest_ / F::kBlock * F::kBytes));
        return padded_;
      }
    return block;
  }

 private:
  const uint8_t* next_;
  int n_rest_, n_direct_;
  uint8_t padded_[F::kBlock < kChunk ? kChunkBytes<F> : 1];
};
