#include "apps/chat/tools.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet::apps::chat {
namespace {

Tools tools_of(const std::string& json) {
  const std::string path = testing::TempDir() + "chat_tools_test.json";
  std::ofstream(path) << json;
  return Tools::from_file(path);
}

std::string tool_json(const std::string& more) {
  return R"([{"type":"function","function":{"name":"look","description":"Looks.","parameters":{"type":"object",)"
         R"("properties":{"at":{"type":"string"}}}})" +
         more + "}]";
}

TEST(ChatTools, CommandsAreNoPartOfTheDeclaration) {
  const Tools tools = tools_of(tool_json(R"(,"command":["cat","-"])"));
  EXPECT_EQ(tools.command_of("look"), (std::vector<std::string>{"cat", "-"}));
  EXPECT_TRUE(tools.command_of("other").empty());
  EXPECT_FALSE(tools.declarations()[0].contains("command"));
  EXPECT_EQ(tools.declarations()[0]["function"]["name"], "look");
  EXPECT_TRUE(tools_of(tool_json("")).command_of("look").empty());
}

TEST(ChatTools, CommandsThatAreNone) {
  for (const char* command : {"\"cat\"", "[]", "[1]", "[\"cat\",null]", "{\"a\":\"b\"}"})
    EXPECT_THROW(tools_of(tool_json(std::string(",\"command\":") + command)), RequestError) << command;
}

TEST(ChatTools, ArgumentsComeOnStandardInput) {
  EXPECT_EQ(run_command({"cat"}, {{"at", "the \"sky\""}, {"n", 2}}), R"({"at":"the \"sky\"","n":2})");
}

TEST(ChatTools, WhatGoesWrongIsTold) {
  EXPECT_EQ(run_command({"sh", "-c", "echo no >&2; exit 3"}, {}), R"({"error":"it failed with status 3: no\n"})");
  EXPECT_EQ(run_command({"facet-no-such-program"}, {}),
            R"({"error":"facet-no-such-program: there is no such program"})");
}

}  // namespace
}  // namespace facet::apps::chat
