// The models that can be asked for by name, and what their files say of them.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/engine.h"
#include "server/service.h"

namespace facet::server {

struct ServedModel {
  std::string name, path;
};

// Thread-safe.
class ModelCatalog {
 public:
  // list: what there is now, the default first; it is asked each time, so that a model put into the library is there at
  // once. options: with which models are looked at.
  // names_file: where names that were added are kept, as a JSON object; empty: nowhere. Throws FormatError when it is
  // damaged.
  ModelCatalog(std::function<std::vector<ServedModel>()> list, runtime::EngineOptions options,
               std::string names_file = {});

  // As clients write names: any case, with or without ":latest" and a file's ending; empty: the default. A tag that no
  // model has, as in "NAME:tag", does not count. Throws ApiError NotFound with the names there are.
  ServedModel find(const std::string& name);
  // Service::add_name, Service::remove_name; written before they return.
  void add_name(const std::string& name, const std::string& new_name);
  void remove_name(const std::string& name);

  // Of all models whose files can be read.
  std::vector<ModelInfo> describe_all();
  // Throws ApiError: Internal when its files cannot be read.
  ModelInfo describe(const ServedModel& model);
  // What its engine would take if it were loaded with so much memory available; 0: what the machine has. Reads the
  // heads of its files, each time. Throws as describe().
  runtime::MemoryPlan plan(const ServedModel& model, int64_t memory_bytes) const;

 private:
  struct Known {
    int64_t modified = 0, size_bytes = 0;
    ModelInfo info;
  };

  std::vector<ServedModel> all() const;  // with the names that were added
  void write_names() const;

  std::function<std::vector<ServedModel>()> list_;
  runtime::EngineOptions options_;
  std::string names_file_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> names_;  // that were added, each with a model's own
  std::map<std::string, Known> known_;        // by path
};

// A file's name, or its folder's, without an ending: "gemma-4-E2B-it-Q4_0" of a path to such a .gguf.
std::string model_name_of_path(const std::string& path);

}  // namespace facet::server
