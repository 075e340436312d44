#include "apps/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The command that a line names as far as it can be followed, and what stands after it.
struct Chosen {
  const CLI::App* command;
  std::string name;  // "facet eval perplexity"
  std::vector<std::string> rest;
};

Chosen choose(const CLI::App& app, const std::vector<std::string>& arguments) {
  Chosen c{&app, app.get_name(), {}};
  for (const std::string& argument : arguments) {
    const auto below = commands_of(*c.command);
    const auto found =
        std::find_if(below.begin(), below.end(), [&](const auto* s) { return s->get_name() == argument; });
    if (found == below.end()) {
      c.rest.push_back(argument);
      continue;
    }
    c.command = *found;
    c.name += " " + argument;
    c.rest.clear();
  }
  return c;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

// The flag that a word is, without its value; empty for other words.
std::string flag_of(const std::string& word) {
  const bool is_flag = word.size() > 1 && word[0] == '-' && word != "--";
  return is_flag ? word.substr(0, word.find('=')) : "";
}

std::string did_you_mean(const std::string& guess) {
  return guess.empty() ? "" : fmt::format(": did you mean {}?", guess);
}

std::vector<std::string> command_names(const Chosen& c) {
  std::vector<std::string> names;
  for (const CLI::App* below : commands_of(*c.command)) names.push_back(below->get_name());
  return names;
}

// The word that may have been meant as a command; empty when there is none.
std::string first_word(const Chosen& c) {
  const auto word = std::find_if(c.rest.begin(), c.rest.end(), [](const auto& w) { return !w.starts_with("-"); });
  return word == c.rest.end() ? "" : *word;
}

std::string explain_command(const Chosen& c) {
  const std::vector<std::string> names = command_names(c);
  const std::string word = first_word(c);
  if (word.empty()) return fmt::format("{} needs a command: {}", c.name, fmt::join(names, ", "));
  return fmt::format("{} has no command \"{}\"{}", c.name, word, did_you_mean(nearest(word, names)));
}

// Whether the line is wrong about a command: there has to be one, or what stands there is nearly one.
bool is_about_command(const Chosen& c, bool has_left_overs) {
  if (c.command->get_require_subcommand_min() > 0) return true;
  const std::string word = first_word(c);
  return has_left_overs && !word.empty() && !nearest(word, command_names(c)).empty();
}

// In the words of this program where CLI11's are about itself.
std::string explain_arguments(const Chosen& c, const CLI::ParseError& error) {
  std::string what = error.what();
  std::replace(what.begin(), what.end(), '\n', ' ');
  const size_t colon = what.find(": ");
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && what.ends_with(" is required"))
    return fmt::format("{} needs {}", c.name, what.substr(0, what.rfind(" is required")));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && colon != std::string::npos)
    return fmt::format("{} {} needs a value", c.name, what.substr(0, colon));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && colon != std::string::npos) {
    const std::string extra = what.substr(colon + 2);
    if (extra.starts_with("-")) return fmt::format("{} has no {}", c.name, extra);
    return fmt::format("{} takes no argument \"{}\": put quotes around a text with spaces", c.name, extra);
  }
  return fmt::format("{}: {}", c.name, what);
}

// Flags that were left over: those before the command, which it would have taken behind it, and those it does not have.
// Empty when there are none.
std::string explain_flags(const Chosen& c) {
  const auto unknown = [&](const std::string& flag) {
    return fmt::format("{} has no {}{}", c.name, flag, did_you_mean(nearest(flag, flags_of(*c.command))));
  };
  for (const CLI::App* above = c.command->get_parent(); above != nullptr; above = above->get_parent())
    for (const std::string& word : above->remaining())
      if (const std::string flag = flag_of(word); !flag.empty())
        return c.command->get_option_no_throw(flag) == nullptr
                   ? unknown(flag)
                   : fmt::format("{}: put {} after {}", above->get_name(), flag, c.command->get_name());
  for (const std::string& word : c.command->remaining())
    if (const std::string flag = flag_of(word); flag.starts_with("--")) return unknown(flag);
  return {};
}

// What is wrong with the line.
std::string explain_problem(const Chosen& c, const CLI::ParseError& error) {
  const bool has_left_overs = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                              dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (const std::string flags = has_left_overs ? explain_flags(c) : ""; !flags.empty()) return flags;
  return is_about_command(c, has_left_overs) ? explain_command(c) : explain_arguments(c, error);
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const bool is_begun = word.size() >= 3 && candidate.starts_with(word);
    const size_t d = is_begun ? 1 : distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

std::string explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const Chosen c = choose(app, arguments);
  return fmt::format("{}; see {} --help", explain_problem(c, error), c.name);
}

}  // namespace facet::apps
