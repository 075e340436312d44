// Elementwise loops, norms and softmax pieces.

// Runs f on whole vectors, and on a padded copy of what is left.
template <class Apply>
inline void for_vectors(int n, Apply&& apply) {
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) apply(i, V::kLanes);
  if (i < n) apply(i, n - i);
}
inline V::Reg load_part(const float* p, int n) {
  if (n == V::kLanes) return V::load(p);
  alignas(64) float buffer[V::kLanes] = {};
  for (int i = 0; i < n; ++i) buffer[i] = p[i];
  return V::load(buffer);
}
inline void store_part(float* p, V::Reg x, int n) {
  if (n == V::kLanes) return V::store(p, x);
  alignas(64) float buffer[V::kLanes];
  V::store(buffer, x);
  for (int i = 0; i < n; ++i) p[i] = buffer[i];
}

void rms_norm(float* out, const float* x, const float* w, int n, float eps) {
  const float factor = 1.0f / __builtin_sqrtf(dot(x, x, n) / static_cast<float>(n) + eps);
  const V::Reg f = V::broadcast(factor);
  for_vectors(n, [&](int i, int k) {
    V::Reg y = V::mul(load_part(x + i, k), f);
    if (w != nullptr) y = V::mul(y, load_part(w + i, k));
    store_part(out + i, y, k);
  });
}

// x / (1 + exp(-2 u)) with u = sqrt(2/pi) (x + 0.044715 x^3): the tanh form without its cancellation.
void gelu_mul(float* out, const float* gate, const float* up, int n) {
  for_vectors(n, [&](int i, int k) {
    const V::Reg x = load_part(gate + i, k);
    const V::Reg cubic = V::fma(V::mul(V::mul(x, x), x), V::broadcast(0.044715f), x);
    const V::Reg e = exp_reg(V::mul(cubic, V::broadcast(-2 * 0.79788456f)));
    const V::Reg gelu = V::div(x, V::add(e, V::broadcast(1.0f)));
    store_part(out + i, V::mul(gelu, load_part(up + i, k)), k);
  });
}

void softcap(float* x, int n, float cap) {
  const V::Reg c = V::broadcast(cap), one = V::broadcast(1.0f), factor = V::broadcast(-2.0f / cap);
  for_vectors(n, [&](int i, int k) {
    const V::Reg e = exp_reg(V::mul(load_part(x + i, k), factor));  // tanh(u) = 2 / (1 + exp(-2u)) - 1
    store_part(x + i, V::mul(c, V::div(V::sub(one, e), V::add(one, e))), k);
  });
}

void add(float* x, const float* y, int n) {
  for_vectors(n, [&](int i, int k) { store_part(x + i, V::add(load_part(x + i, k), load_part(y + i, k)), k); });
}

void scale(float* x, int n, float factor) {
  const V::Reg f = V::broadcast(factor);
  for_vectors(n, [&](int i, int k) { store_part(x + i, V::mul(load_part(x + i, k), f), k); });
}

void multiply(float* out, const float* x, const float* y, int n) {
  for_vectors(n, [&](int i, int k) { store_part(out + i, V::mul(load_part(x + i, k), load_part(y + i, k)), k); });
}

void add_scaled(float* x, const float* y, int n, float factor) {
  const V::Reg f = V::broadcast(factor);
  for_vectors(n, [&](int i, int k) { store_part(x + i, V::fma(load_part(y + i, k), f, load_part(x + i, k)), k); });
}

void add_product(float* x, const float* y, const float* z, int n) {
  for_vectors(n, [&](int i, int k) {
    store_part(x + i, V::fma(load_part(y + i, k), load_part(z + i, k), load_part(x + i, k)), k);
  });
}

// V::min and V::max give their second operand when one is NaN.
void clamp(float* out, const float* x, int n, float low, float high) {
  const V::Reg least = V::broadcast(low), most = V::broadcast(high);
  for_vectors(n, [&](int i, int k) { store_part(out + i, V::min(most, V::max(least, load_part(x + i, k))), k); });
}

