#include "apps/suggest.h"

#include <gtest/gtest.h>

namespace facet::apps {
namespace {

// What is said of a command line that does not parse.
std::string explained(std::vector<std::string> arguments) {
  CLI::App app("A program", "facet");
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run");
  std::string text;
  int n = 0;
  run->add_option("PROMPT", text)->required();
  run->add_option("-n,--max-tokens", n)->check(CLI::Range(0, 9));
  run->add_option("--backend", text)->check(CLI::IsMember({"cpu", "ref"}));
  run->add_option("--stop", text);
  CLI::App* eval = app.add_subcommand("eval");
  eval->require_subcommand(1);
  eval->add_subcommand("perplexity")->add_option("FILE", text)->required();
  CLI::App* measure = app.add_subcommand("measure");  // takes an argument or a command
  measure->add_option("SET", text);
  measure->add_option("--limit", n)->check(CLI::Range(1, 9));
  measure->add_subcommand("divergence");
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return explain(app, error, arguments);
  }
  return "parsed";
}

TEST(Suggest, LinesThatParse) { EXPECT_EQ(explained({"run", "-n", "3", "hello"}), "parsed"); }

TEST(Suggest, Commands) {
  EXPECT_EQ(explained({}), "facet needs a command: run, eval, measure; see facet --help");
  EXPECT_EQ(explained({"rnu"}), "facet has no command \"rnu\": did you mean run?; see facet --help");
  EXPECT_EQ(explained({"paint"}), "facet has no command \"paint\"; see facet --help");
  EXPECT_EQ(explained({"eval"}), "facet eval needs a command: perplexity; see facet eval --help");
  EXPECT_EQ(explained({"eval", "perplex"}),
            "facet eval has no command \"perplex\": did you mean perplexity?; see facet eval --help");
}

TEST(Suggest, Flags) {
  EXPECT_EQ(explained({"run", "--max-tokns", "3", "x"}),
            "facet run has no --max-tokns: did you mean --max-tokens?; see facet run --help");
  EXPECT_EQ(explained({"run", "--colour=red", "x"}), "facet run has no --colour; see facet run --help");
  EXPECT_EQ(explained({"run", "x", "-z"}), "facet run has no -z; see facet run --help");
  EXPECT_EQ(explained({"--nope"}), "facet has no --nope; see facet --help");
}

TEST(Suggest, FlagsBeforeTheCommand) {
  EXPECT_EQ(explained({"--max-tokens", "3", "run", "x"}), "facet: put --max-tokens after run; see facet run --help");
  EXPECT_EQ(explained({"--backend=ref", "run", "x"}), "facet: put --backend after run; see facet run --help");
  EXPECT_EQ(explained({"-n", "3", "run", "x"}), "facet: put -n after run; see facet run --help");
  EXPECT_EQ(explained({"--nope", "run", "x"}), "facet run has no --nope; see facet run --help");
}

// A word that looks like a flag may be a value.
TEST(Suggest, ValuesAreNotBlamed) {
  EXPECT_EQ(explained({"run", "--backend", "---x", "-n", "ten", "x"}).find("facet run has no ---x"), std::string::npos);
  EXPECT_EQ(explained({"run", "--stop", "---x", "-n", "ten", "x"}),
            "facet run: --max-tokens: Value ten not in range 0 to 9; see facet run --help");
}

TEST(Suggest, ACommandWithArgumentsAndCommands) {
  EXPECT_EQ(explained({"measure", "folder", "--limit", "3"}), "parsed");
  EXPECT_EQ(explained({"measure", "divergence"}), "parsed");
  EXPECT_EQ(explained({"measure", "folder", "--limit", "0"}),
            "facet measure: --limit: Value 0 not in range 1 to 9; see facet measure --help");
  EXPECT_EQ(explained({"measure", "diverge", "file"}),
            "facet measure has no command \"diverge\": did you mean divergence?; see facet measure --help");
  EXPECT_EQ(explained({"measure", "one", "two"}),
            "facet measure takes no argument \"two\": put quotes around a text with spaces; see facet measure --help");
}

TEST(Suggest, ArgumentsAndValues) {
  EXPECT_EQ(explained({"run", "x", "-n"}), "facet run --max-tokens needs a value; see facet run --help");
  EXPECT_EQ(explained({"run", "why", "not"}),
            "facet run takes no argument \"not\": put quotes around a text with spaces; see facet run --help");
  EXPECT_EQ(explained({"eval", "perplexity"}), "facet eval perplexity needs FILE; see facet eval perplexity --help");
  EXPECT_EQ(explained({"run", "x", "--backend", "gpu"}),
            "facet run: --backend: gpu not in {cpu,ref}; see facet run --help");
  EXPECT_EQ(explained({"run", "x", "-n", "ten"}),
            "facet run: --max-tokens: Value ten not in range 0 to 9; see facet run --help");
}

TEST(Suggest, NearestIsNearEnough) {
  EXPECT_EQ(nearest("chta", {"chat", "run"}), "chat");
  EXPECT_EQ(nearest("--temp", {"--top-k", "--temperature"}), "--temperature");
  EXPECT_EQ(nearest("translate", {"chat", "run"}), "");
}

}  // namespace
}  // namespace facet::apps
