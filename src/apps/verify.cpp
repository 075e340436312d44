// facet verify: golden directories and conformance files, a line a case.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/commands.h"
#include "apps/model_options.h"
#include "apps/verify/verify.h"
#include "base/error.h"

namespace facet::apps {
namespace {

struct VerifyFlags {
  std::vector<std::string> paths;
  std::string backend = "cpu", activations = "f32", filter;
  int threads = 0;
};

int verify_paths(const VerifyFlags& flags) {
  verify::Report report(
      {parse_backend(flags.backend), parse_activations(flags.activations), flags.threads, flags.filter});
  for (const std::string& path : flags.paths) verify::run_path(path, report);
  const std::string paths = fmt::format("{}", fmt::join(flags.paths, ", "));
  if (report.n_cases() == 0 && flags.filter.empty())
    throw_error<RequestError>("{}: holds no golden directory or conformance file", paths);
  if (report.n_cases() == 0)
    throw_error<RequestError>("--filter {}: no case of {} has this in its name", flags.filter, paths);
  fmt::print("{}\n", report.summary());
  return report.all_passed() ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("verify", "Compare this build with recorded results of the official implementation");
  const auto flags = std::make_shared<VerifyFlags>();
  command->add_option("PATH", flags->paths, "Golden directories, conformance files, or folders of them")->required();
  add_arithmetic_to(*command, flags->backend, flags->activations, flags->threads);
  command->add_option("--filter", flags->filter, "Only cases whose name contains TEXT")->type_name("TEXT");
  command->footer("Example:\n  facet verify ../shared/goldens ../shared/conformance --backend ref");
  command->callback([flags, &action] { action = [flags] { return verify_paths(*flags); }; });
}

}  // namespace facet::apps
