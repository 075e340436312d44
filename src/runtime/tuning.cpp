#include "runtime/tuning.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/cpu_features.h"
#include "base/cpu_topology.h"
#include "base/error.h"
#include "base/file.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;
using ops::cpu::SetSpeed;
using ops::cpu::ThreadSpeed;
using ops::cpu::Tuning;

constexpr int kMaxThreads = 1024;
constexpr uintmax_t kMaxFileBytes = 1 << 16;  // many times what is ever written

// Two digits behind the point: more would say more than measurements do.
double rounded(double x) { return std::round(x * 100) / 100; }

OrderedJson set_speeds_json(const std::vector<SetSpeed>& speeds) {
  OrderedJson list = OrderedJson::array();
  for (const SetSpeed& s : speeds)
    list.push_back({{"kernels", s.set}, {"q4_0", rounded(s.q4_0)}, {"q4_k", rounded(s.q4_k)}});
  return list;
}

std::vector<SetSpeed> read_set_speeds(const nlohmann::json& list) {
  std::vector<SetSpeed> out;
  for (const auto& s : list)
    out.push_back({s.at("kernels").get<std::string>(), s.at("q4_0").get<double>(), s.at("q4_k").get<double>()});
  return out;
}

std::vector<ThreadSpeed> read_thread_speeds(const nlohmann::json& list) {
  std::vector<ThreadSpeed> out;
  for (const auto& s : list)
    out.push_back(
        {s.at("threads").get<int>(), s.at("decode_gb_s").get<double>(), s.at("prompt_gflop_s").get<double>()});
  return out;
}

std::string text_of(const TunedMachine& m) {
  return fmt::format("\"{}\", {} processors, facet {}", m.cpu, m.n_processors, m.version);
}

void check_choice(const Tuning& t, const std::string& path) {
  if (ops::cpu::find_kernels(t.decode_set, t.prompt_set) == nullptr)
    throw_error<FormatError>("{}: chooses the kernels \"{}\" and \"{}\", not all of which run here", path, t.decode_set,
                             t.prompt_set);
  if (t.n_threads < 1 || t.n_threads > kMaxThreads)
    throw_error<FormatError>("{}: chooses {} threads, expected 1 to {}", path, t.n_threads, kMaxThreads);
}

}  // namespace

bool isa_is_forced() {
  const char* isa = std::getenv("FACET_ISA");
  return isa != nullptr && *isa != '\0';
}

TunedMachine this_machine(std::string_view version) {
  return {cpu_features().brand, usable_processors(), std::string(version)};
}

std::string tuning_text(const Tuning& t, const TunedMachine& machine) {
  OrderedJson threads = OrderedJson::array();
  for (const ThreadSpeed& s : t.threads)
    threads.push_back({{"threads", s.n_threads},
                       {"decode_gb_s", rounded(s.decode_gb_s)},
                       {"prompt_gflop_s", rounded(s.prompt_gflop_s)}});
  const OrderedJson json{
      {"machine", {{"cpu", machine.cpu}, {"processors", machine.n_processors}, {"facet", machine.version}}},
      {"choice", {{"decode", t.decode_set}, {"prompts", t.prompt_set}, {"threads", t.n_threads}}},
      {"measured",
       {{"decode_gb_s", set_speeds_json(t.decode)},
        {"prompt_gflop_s", set_speeds_json(t.prompts)},
        {"threads", threads}}}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

Tuning parse_tuning(std::string_view text, const TunedMachine& here, const std::string& path) {
  Tuning t;
  TunedMachine measured;
  try {
    const auto json = nlohmann::json::parse(text);
    const auto &machine = json.at("machine"), &choice = json.at("choice"), &figures = json.at("measured");
    measured = {machine.at("cpu").get<std::string>(), machine.at("processors").get<int>(),
                machine.at("facet").get<std::string>()};
    t = {read_set_speeds(figures.at("decode_gb_s")), read_set_speeds(figures.at("prompt_gflop_s")),
         read_thread_speeds(figures.at("threads")),  choice.at("decode").get<std::string>(),
         choice.at("prompts").get<std::string>(),    choice.at("threads").get<int>()};
  } catch (const nlohmann::json::exception& e) {
    throw_error<FormatError>("{}: damaged: {}", path, e.what());
  }
  if (measured != here)
    throw_error<FormatError>("{}: measured on {}; this is {}", path, text_of(measured), text_of(here));
  check_choice(t, path);
  return t;
}

std::optional<Tuning> read_tuning(const std::string& path, const TunedMachine& here) {
  std::error_code error;
  if (!fs::exists(path, error) && !error) return {};
  if (const uintmax_t n = fs::file_size(path, error); !error && n > kMaxFileBytes)
    throw_error<FormatError>("{}: {} bytes, expected at most {}", path, n, kMaxFileBytes);
  return parse_tuning(read_file(path), here, path);
}

void write_tuning(const std::string& path, const Tuning& tuning, const TunedMachine& machine) {
  replace_file(path, tuning_text(tuning, machine));
}

void apply(const Tuning& tuning, EngineOptions& options) {
  if (options.kernels == nullptr && !isa_is_forced())
    options.kernels = ops::cpu::find_kernels(tuning.decode_set, tuning.prompt_set);
  if (options.n_threads == 0) options.n_threads = tuning.n_threads;
}

const kernels::Kernels& kernels_of(const EngineOptions& options) {
  return options.kernels != nullptr ? *options.kernels : kernels::choose();
}

}  // namespace facet::runtime
