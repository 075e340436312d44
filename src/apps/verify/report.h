// The lines and the closing count of `facet verify`.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine.h"

namespace facet::verify {

// Why cases are left out that state single log-probabilities and tokens.
constexpr const char* kTooCoarse =
    "8 bits move single log-probabilities further: a real model's perplexity judges them";

struct Options {
  runtime::Backend backend = runtime::Backend::Cpu;
  runtime::Activations activations = runtime::Activations::F32;
  int n_threads = 0;
  std::string filter;  // only cases whose name contains it

  bool is_coarse() const { return activations == runtime::Activations::Int8; }
  runtime::EngineOptions engine_options() const {
    runtime::EngineOptions o;
    o.backend = backend;
    o.activations = activations;
    o.n_threads = n_threads;
    o.kv = runtime::KvPrecision::F32;
    return o;
  }
};

class Report {
 public:
  explicit Report(Options options) : options_(std::move(options)) {}

  const Options& options() const noexcept { return options_; }
  bool wants(const std::string& name) const { return name.find(options_.filter) != std::string::npos; }

  // One line each. detail: the largest error and its tolerance, or what differs.
  void pass(const std::string& name, const std::string& detail = "");
  void fail(const std::string& name, const std::string& detail);
  void skip(const std::string& name, const std::string& reason);

  // "N passed, N failed, N skipped"
  std::string summary() const;
  bool all_passed() const noexcept { return n_failed_ == 0; }
  int n_cases() const noexcept { return n_passed_ + n_failed_ + n_skipped_; }

 private:
  void line(std::string_view verdict, const std::string& name, const std::string& detail) const;

  Options options_;
  int n_passed_ = 0, n_failed_ = 0, n_skipped_ = 0;
};

// Collects the comparisons of one case and reports it as a whole: the comparison nearest to its tolerance, or all that
// are beyond it. A case that compares nothing has failed.
class Case {
 public:
  Case(Report& report, std::string name) : report_(report), name_(std::move(name)) {}

  void compare(std::string_view what, double error, double tolerance);
  void expect(bool ok, const std::string& what);        // what: said when it is not so
  void note(const std::string& text) { note_ = text; }  // said when all is well
  void skip(const std::string& reason) { skip_ = reason; }
  void finish();

 private:
  Report& report_;
  std::string name_, worst_, note_, skip_;
  double worst_share_ = -1;
  int n_compared_ = 0;
  std::vector<std::string> failures_;
};

// Runs one case; what it throws is its failure, so that a damaged file does not end the others.
template <class Check>
void run_case(Report& report, const std::string& name, Check&& check) {
  if (!report.wants(name)) return;
  Case result(report, name);
  try {
    check(result);
  } catch (const std::exception& e) {
    result.expect(false, e.what());
  }
  result.finish();
}

}  // namespace facet::verify
