// facet: one binary, a file per subcommand. Exit status: 0 done, 1 the work failed, 2 the command line or the input is
// wrong. Errors are one line on stderr.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string_view>

#include "apps/commands.h"
#include "apps/suggest.h"
#include "base/error.h"
#include "base/mapped_pages.h"

namespace {

constexpr const char* kFooter = R"(Try:
  facet run "Why is the sky blue?"        answer once
  facet chat                              talk
  facet transcribe talk.mp3               write down what is said
  facet app                               a page in the browser
  facet serve                             answer programs over HTTP
  facet inspect MODEL                     what a file holds and what it needs
  facet verify ../shared/goldens          prove this build
Each command explains itself: facet run --help)";

int fail(int status, const std::string& message) {
  std::fflush(stdout);
  fmt::print(stderr, "facet: error: {}\n", facet::printable(message));
  return status;
}

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, facet::apps::Action& action);
};
constexpr Command kCommands[] = {{"run", facet::apps::add_run},
                                 {"chat", facet::apps::add_chat},
                                 {"transcribe", facet::apps::add_transcribe},
                                 {"translate", facet::apps::add_translate},
                                 {"summarize", facet::apps::add_summarize},
                                 {"classify", facet::apps::add_classify},
                                 {"ocr", facet::apps::add_ocr},
                                 {"tokenize", facet::apps::add_tokenize},
                                 {"render", facet::apps::add_render},
                                 {"grammar", facet::apps::add_grammar},
                                 {"serve", facet::apps::add_serve},
                                 {"app", facet::apps::add_app},
                                 {"mcp", facet::apps::add_mcp},
                                 {"inspect", facet::apps::add_inspect},
                                 {"eval", facet::apps::add_eval},
                                 {"bench", facet::apps::add_bench},
                                 {"cache", facet::apps::add_cache},
                                 {"doctor", facet::apps::add_doctor},
                                 {"verify", facet::apps::add_verify},
                                 {"dump", facet::apps::add_dump},
                                 {"admin", facet::apps::add_admin}};

// Describing all commands and their options takes milliseconds: the one that is named is enough, and the version needs
// none.
void add_commands(CLI::App& app, facet::apps::Action& action, std::string_view first_argument) {
  if (first_argument == "--version") return;
  const auto named = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& c) { return c.name == first_argument; });
  if (named != std::end(kCommands)) return named->add(app, action);
  for (const Command& command : kCommands) command.add(app, action);
}

int run(int argc, char** argv) {
  CLI::App app("facet: Gemma 4 on your own machine", "facet");
  app.set_version_flag("--version", std::string("facet ") + FACET_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  facet::apps::Action action;
  add_commands(app, action, argc > 1 ? argv[1] : "");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return fail(2, facet::apps::explain(app, error, {argv + 1, argv + argc}));
  }
  const int status = action();
  if (std::fflush(stdout) != 0) facet::throw_error<facet::ResourceError>("standard output: {}", std::strerror(errno));
  // An earlier flush failed, with nobody looking.
  if (std::ferror(stdout) != 0) throw facet::ResourceError("standard output: not everything could be written");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe (`facet run ... | head`) ends the program quietly, as it does other tools.
  std::signal(SIGPIPE, SIG_DFL);
  facet::survive_lost_pages();
  try {
    return run(argc, argv);
  } catch (const facet::FormatError& e) {
    return fail(2, e.what());
  } catch (const facet::RequestError& e) {
    return fail(2, e.what());
  } catch (const facet::ResourceError& e) {
    return fail(1, e.what());
  } catch (const facet::CancelledError&) {
    return 1;
  } catch (const std::bad_alloc&) {
    return fail(1, "out of memory");
  } catch (const std::exception& e) {
    return fail(1, e.what());
  }
}
