// A model's files, opened, checked and bound, with nothing of its own allocated yet: what an engine starts from and
// what `facet inspect` shows.
#pragma once

#include <memory>
#include <string>

#include "base/page_advice.h"
#include "model/config.h"
#include "model/weights.h"
#include "runtime/encoders.h"
#include "runtime/engine.h"

namespace facet::runtime {

struct ModelFacts {
  std::string path;
  model::Config config;
  model::Weights weights;
  Encoders encoders;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  GenerationDefaults defaults;
  ChatFamily family = ChatFamily::None;
  EngineOptions options;  // with the zeros filled in
  MemoryPlan plan;
  std::unique_ptr<ReadAhead> read_ahead;  // of the weights, when they will be used
};

// Throws as Engine::load does, except that a plan beyond the memory there is only shows in `plan`.
// Purpose::Compute: the weights are brought into memory in the meantime, if they fit it.
enum class Purpose : uint8_t { Look, Compute };
ModelFacts read_model(const std::string& path, const EngineOptions& options, Purpose purpose = Purpose::Look);

// The plan alone, without what takes longest: the tokenizer, which is not checked either.
MemoryPlan read_plan(const std::string& path, const EngineOptions& options);

}  // namespace facet::runtime
