#include "apps/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace facet::apps {
namespace {

size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

const CLI::App* chosen_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments)
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      if (sub->get_name() == argument) return sub;
  return nullptr;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

// The first flag on the line that the command does not have.
std::string unknown_flag(const std::vector<std::string>& arguments, const std::vector<std::string>& flags) {
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (name.starts_with("--") && name.size() > 2 && std::find(flags.begin(), flags.end(), name) == flags.end())
      return name;
  }
  return {};
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates)
    if (const size_t d = distance(word, candidate); d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  return best;
}

std::string explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const CLI::App* command = chosen_command(app, arguments);
  if (command == nullptr) {
    if (arguments.empty()) return "no command was given; see facet --help";
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(sub->get_name());
    const std::string guess = nearest(arguments[0], names);
    return fmt::format("\"{}\" is not a command{}; see facet --help", arguments[0],
                       guess.empty() ? "" : fmt::format(": did you mean \"{}\"?", guess));
  }
  const auto flags = flags_of(*command);
  if (const std::string flag = unknown_flag(arguments, flags); !flag.empty()) {
    const std::string guess = nearest(flag, flags);
    return fmt::format("facet {} has no {}{}; see facet {} --help", command->get_name(), flag,
                       guess.empty() ? "" : fmt::format(": did you mean {}?", guess), command->get_name());
  }
  std::string what = error.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  return fmt::format("{}; see facet {} --help", what, command->get_name());
}

}  // namespace facet::apps
