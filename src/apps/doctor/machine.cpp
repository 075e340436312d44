#include "apps/doctor/machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "apps/tuning.h"
#include "base/cpu_features.h"
#include "base/cpu_topology.h"
#include "base/system_memory.h"

namespace facet::apps::doctor {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::pair<std::string, bool>> features_of(const CpuFeatures& f) {
#if defined(__aarch64__)
  return {{"neon", f.neon}, {"neon_dotprod", f.neon_dotprod}};
#else
  return {{"avx2", f.avx2},
          {"avx512", f.avx512},
          {"avx512_vnni", f.avx512_vnni},
          {"avx512_bf16", f.avx512_bf16},
          {"amx", f.amx}};
#endif
}

// Whether a set is "avx2+amx", or one of these.
bool is_part(std::string_view set, const std::string& used) {
  return ("+" + used + "+").find("+" + std::string(set) + "+") != std::string::npos;
}

Json tuning_json(const ops::cpu::Tuning& t) {
  return {{"decode", t.decode_set}, {"prompts", t.prompt_set}, {"threads", t.n_threads}};
}

std::string tuning_line(const Machine& m) {
  if (!m.tuning) return "none";
  const ops::cpu::Tuning& t = *m.tuning;
  return fmt::format("{} decodes, {} computes prompts, {} threads{}", t.decode_set, t.prompt_set, t.n_threads,
                     m.isa_is_forced ? " (FACET_ISA wins)" : "");
}

}  // namespace

Machine examine_machine(const runtime::EngineOptions& options) {
  Machine m;
  const kernels::Kernels& used = runtime::kernels_of(options);
  m.used = used.name;
  m.tuning = find_tuning(m.tuning_problem);
  m.isa_is_forced = runtime::isa_is_forced();
  for (const kernels::KernelSet& set : kernels::all_sets())
    m.kernel_sets.push_back({std::string(set.kernels->name), set.runs_here, is_part(set.kernels->name, m.used)});
  m.cpu = cpu_features().brand;
  m.features = features_of(cpu_features());
  m.n_processors = static_cast<int>(std::thread::hardware_concurrency());
  m.n_usable = usable_processors();
  if (getloadavg(&m.load, 1) != 1) m.load = 0;
  m.total_bytes = total_memory();
  m.available_bytes = available_memory();
  ThreadPool threads(options.n_threads);
  m.n_threads = threads.count();
  ops::cpu::CeilingProbe probe(threads, used, options.activations);
  probe.sample();
  probe.sample();
  m.ceilings = probe.best();
  return m;
}

Json to_json(const Machine& m) {
  Json features = Json::object(), sets = Json::array();
  for (const auto& [name, present] : m.features) features[name] = present;
  for (const auto& set : m.kernel_sets)
    sets.push_back({{"name", set.name}, {"runs_here", set.runs_here}, {"chosen", set.chosen}});
  return {{"cpu", m.cpu},
          {"processors", m.n_processors},
          {"usable_processors", m.n_usable},
          {"load", m.load},
          {"features", features},
          {"kernels", sets},
          {"used", m.used},
          {"threads", m.n_threads},
          {"tuning", m.tuning ? tuning_json(*m.tuning) : Json()},
          {"ceiling", {{"read_gb_s", m.ceilings.read_gb_s}, {"gflop_s", m.ceilings.gflop_s}}},
          {"memory_bytes", m.total_bytes},
          {"available_bytes", m.available_bytes}};
}

void print(const Machine& m) {
  std::vector<std::string> features, sets;
  for (const auto& [name, present] : m.features) features.push_back(fmt::format("{} {}", name, present ? "yes" : "no"));
  for (const auto& set : m.kernel_sets)
    sets.push_back(set.name + (set.chosen ? " (used)" : set.runs_here ? "" : " (not on this CPU)"));
  fmt::print("machine\n");
  fmt::print("  {:<16}{}\n", "CPU", m.cpu);
  fmt::print("  {:<16}{} of {}, load {:.1f} in the last minute\n", "processors", m.n_usable, m.n_processors, m.load);
  fmt::print("  {:<16}{}\n", "instructions", fmt::join(features, ", "));
  fmt::print("  {:<16}{}\n", "kernels", fmt::join(sets, ", "));
  fmt::print("  {:<16}{}\n", "tuning", tuning_line(m));
  fmt::print("  {:<16}{:.1f} GB/s read from memory, {:.0f} GFLOP/s\n", "at most", m.ceilings.read_gb_s,
             m.ceilings.gflop_s);
  fmt::print("  {:<16}{:.1f} GB available of {:.1f} GB\n", "memory", gigabytes(m.available_bytes),
             gigabytes(m.total_bytes));
}

std::vector<std::string> hints(const Machine& m) {
  std::vector<std::string> out;
#if !defined(__OPTIMIZE__)
  out.push_back("this build is not optimised and many times slower: configure with `cmake --preset release`");
#endif
  if (!m.tuning_problem.empty())
    out.push_back(m.tuning_problem);
  else if (!m.tuning)
    out.push_back("`facet doctor --tune` measures, in a second, which kernels and how many threads are fastest here");
  const auto best = std::ranges::find_if(m.kernel_sets, &Machine::KernelSet::runs_here);
  if (best != m.kernel_sets.end() && !best->chosen && m.isa_is_forced)
    out.push_back(fmt::format("FACET_ISA keeps facet from using {}: unset it", best->name));
  if (best != m.kernel_sets.end() && best->name == "scalar")
    out.push_back("this CPU has no vector instructions that facet knows: expect a fraction of the usual speed");
  if (m.n_usable < m.n_processors)
    out.push_back(fmt::format("this process may use {} of {} processors (its affinity or its container's limit)",
                              m.n_usable, m.n_processors));
  if (m.load > m.n_usable * 0.7)
    out.push_back(
        fmt::format("the load is {:.1f}, on {} processors: speeds and ceilings are lower for it", m.load, m.n_usable));
  constexpr int64_t kLittle = int64_t{2} << 30;
  if (m.available_bytes > 0 && m.available_bytes < kLittle)
    out.push_back(fmt::format("only {:.1f} GB of memory are available: close programs, or use a small model",
                              gigabytes(m.available_bytes)));
  return out;
}

}  // namespace facet::apps::doctor
