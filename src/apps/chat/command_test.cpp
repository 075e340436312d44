#include "apps/chat/command.h"

#include <gtest/gtest.h>

namespace facet::apps::chat {
namespace {

using Kind = Command::Kind;

TEST(ChatCommand, KnowsItsCommands) {
  EXPECT_EQ(parse_command("/help").kind, Kind::Help);
  EXPECT_EQ(parse_command("/").kind, Kind::Help);
  EXPECT_EQ(parse_command("/?").kind, Kind::Help);
  EXPECT_EQ(parse_command("/quit").kind, Kind::Quit);
  EXPECT_EQ(parse_command("/exit  ").kind, Kind::Quit);
  EXPECT_EQ(parse_command("/regen").kind, Kind::Regen);
  const Command save = parse_command("/save  my talk.json ");
  EXPECT_EQ(save.kind, Kind::Save);
  EXPECT_EQ(save.argument, "my talk.json");
  EXPECT_EQ(parse_command("/system Be brief.\nAnd kind.").argument, "Be brief.\nAnd kind.");
}

TEST(ChatCommand, EverythingElseIsAMessage) {
  for (const char* text :
       {"hello", " /help", "/usr/bin/env fails", "/etc/passwd", "/2 is a half", "what is /help?", ""})
    EXPECT_EQ(parse_command(text).kind, Kind::None) << text;
}

TEST(ChatCommand, UnknownOnesAreExplained) {
  const Command command = parse_command("/sytem x");
  EXPECT_EQ(command.kind, Kind::Unknown);
  EXPECT_EQ(explain_unknown(command), "there is no /sytem: did you mean /system?; see /help");
  EXPECT_EQ(explain_unknown(parse_command("/zzzzzzzz")), "there is no /zzzzzzzz; see /help");
}

TEST(ChatCommand, HelpNamesEveryCommand) {
  for (const char* name :
       {"help", "system", "save", "load", "regen", "undo", "stats", "think", "clear", "tools", "schema", "quit"})
    EXPECT_NE(help_text().find(std::string("  /") + name), std::string_view::npos) << name;
}

}  // namespace
}  // namespace facet::apps::chat