void glu(float* out, const float* a, const float* b, int n) {
  const V::Reg one = V::broadcast(1.0f);
  for_vectors(n, [&](int i, int k) {
    const V::Reg e = exp_reg(V::sub(V::zero(), load_part(b + i, k)));
    store_part(out + i, V::div(load_part(a + i, k), V::add(e, one)), k);
  });
}

// Calls add(x[i] - center, where nothing is 0) for all of a row.
template <class Add>
inline void for_differences(const float* x, int n, float center, Add&& add) {
  const V::Reg c = V::broadcast(center);
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) add(V::sub(V::load(x + i), c));
  if (i == n) return;
  alignas(64) float rest[V::kLanes] = {};
  for (int k = 0; i + k < n; ++k) rest[k] = x[i + k] - center;
  add(V::load(rest));
}

// The first mean is off by the roundings of a sum that may be large beside what varies: the mean of what is left
// corrects it.
void layer_norm(float* out, const float* x, const float* w, const float* b, int n, float eps) {
  const auto count = static_cast<float>(n);
  V::Reg sum = V::zero(), left = V::zero(), squares = V::zero();
  for_differences(x, n, 0, [&](V::Reg d) { sum = V::add(sum, d); });
  const float center = V::sum(sum) / count;
  for_differences(x, n, center, [&](V::Reg d) {
    left = V::add(left, d);
    squares = V::fma(d, d, squares);
  });
  const float correction = V::sum(left) / count;
  const float variance = V::sum(squares) / count - correction * correction;
  const V::Reg c = V::broadcast(center), d = V::broadcast(correction),
               factor = V::broadcast(1.0f / __builtin_sqrtf(variance + eps));
  for_vectors(n, [&](int i, int k) {
    const V::Reg y = V::mul(V::sub(V::sub(load_part(x + i, k), c), d), factor);
    V::Reg scaled = V::mul(y, load_part(w + i, k));
    if (b != nullptr) scaled = V::add(scaled, load_part(b + i, k));
    store_part(out + i, scaled, k);
  });
}

float exp_sum(float* p, int n, float top) {
  V::Reg total = V::zero();
  const V::Reg t = V::broadcast(top);
  int i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const V::Reg e = exp_reg(V::sub(V::load(p + i), t));
    V::store(p + i, e);
    total = V::add(total, e);
  }
  float sum = V::sum(total);
  if (i < n) {
    store_part(p + i, exp_reg(V::sub(load_part(p + i, n - i), t)), n - i);
    for (; i < n; ++i) sum += p[i];
  }
  return sum;
}

// V::max gives its second operand when one is NaN, so a NaN of the first is lost: what is not below infinity is looked
// at again.
float max_of(const float* x, int n) {
  float top = x[0];
  int i = 0;
  bool is_odd = false;
  if (n >= V::kLanes) {
    const V::Reg infinity = V::broadcast(__builtin_inff()), one = V::broadcast(1.0f);
    V::Reg t = V::load(x), odd = V::zero_below(infinity, t, one);
    for (i = V::kLanes; i + V::kLanes <= n; i += V::kLanes) {
      const V::Reg v = V::load(x + i);
      t = V::max(t, v);
      odd = V::max(odd, V::zero_below(infinity, v, one));
    }
    is_odd = V::sum(odd) != 0;
    alignas(64) float lanes[V::kLanes];
    V::store(lanes, t);
    top = lanes[0];
    for (const float v : lanes) top = v > top ? v : top;
  }
  for (; i < n; ++i) {
    is_odd = is_odd || !(x[i] < __builtin_inff());
    top = x[i] > top ? x[i] : top;
  }
  if (is_odd)
    for (int k = 0; k < n; ++k)
      if (x[k] != x[k]) return x[k];
  return top;
}
