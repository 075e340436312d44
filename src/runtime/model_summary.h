// What people ask first about a model, of its files: how large, how quantised, what it can do.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/model_facts.h"

namespace facet::runtime {

struct ModelSummary {
  std::string architecture;  // "gemma4"
  std::string format;        // "gguf", "safetensors"
  std::string quantization;  // the type of most bytes: "Q4_0"
  uint64_t n_parameters = 0;
  uint64_t n_bytes = 0;  // of the model's files
  int context = 0;       // the model's own
  int n_embd = 0;
  bool sees = false, hears = false;
  int image_budget = 0;  // soft tokens of a picture where nobody says how many
};

ModelSummary summarize(const ModelFacts& facts);

}  // namespace facet::runtime
