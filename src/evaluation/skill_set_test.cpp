#include "evaluation/skill_set.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace facet::evaluation {
namespace {

constexpr const char* kLine =
    R"({"id":"a","messages":[{"role":"user","content":"Hi"}],"expect":{"text":"Hello"},"max_tokens":8})";

std::string error_of(const std::string& bytes) {
  try {
    parse_items(bytes, "copy.jsonl", "set");
  } catch (const FormatError& e) {
    return e.what();
  }
  return "none";
}

TEST(SkillSet, AnItemIsALine) {
  const auto items = parse_items(std::string(kLine) + "\n\n" +
                                     R"({"id":"b","messages":[{"role":"user","content":[{"type":"text","text":"See"},)"
                                     R"({"type":"image","path":"media/x.png","budget":70}]}],"think":true,)"
                                     R"("tools":[{"type":"function","function":{"name":"f"}}],)"
                                     R"("expect":{"calls":[]},"max_tokens":9,"note":"ignored"})",
                                 "copy.jsonl", "set");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].id, "a");
  EXPECT_EQ(items[0].where, "copy.jsonl:1");
  EXPECT_EQ(items[0].max_tokens, 8);
  EXPECT_FALSE(items[0].think);
  EXPECT_TRUE(items[0].tools.is_null());
  EXPECT_EQ(items[1].where, "copy.jsonl:3");
  EXPECT_TRUE(items[1].think);
  EXPECT_EQ(items[1].tools.size(), 1u);
  EXPECT_EQ(items[1].messages[0]["content"][1].dump(), R"({"type":"image","path":"set/media/x.png","budget":"70"})");
}

TEST(SkillSet, EndsOfLinesAreThoseOfAnySystem) {
  EXPECT_EQ(parse_items(std::string(kLine) + "\r\n  \r\n", "copy.jsonl", "set").size(), 1u);
}

TEST(SkillSet, ToolConversationsAreTaken) {
  const auto items = parse_items(
      R"({"id":"t","messages":[{"role":"user","content":"Rain?"},{"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"1","type":"function","function":{"name":"rain","arguments":{"in":"Rome"}}}]},)"
      R"({"role":"tool","tool_call_id":"1","content":"no"}],"expect":{"text":"No."},"max_tokens":8})",
      "t.jsonl", "set");
  EXPECT_EQ(items[0].messages.size(), 3u);
}

TEST(SkillSet, WhatIsWrongIsNamedByFileAndLine) {
  EXPECT_EQ(error_of(""), "copy.jsonl: no line with a question");
  EXPECT_TRUE(error_of(std::string(kLine) + "\n{\n").starts_with("copy.jsonl:2: ")) << "JSON that is not";
  EXPECT_EQ(error_of("[]"), "copy.jsonl:1: expected an object");
  EXPECT_EQ(error_of(std::string(kLine) + "\n" + kLine), "copy.jsonl:2: the id \"a\" stands above already");
  const auto without = [](const std::string& part, const std::string& with) {
    std::string line = kLine;
    return line.replace(line.find(part), part.size(), with);
  };
  EXPECT_EQ(error_of(without(R"("id":"a")", R"("id":1)")), "copy.jsonl:1: id: expected a string");
  EXPECT_EQ(error_of(without(R"([{"role":"user","content":"Hi"}])", "[]")),
            "copy.jsonl:1: messages: expected a list of messages");
  EXPECT_EQ(error_of(without(R"("max_tokens":8)", R"("max_tokens":0)")),
            "copy.jsonl:1: max_tokens: expected a number of tokens, 1 to 65536");
  EXPECT_EQ(error_of(without(R"("max_tokens":8)", R"("max_tokens":1e9)")),
            "copy.jsonl:1: max_tokens: expected a number of tokens, 1 to 65536");
  EXPECT_EQ(error_of(without(R"(,"expect":{"text":"Hello"})", "")), "copy.jsonl:1: expect: expected an object");
  EXPECT_EQ(error_of(without(R"("max_tokens":8)", R"("max_tokens":8,"think":"yes")")),
            "copy.jsonl:1: think: expected true or false");
  EXPECT_EQ(error_of(without("user", "nobody")),
            "copy.jsonl:1: messages[0]: expected a role: system, user, assistant or tool");
  EXPECT_TRUE(error_of(without(R"("max_tokens":8)", R"("max_tokens":8,"tools":[1])")).find("tools[0]") !=
              std::string::npos);
  EXPECT_EQ(error_of(without(R"("Hi")", R"([{"type":"image"}])")),
            "copy.jsonl:1: messages[0].content[0]: expected a file in \"path\"");
  EXPECT_EQ(error_of(without(R"("Hi")", R"([{"type":"audio","path":"x.wav","budget":true}])")),
            "copy.jsonl:1: messages[0].content[0]: expected a number of tokens or a word in \"budget\"");
}

class SkillFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "facet-skills-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }

  // The error of reading it.
  template <class E>
  std::string refusal(const std::vector<std::string>& only = {}) const {
    try {
      read_skills(folder_, only, 0);
    } catch (const E& e) {
      const std::string what = e.what();
      return what.starts_with(folder_) ? what.substr(folder_.size()) : what;
    }
    return "none";
  }

  std::string folder_;
};

TEST_F(SkillFolder, ASkillIsAFile) {
  std::string second = kLine;
  second.replace(second.find("\"a\""), 3, "\"b\"");
  write("sums.jsonl", kLine);
  write("copy.jsonl", std::string(kLine) + "\n" + second);
  write("scores.json", "{}");
  const auto all = read_skills(folder_, {}, 0);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "copy");
  EXPECT_EQ(all[0].items.size(), 2u);
  EXPECT_EQ(all[1].items[0].where, folder_ + "/sums.jsonl:1");
  EXPECT_EQ(read_skills(folder_, {}, 1)[0].items.size(), 1u);
  EXPECT_EQ(read_skills(folder_, {"sums"}, 0)[0].name, "sums");
  EXPECT_EQ(refusal<RequestError>({"sum"}), ": there is no skill sum; there are copy, sums");
}

TEST_F(SkillFolder, WhatIsNoSetIsRefused) {
  EXPECT_EQ(refusal<RequestError>(), ": no SKILL.jsonl in it: not a set of skills");
  EXPECT_THROW(read_skills(folder_ + "/none", {}, 0), RequestError);
}

TEST_F(SkillFolder, WhatIsShownIsThere) {
  std::string line = kLine;
  line.replace(line.find("\"Hi\""), 4, R"([{"type":"image","path":"x.png"}])");
  write("see.jsonl", line);
  EXPECT_EQ(refusal<FormatError>(), "/see.jsonl:1: " + folder_ + "/x.png: no such file, expected beside the set");
  write("x.png", "");
  EXPECT_EQ(read_skills(folder_, {}, 0).size(), 1u);
}

}  // namespace
}  // namespace facet::evaluation
