#include "apps/verify/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>

namespace facet::verify {

void Report::line(std::string_view verdict, const std::string& name, const std::string& detail) const {
  fmt::print("{} {}{}{}\n", verdict, name, detail.empty() ? "" : "  ", detail);
  std::fflush(stdout);
}

void Report::pass(const std::string& name, const std::string& detail) {
  ++n_passed_;
  line("PASS", name, detail);
}

void Report::fail(const std::string& name, const std::string& detail) {
  ++n_failed_;
  line("FAIL", name, detail);
}

void Report::skip(const std::string& name, const std::string& reason) {
  ++n_skipped_;
  line("SKIP", name, reason);
}

std::string Report::summary() const {
  return fmt::format("{} passed, {} failed, {} skipped", n_passed_, n_failed_, n_skipped_);
}

void Case::compare(std::string_view what, double error, double tolerance) {
  ++n_compared_;
  const std::string text = fmt::format("{} {:.2e} (tolerance {:.1e})", what, error, tolerance);
  if (!(error <= tolerance)) failures_.push_back(text);
  const double share = tolerance > 0 ? error / tolerance : error;
  if (!(share <= worst_share_)) {
    worst_share_ = share;
    worst_ = text;
  }
}

void Case::expect(bool ok, const std::string& what) {
  ++n_compared_;
  if (!ok) failures_.push_back(what);
}

void Case::finish() {
  if (!skip_.empty()) return report_.skip(name_, skip_);
  constexpr size_t kShown = 4;
  if (n_compared_ == 0) failures_.push_back("holds nothing to compare");
  if (failures_.empty()) {
    report_.pass(name_, worst_ + (worst_.empty() || note_.empty() ? "" : ", ") + note_);
    return;
  }
  const size_t n = failures_.size();
  if (n > kShown) failures_.resize(kShown);
  report_.fail(name_, fmt::format("{}{}", fmt::join(failures_, "; "),
                                  n > kShown ? fmt::format("; and {} more", n - kShown) : ""));
}

}  // namespace facet::verify
