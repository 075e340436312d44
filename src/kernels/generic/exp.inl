// The exponential function of a vector.

// exp(x) for x <= 88, 0 below kExpFloor, NaN for NaN (min and max give their second operand then). Cody-Waite reduction
// by ln 2, then 1 + r + r^2 Q(r) with the Q of degree 4 whose largest relative error on |r| <= ln2 / 2 is least (4e-9).
inline V::Reg exp_reg(V::Reg x) {
  const V::Reg floor = V::broadcast(kExpFloor), top = V::min(V::broadcast(88.0f), x), y = V::max(floor, top);
  const V::Reg n = V::round(V::mul(y, V::broadcast(1.44269504f)));
  V::Reg r = V::fma(n, V::broadcast(-0.693145752f), y);
  r = V::fma(n, V::broadcast(-1.42860677e-6f), r);
  V::Reg p = V::broadcast(0x1.6a2352p-10f);
  p = V::fma(p, r, V::broadcast(0x1.123a6cp-7f));
  p = V::fma(p, r, V::broadcast(0x1.5558f4p-5f));
  p = V::fma(p, r, V::broadcast(0x1.555490p-3f));
  p = V::fma(p, r, V::broadcast(0x1.fffffcp-2f));
  p = V::fma(p, r, V::broadcast(1.0f));
  p = V::fma(p, r, V::broadcast(1.0f));
  return V::zero_below(floor, top, V::scale_by_power_of_two(p, n));
}
