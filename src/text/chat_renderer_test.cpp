#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/test_data.h"
#include "text/chat.h"

namespace facet::text {
namespace {

ChatOptions options_of(const ChatJson& c) {
  const ChatJson& o = c["options"];
  return {c["template"] == "31b" ? ChatTemplate::Gemma4Large : ChatTemplate::Gemma4Small,
          o.value("enable_thinking", false), o.value("add_generation_prompt", false),
          o.value("preserve_thinking", false)};
}

TEST(ChatRenderer, WritesWhatTheTemplatesWrite) {
  std::ifstream in(conformance_path("chat_cases.jsonl"));
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const ChatJson c = parse_chat_json(line);
    EXPECT_EQ(to_text(render_chat(c["messages"], c["tools"], options_of(c))), c["expected"].get<std::string>())
        << c["id"];
  }
  EXPECT_GE(n, 100);
}

}  // namespace
}  // namespace facet::text
