// Which models `facet serve` has, how they are loaded, and what it tells of them.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "apps/model_options.h"
#include "http/metrics.h"
#include "server/engine_service.h"

namespace facet::apps {

struct ServedModelFlags {
  std::vector<std::string> models;  // PATH, a library's name, or NAME=PATH; the first is the default
  ModelOptions options;
  std::string keep_alive = "5m";
  int parallel = 32, queue = 256, max_same_calls = 20, max_rounds = 0, max_same_text = 512;
  bool think = false, only_named = false, forgets = false;

  void add_to(CLI::App& command);
};

// RequestError when a model that was named is not there.
std::unique_ptr<server::EngineService> make_service(const ServedModelFlags& flags);

// What the service's schedulers do, all models together.
void add_figures(http::Metrics& metrics, server::EngineService& service);

}  // namespace facet::apps
