// Sounds with known beginnings and ends, for tests of what finds speech.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <span>
#include <vector>

namespace facet::media {

// A recording that is put together from pieces; all of it lies in noise.
class TestSound {
 public:
  // noise_db: of the noise, below a full-scale sine.
  explicit TestSound(double noise_db, uint32_t seed = 1)
      : random_(seed), noise_(static_cast<float>(std::pow(10, noise_db / 20) / std::sqrt(2))) {}

  TestSound& silence(double seconds) {
    return add(seconds, [](double) { return 0.0; });
  }
  TestSound& tone(double seconds, double hz, double db) {
    const double a = std::pow(10, db / 20);
    return add(seconds, [=](double t) { return a * std::sin(2 * std::numbers::pi * hz * t); });
  }
  // Syllables, five a second: the harmonics of a voice of 120 Hz for 150 ms, which come and go, and 50 ms of nearly
  // nothing. Every third begins with 60 ms of hiss.
  TestSound& speech(double seconds, double db) {
    const double a = std::pow(10, db / 20);
    return add(seconds, [this, a](double t) {
      const double in_syllable = std::fmod(t, 0.2);
      const bool hisses = static_cast<int>(t / 0.2) % 3 == 2 && in_syllable < 0.06;
      if (hisses) return a * 0.15 * normal_(random_);
      if (in_syllable > 0.15) return 0.0;
      return a * 0.3 * voice()[static_cast<size_t>(t * 16000) % 400] * std::sin(std::numbers::pi * in_syllable / 0.15);
    });
  }

  const std::vector<float>& samples() const noexcept { return samples_; }
  double seconds() const noexcept { return static_cast<double>(samples_.size()) / 16000; }

 private:
  // Three periods of a voice with formants at 600 and 1700 Hz.
  static const std::vector<double>& voice() {
    static const std::vector<double> table = [] {
      std::vector<double> out(400);
      const auto formant = [](double hz, double at, double width) { return std::exp(-std::pow((hz - at) / width, 2)); };
      for (size_t i = 0; i < out.size(); ++i)
        for (int h = 1; h <= 20; ++h) {
          const double hz = 120.0 * h, a = 0.1 + formant(hz, 600, 300) + 0.3 * formant(hz, 1700, 400);
          out[i] += a * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000 + h);
        }
      return out;
    }();
    return table;
  }

  template <class Wave>
  TestSound& add(double seconds, Wave&& wave) {
    const auto n = static_cast<size_t>(seconds * 16000);
    for (size_t i = 0; i < n; ++i)
      samples_.push_back(static_cast<float>(wave(static_cast<double>(i) / 16000)) + noise_ * normal_(random_));
    return *this;
  }

  std::mt19937 random_;
  std::normal_distribution<float> normal_;
  float noise_;
  std::vector<float> samples_;
};

}  // namespace facet::media
