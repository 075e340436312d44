// Sums of a panel, rows by tokens, to where they belong, tokens by rows.

template <int kTokens>
void store_sums(const float* acc, int n_rows, int n_tokens, float factor, float* out, size_t out_stride) {
  const int n_whole = n_rows / V::kLanes * V::kLanes;
  // What is written lies far apart from token to token: their lines are finished one after another.
  for (int t = 0; t < n_tokens; t += V::kLanes)
    for (int r = 0; r < n_whole; r += V::kLanes) {
      V::Reg square[V::kLanes];
      for (int i = 0; i < V::kLanes; ++i) square[i] = V::load(acc + (r + i) * kTokens + t);
      V::transpose(square);
      for (int i = 0; i < V::kLanes && t + i < n_tokens; ++i)
        V::store(out + static_cast<size_t>(t + i) * out_stride + r, V::mul(square[i], V::broadcast(factor)));
    }
  for (int r = n_whole; r < n_rows; ++r)
    for (int t = 0; t < n_tokens; ++t) out[static_cast<size_t>(t) * out_stride + r] = acc[r * kTokens + t] * factor;
}
