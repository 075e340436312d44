#include "apps/tuning.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "apps/json_output.h"
#include "apps/model_options.h"
#include "base/cpu_topology.h"
#include "base/error.h"

namespace facet::apps {
namespace {

using ops::cpu::SetSpeed;
using ops::cpu::ThreadSpeed;
using ops::cpu::Tuning;

constexpr double kBusy = 0.7;  // of the processors

void print_sets(const char* title, const std::vector<SetSpeed>& speeds, const std::string& chosen) {
  fmt::print("  {:<28}{:>8}{:>8}\n", title, "q4_0", "q4_k");
  for (const SetSpeed& s : speeds)
    fmt::print("    {:<26}{:>8.1f}{:>8.1f}{}\n", s.set, s.q4_0, s.q4_k, s.set == chosen ? "  chosen" : "");
}

void print_tuning(const Tuning& t, double seconds) {
  fmt::print("measured in {:.1f} s, kept in {}\n", seconds, printable(tuning_path()));
  print_sets("decoding, GB/s of weights", t.decode, t.decode_set);
  print_sets("prompts, GFLOP/s", t.prompts, t.prompt_set);
  fmt::print("  {:<28}{:>8}{:>8}\n", "threads", "GB/s", "GFLOP/s");
  for (const ThreadSpeed& s : t.threads)
    fmt::print("    {:<26}{:>8.1f}{:>8.1f}{}\n", s.n_threads, s.decode_gb_s, s.prompt_gflop_s,
               s.n_threads == t.n_threads ? "  chosen" : "");
  if (double load = 0; getloadavg(&load, 1) == 1 && load > kBusy * usable_processors())
    fmt::print("the load of the last minute was {:.1f}, on {} processors: measure again when other programs are done\n",
               load, usable_processors());
  fmt::print("used from now on, unless FACET_ISA or --threads say otherwise; `rm {}` forgets it\n",
             printable(tuning_path()));
}

}  // namespace

std::string tuning_path() { return facet_home() + "/tuning.json"; }
runtime::TunedMachine tuned_machine() { return runtime::this_machine(FACET_VERSION); }

std::optional<Tuning> find_tuning(std::string& problem) {
  try {
    return runtime::read_tuning(tuning_path(), tuned_machine());
  } catch (const Error& e) {
    problem = std::string(e.what()) + ": ignored; `facet doctor --tune` measures anew";
    return {};
  }
}

void apply_tuning(runtime::EngineOptions& options) {
  std::string problem;
  if (const auto tuning = find_tuning(problem)) runtime::apply(*tuning, options);
  if (!problem.empty()) fmt::print(stderr, "facet: {}\n", problem);
}

int tune_command(bool json) {
  const auto start = std::chrono::steady_clock::now();
  const Tuning tuning = ops::cpu::tune();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const runtime::TunedMachine machine = tuned_machine();
  runtime::write_tuning(tuning_path(), tuning, machine);
  if (json)
    print_json(
        nlohmann::ordered_json{{"path", tuning_path()},
                               {"seconds", seconds},
                               {"tuning", nlohmann::ordered_json::parse(runtime::tuning_text(tuning, machine))}});
  else
    print_tuning(tuning, seconds);
  return 0;
}

}  // namespace facet::apps
