// What `facet doctor` finds out about models: those that are here, and those that would run here.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/doctor/machine.h"
#include "runtime/engine.h"

namespace facet::apps::doctor {

struct TensorKind {
  std::string type;
  int n = 0;
  int64_t n_bytes = 0;
  std::string kernel;
};

struct Model {
  std::string path, architecture;
  std::string error;  // why it does not run; the rest is empty then
  bool fits = false;  // weights, cache and buffers in the memory available
  runtime::MemoryPlan plan;
  int64_t cached_bytes = 0;  // of the file, in memory now
  double tokens_per_s = 0;   // what memory bandwidth allows
  std::vector<TensorKind> kinds;
};

Model examine_model(const std::string& path, const runtime::EngineOptions& options, const Machine& machine);

// A size of the family in a precision that files are offered in.
struct Offer {
  std::string size, type;
  int64_t n_bytes;      // of memory, with a small context
  double tokens_per_s;  // what memory bandwidth allows
  bool fits;
};
std::vector<Offer> offers(const Machine& machine);

nlohmann::ordered_json to_json(const Model& model);
nlohmann::ordered_json to_json(const std::vector<Offer>& offers);
void print_line(const Model& model);     // one line, for a list
void print_details(const Model& model);  // its tensors and the kernels they meet
void print(const std::vector<Offer>& offers);
std::vector<std::string> hints(const Model& model);

}  // namespace facet::apps::doctor
