// What the instruction set computes at most: dependent chains of multiply-adds in registers and nothing else.

template <class Reg, class Step>
inline void run_chains(Reg (&chains)[kPeakChains], int n_steps, Step&& step) {
  for (int i = 0; i < n_steps; ++i) {
#pragma GCC unroll 16
    for (int c = 0; c < kPeakChains; ++c) chains[c] = step(chains[c]);
  }
}
