// What the instruction set computes at most: dependent chains of multiply-adds in registers and nothing else.

inline void step_chains(V::Reg* chains, V::Reg factor, V::Reg term) {
#pragma GCC unroll 16
  for (int c = 0; c < kPeakChains; ++c) chains[c] = V::fma(chains[c], factor, term);
}

float multiply_adds(int n_steps, float factor, float term) {
  const V::Reg f = V::broadcast(factor), t = V::broadcast(term);
  V::Reg chains[kPeakChains];
#pragma GCC unroll 16
  for (int c = 0; c < kPeakChains; ++c) chains[c] = V::broadcast(static_cast<float>(c));
  for (int i = 0; i < n_steps; ++i) step_chains(chains, f, t);
  V::Reg total = chains[0];
  for (int c = 1; c < kPeakChains; ++c) total = V::add(total, chains[c]);
  return V::sum(total);
}
