// The subcommands of `facet`. Each file adds one to the command line and says what runs when it is chosen; main() turns
// exceptions into one line and an exit status.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace facet::apps {

// What a chosen subcommand does; returns the exit status.
using Action = std::function<int()>;

// add_x registers the subcommand and sets `action` when it was chosen.
void add_run(CLI::App& app, Action& action);
void add_transcribe(CLI::App& app, Action& action);
void add_chat(CLI::App& app, Action& action);
void add_translate(CLI::App& app, Action& action);
void add_summarize(CLI::App& app, Action& action);
void add_classify(CLI::App& app, Action& action);
void add_ocr(CLI::App& app, Action& action);
void add_tokenize(CLI::App& app, Action& action);
void add_grammar(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_render(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_app(CLI::App& app, Action& action);
void add_mcp(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_cache(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_dump(CLI::App& app, Action& action);
void add_admin(CLI::App& app, Action& action);

}  // namespace facet::apps
