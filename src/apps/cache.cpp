// facet cache: what is kept of texts that were read before, and documents read ahead of time.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "apps/answer.h"
#include "apps/commands.h"
#include "apps/kept_pages.h"
#include "apps/model_options.h"
#include "apps/terminal.h"
#include "apps/text_input.h"
#include "base/error.h"

namespace facet::apps {
namespace {

namespace fs = std::filesystem;

// A folder of $FACET_HOME/cache: a model's pages, or "media".
struct KeptFolder {
  fs::path path;
  std::string model;  // the path it was loaded from last; of media nothing
  int64_t n_files = 0, bytes = 0;
  double age_days = 0;  // since it was used last
};

KeptFolder look_at(const fs::path& path) {
  KeptFolder out{path, "", 0, 0, 0};
  std::ifstream about(path / "model");
  std::getline(about, out.model);
  auto newest = fs::file_time_type::min();
  std::error_code error;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    newest = std::max(newest, entry->last_write_time(gone));
    out.bytes += static_cast<int64_t>(entry->file_size(gone));
    ++out.n_files;
  }
  if (out.n_files > 0)
    out.age_days = std::chrono::duration<double, std::ratio<86400>>(fs::file_time_type::clock::now() - newest).count();
  return out;
}

std::vector<KeptFolder> kept_folders() {
  std::vector<KeptFolder> out;
  std::error_code error;
  for (fs::directory_iterator entry(cache_folder(), error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (std::error_code gone; entry->is_directory(gone) && !entry->is_symlink(gone))
      out.push_back(look_at(entry->path()));
  std::sort(out.begin(), out.end(), [](const KeptFolder& a, const KeptFolder& b) { return a.path < b.path; });
  return out;
}

int list() {
  const auto folders = kept_folders();
  for (const KeptFolder& f : folders)
    fmt::print("{:>10.1f} MB  {:>5} files  {:>6.1f} days  {}  {}\n", static_cast<double>(f.bytes) / 1e6, f.n_files,
               f.age_days, f.path.filename().string(), printable(f.model));
  if (folders.empty()) fmt::print("nothing is kept in {}\n", printable(cache_folder()));
  return 0;
}

// By the folder's name or its beginning, the model's path, or the path's last part.
bool is_meant(const KeptFolder& f, const std::string& name) {
  return !name.empty() && (f.path.filename().string().starts_with(name) || f.model == name ||
                           (!f.model.empty() && fs::path(f.model).filename() == name));
}

int remove(const std::string& name, bool all) {
  if (all != name.empty()) throw RequestError("say which model, as facet cache ls names them, or --all");
  int n_removed = 0;
  for (const KeptFolder& f : kept_folders()) {
    if (!all && !is_meant(f, name)) continue;
    std::error_code error;
    fs::remove_all(f.path, error);
    if (error) throw_error<ResourceError>("{}: cannot be removed: {}", f.path.string(), error.message());
    fmt::print("removed {:.1f} MB of {}\n", static_cast<double>(f.bytes) / 1e6, f.path.filename().string());
    ++n_removed;
  }
  if (n_removed == 0 && !all)
    throw_error<RequestError>("nothing is kept of \"{}\": facet cache ls shows what there is", name);
  return 0;
}

std::vector<runtime::TokenId> tokens_of(const runtime::Engine& engine, const std::string& text, bool raw) {
  if (raw) return raw_prompt(engine, text).tokens;
  return chat_prompt(engine, text::ChatJson::array({{{"role", "user"}, {"content", text}}}), false).tokens;
}

// The tokens of a document that stay the same whatever follows it.
std::vector<runtime::TokenId> beginning_of(const runtime::Engine& engine, const std::string& text, bool raw) {
  auto tokens = tokens_of(engine, text, raw);
  const auto longer = tokens_of(engine, text + "\n\nQuestion", raw);
  tokens.resize(static_cast<size_t>(runtime::common_prefix(tokens, longer)));
  return tokens;
}

struct WarmFlags {
  ModelOptions model;
  std::vector<std::string> files;
  bool raw = false;
};

int warm(WarmFlags flags) {
  std::vector<TextInput> inputs;
  for (const std::string& file : flags.files) inputs.push_back(read_text_input(file));
  flags.model.cache_bytes = kCacheBytes;
  const auto engine = flags.model.load();
  const bool raw = flags.raw || engine->chat_family() == runtime::ChatFamily::None;
  const auto cache = open_kept_pages(engine);
  const InterruptGuard interrupt;
  for (const TextInput& input : inputs) {
    runtime::Session session(engine, 0, cache);
    ProgressLine reading("reading " + input.name);
    runtime::SyncOptions options;
    options.cancel = &InterruptGuard::flag();
    options.progress = [&](int64_t done, int64_t total) { reading.show(done, total); };
    const auto tokens = beginning_of(*engine, input.bytes, raw);
    const runtime::SyncResult result = session.sync(tokens, options);
    reading.clear();
    fmt::print("{}: {} tokens, {} of them computed\n", printable(input.name), tokens.size(), result.n_computed);
  }
  cache->flush();
  return 0;
}

}  // namespace

void add_cache(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("cache", "What is kept of texts that were read before");
  command->require_subcommand(1);
  command->add_subcommand("ls", "What is kept: its size, when it was used last, and of which model")
      ->callback([&action] { action = list; });

  CLI::App* rm = command->add_subcommand("rm", "Remove what is kept of a model, or all");
  const auto name = std::make_shared<std::string>();
  const auto all = std::make_shared<bool>(false);
  rm->add_option("MODEL", *name, "A name or a path that facet cache ls shows, or the beginning of a folder's name");
  rm->add_flag("--all", *all, "Of every model, and of media");
  rm->callback([&action, name, all] { action = [name, all] { return remove(*name, *all); }; });

  CLI::App* warmer = command->add_subcommand("warm", "Read documents ahead of time");
  const auto flags = std::make_shared<WarmFlags>();
  warmer->add_option("FILE", flags->files, "Text that prompts will begin with")->required();
  flags->model.add_to(*warmer);
  warmer->add_flag("--raw", flags->raw, "For prompts without the chat format");
  warmer->callback([&action, flags] { action = [flags] { return warm(*flags); }; });
}

}  // namespace facet::apps
