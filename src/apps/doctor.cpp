// facet doctor: what this machine and its models are good for, and what stands in the way.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/commands.h"
#include "apps/doctor/machine.h"
#include "apps/doctor/models.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/tuning.h"
#include "base/error.h"

namespace facet::apps {
namespace {

using Json = nlohmann::ordered_json;

struct DoctorFlags {
  ModelOptions model;
  bool tune = false, json = false;
};

struct Report {
  doctor::Machine machine;
  std::string library;
  int64_t free_bytes = 0;  // on the library's disk
  std::vector<doctor::Model> models;
  std::vector<doctor::Model> asked;  // the model of -m, or none
  std::vector<std::string> hints;
};

// Free space where the library is, or where it would be made.
int64_t free_space(std::filesystem::path folder) {
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  const auto space = std::filesystem::space(folder, error);
  return error ? 0 : static_cast<int64_t>(space.available);
}

void add_hints(Report& r) {
  r.hints = doctor::hints(r.machine);
  for (const auto* models : {&r.models, &r.asked})
    for (const doctor::Model& model : *models)
      for (std::string& hint : doctor::hints(model)) r.hints.push_back(std::move(hint));
  if (r.models.empty())
    r.hints.push_back("the library is empty: put .gguf files or checkpoint folders into " + r.library +
                      ", or name one by its path with -m");
}

Report examine(const DoctorFlags& flags) {
  Report r;
  const auto options = flags.model.engine_options();
  r.machine = doctor::examine_machine(options);
  r.library = library_folder();
  r.free_bytes = free_space(r.library);
  for (const std::string& name : library_models())
    r.models.push_back(doctor::examine_model(r.library + "/" + name, options, r.machine));
  if (!flags.model.model.empty())
    r.asked.push_back(doctor::examine_model(find_model(flags.model.model), options, r.machine));
  add_hints(r);
  return r;
}

void print_report(const Report& r) {
  Json models = Json::array();
  for (const doctor::Model& model : r.models) models.push_back(doctor::to_json(model));
  Json out{{"version", FACET_VERSION},
           {"machine", doctor::to_json(r.machine)},
           {"library", {{"path", r.library}, {"free_bytes", r.free_bytes}, {"models", models}}},
           {"runs_here", doctor::to_json(doctor::offers(r.machine))},
           {"hints", r.hints}};
  if (!r.asked.empty()) out["model"] = doctor::to_json(r.asked.front());
  print_json(out);
}

void print_text(const Report& r) {
  fmt::print("facet {}\n", FACET_VERSION);
  doctor::print(r.machine);
  fmt::print("library {} ({:.0f} GB free)\n", printable(r.library), static_cast<double>(r.free_bytes) / 1e9);
  for (const doctor::Model& model : r.models) doctor::print_line(model);
  if (r.models.empty()) fmt::print("  no models\n");
  for (const doctor::Model& model : r.asked) {
    fmt::print("model {}\n", printable(model.path));
    doctor::print_line(model);
    doctor::print_details(model);
  }
  doctor::print(doctor::offers(r.machine));
  fmt::print("{}\n", r.hints.empty() ? "nothing to complain about" : "hints");
  for (const std::string& hint : r.hints) fmt::print("  - {}\n", printable(hint));
}

// A model that was asked for and does not run is an error, like anywhere else.
int doctor_command(const DoctorFlags& flags) {
  if (flags.tune && (flags.model.threads != 0 || !flags.model.model.empty()))
    throw_error<RequestError>("--tune measures the machine with all its threads: leave out --threads and --model");
  if (flags.tune) return tune_command(flags.json);
  const Report report = examine(flags);
  if (flags.json)
    print_report(report);
  else
    print_text(report);
  return !report.asked.empty() && !report.asked.front().error.empty() ? 2 : 0;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("doctor", "What runs on this machine, and what stands in the way");
  const auto flags = std::make_shared<DoctorFlags>();
  flags->model.add_to(*command);
  command->add_flag("--tune", flags->tune,
                    "Measure which kernels and how many threads are fastest here, and use them from now on");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->footer("Examples:\n  facet doctor\n  facet doctor --tune\n  facet doctor --json");
  command->callback([flags, &action] { action = [flags] { return doctor_command(*flags); }; });
}

}  // namespace facet::apps
