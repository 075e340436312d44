// What attention on panels does to sums, whose lanes are queries.

template <int kTokens>
void rescale_sums(float* acc, int n_rows, int n_tokens, const float* factor) {
  for (int t = 0; t < n_tokens; t += V::kLanes) {
    const V::Reg f = V::load(factor + t);
    for (int r = 0; r < n_rows; ++r) V::store(acc + r * kTokens + t, V::mul(V::load(acc + r * kTokens + t), f));
  }
}

// A step of the softmax for as many queries as a vector has lanes. What is no number may be lost on the way to the
// largest score, but not to its weight.
class SoftmaxStep {
 public:
  SoftmaxStep(const float* scores, int stride, int n, float scale, const float* top)
      : old_(V::load(top)), scale_(V::broadcast(scale)) {
    V::Reg most = V::load(scores);
    for (int i = 1; i < n; ++i) most = V::max(most, V::load(scores + i * stride));
    top_ = V::max(old_, V::mul(most, scale_));
    minus_top_ = V::sub(V::zero(), top_);
  }

  inline V::Reg weight(V::Reg score) const { return exp_reg(V::fma(score, scale_, minus_top_)); }
  inline void store(V::Reg sum, float* top, float* total, float* factor) const {
    const V::Reg f = exp_reg(V::sub(old_, top_));
    V::store(top, top_);
    V::store(factor, f);
    V::store(total, V::fma(V::load(total), f, sum));
  }

 private:
  V::Reg old_, scale_, top_, minus_top_;
};
