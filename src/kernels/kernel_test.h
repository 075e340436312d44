// What the kernels' tests share: an instruction set as parameter, and memory that ends where reading is a fault.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/emulation/sets.h"
#include "kernels/kernels.h"
#include "kernels/test_bounds.h"

namespace facet::kernels {

inline std::ostream& operator<<(std::ostream& out, const KernelSet& set) { return out << set.kernels->name; }

// Tests of one set; skipped, by name, where the CPU lacks it.
class IsaTest : public testing::TestWithParam<KernelSet> {
 protected:
  void SetUp() override {
    if (!GetParam().runs_here) GTEST_SKIP() << "this CPU lacks " << GetParam().kernels->name;
  }
  const Kernels& k() const { return *GetParam().kernels; }

  std::mt19937 rng{7};
};

inline std::string isa_name(const testing::TestParamInfo<KernelSet>& info) {
  return std::string(info.param.kernels->name);
}
#define FACET_EVERY_ISA(Suite) \
  INSTANTIATE_TEST_SUITE_P(Isa, Suite, testing::ValuesIn(facet::kernels::tested_sets()), facet::kernels::isa_name)

// n values of T that end right before an unreadable page, so that the slightest read or write beyond them is a fault.
// Their alignment is as odd as n makes it.
template <class T>
class Guarded {
 public:
  explicit Guarded(size_t n) : n_(n) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    n_mapped_ = (n * sizeof(T) + page - 1) / page * page + page;
    map_ = static_cast<char*>(mmap(nullptr, n_mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(map_ + n_mapped_ - page, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(map_ + n_mapped_ - page - n * sizeof(T));
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(map_, n_mapped_); }

  T* data() const { return data_; }
  size_t size() const { return n_; }
  T& operator[](size_t i) const { return data_[i]; }
  T* begin() const { return data_; }
  T* end() const { return data_ + n_; }
  std::span<T> span() const { return {data_, n_}; }

 private:
  size_t n_, n_mapped_;
  char* map_;
  T* data_;
};
using Floats = Guarded<float>;
using Bytes = Guarded<std::byte>;

// Normally distributed, one in 16 eight times as large, as activations are.
inline void fill_normal(std::span<float> x, std::mt19937& rng) {
  std::normal_distribution<float> normal;
  for (float& v : x) v = normal(rng) * (rng() % 16 == 0 ? 8 : 1);
}

inline void expect_same_bits(std::span<const float> a, std::span<const float> b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0);
}

}  // namespace facet::kernels
