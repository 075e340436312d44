// A model's files, opened, checked and bound, with nothing of its own allocated yet: what an engine starts from and
// what `facet inspect` shows.
#pragma once

#include <memory>
#include <string>

#include "model/config.h"
#include "model/weights.h"
#include "runtime/engine.h"

namespace facet::runtime {

struct ModelFacts {
  std::string path;
  model::Config config;
  model::Weights weights;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  GenerationDefaults defaults;
  ChatFamily family = ChatFamily::None;
  EngineOptions options;  // with the zeros filled in
  MemoryPlan plan;
};

// Throws as Engine::load does, except that a plan beyond the memory there is only shows in `plan`.
ModelFacts read_model(const std::string& path, const EngineOptions& options);

}  // namespace facet::runtime
