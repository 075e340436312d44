// facet admin: what whoever runs a server does beside it.
#include <fmt/format.h>

#include <filesystem>

#include "apps/commands.h"
#include "apps/model_options.h"
#include "base/error.h"
#include "server/store.h"

namespace facet::apps {
namespace {

namespace fs = std::filesystem;

struct BackupFlags {
  std::string home, file;
};

// What the copy itself holds: it has been opened, and can be read.
std::string contents_of(const std::string& file) {
  std::string text;
  const auto counts = server::Store(file).counts();
  for (const auto& [kind, many] :
       {std::pair{"batch", "batches"}, {"conversation", "conversations"}, {"file", "files"}, {"response", "responses"}})
    if (const auto at = counts.find(kind); at != counts.end())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", at->second, at->second == 1 ? kind : many);
  return text.empty() ? "nothing is stored in it" : text;
}

int backup(const BackupFlags& flags) {
  const std::string state = (flags.home.empty() ? facet_home() : flags.home) + "/server/state.db";
  std::error_code error;
  if (!fs::exists(state, error)) throw_error<RequestError>("{}: there is no state: no server has run there", state);
  if (fs::exists(fs::symlink_status(flags.file, error)))
    throw_error<RequestError>("{} is there already: choose another name, or remove it", flags.file);
  try {
    server::Store(state).backup(flags.file);
  } catch (...) {
    fs::remove(flags.file, error);  // half a copy is none
    throw;
  }
  const std::string contents = contents_of(flags.file);
  fmt::print("{}: {:.1f} MB: {}\n", printable(flags.file), static_cast<double>(fs::file_size(flags.file)) / 1e6,
             contents);
  return 0;
}

}  // namespace

void add_admin(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("admin", "What belongs to running a server");
  command->require_subcommand(1);
  CLI::App* copy = command->add_subcommand("backup", "Copy what a server has stored, also while it runs");
  const auto flags = std::make_shared<BackupFlags>();
  copy->add_option("FILE", flags->file, "Where to; a file that is there is not replaced")->required();
  copy->add_option("--home", flags->home, "The server's folder [$FACET_HOME]")->type_name("DIR");
  copy->footer("Example:\n  facet admin backup facet-monday.db");
  copy->callback([flags, &action] { action = [flags] { return backup(*flags); }; });
}

}  // namespace facet::apps
