// One prompt of a golden folder: logits, greedy continuation and intermediates of the official implementation in f32.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "apps/verify/differences.h"
#include "apps/verify/json_file.h"
#include "apps/verify/report.h"
#include "ops/dump_ops.h"
#include "runtime/session.h"
#include "safetensors/reader.h"

namespace facet::verify {

constexpr double kRelativeTolerance = 1e-4;  // of intermediates, to the tensor's largest magnitude

struct Tolerances {
  double logits = 5e-4;           // golden tolerances are max(this, 20 x the measured noise)
  double closest_margin = 0.002;  // greedy ids are compared up to the first closer call
};
// What manifest.json, if there is one, says of a file.
Tolerances read_tolerances(const std::filesystem::path& folder, const std::string& file);

// The checkpoint of goldens/NAME is goldens/checkpoints/NAME; a folder that is a checkpoint itself is its own.
std::filesystem::path find_checkpoint(const std::filesystem::path& folder);

std::vector<runtime::TokenId> tokens_of(const safetensors::File& file, const char* name);

// An engine whose intermediates go to `dump`, which outlives it.
std::shared_ptr<const runtime::Engine> load_dumping(const std::string& path, const Options& options, ops::Dump& dump);

// A case's file, and what to compare it with.
struct Golden {
  const safetensors::File& file;
  const Json& facts;
  Tolerances tolerances;
};

class PromptCase {
 public:
  PromptCase(const std::shared_ptr<const runtime::Engine>& engine, ops::Dump& dump, const Golden& golden, Case& result)
      : session_(engine), dump_(dump), golden_(golden), result_(result) {}

  // media: among the golden's input_ids.
  void run(std::vector<runtime::MediaSpan> media = {});

 private:
  void prompt();
  std::vector<int64_t> positions_of(size_t n_tokens) const;
  void intermediates();
  void compare_index(const std::string& name, const ops::DumpedTensor& got);
  void greedy();

  runtime::Session session_;
  ops::Dump& dump_;
  Golden golden_;
  Case& result_;
  std::vector<runtime::MediaSpan> media_;
};

}  // namespace facet::verify
