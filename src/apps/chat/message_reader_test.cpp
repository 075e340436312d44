#include "apps/chat/message_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace facet::apps::chat {
namespace {

std::vector<std::string> messages(const std::vector<std::string>& lines) {
  size_t next = 0;
  const ReadLine read = [&](bool) { return next < lines.size() ? std::optional(lines[next++]) : std::nullopt; };
  std::vector<std::string> out;
  while (auto message = read_message(read)) out.push_back(message->text);
  return out;
}

using Lines = std::vector<std::string>;

TEST(MessageReader, ALineIsAMessage) { EXPECT_EQ(messages({"one", "", "  ", "two"}), (Lines{"one", "two"})); }

TEST(MessageReader, ABackslashGoesOn) {
  EXPECT_EQ(messages({"a\\", "b\\", "c", "d"}), (Lines{"a\nb\nc", "d"}));
  EXPECT_EQ(messages({"cut short\\"}), Lines{"cut short\n"});
}

TEST(MessageReader, FencesHoldABlock) {
  EXPECT_EQ(messages({"\"\"\"", "line one", "", "/help", "\"\"\"", "next"}), (Lines{"line one\n\n/help\n", "next"}));
  EXPECT_EQ(messages({"\"\"\"all on one line\"\"\""}), Lines{"all on one line"});
  EXPECT_EQ(messages({"\"\"\"a", "b\"\"\" and more"}), Lines{"a\nb and more"});
  EXPECT_EQ(messages({"\"\"\"never", "closed"}), Lines{"never\nclosed"});
}

TEST(MessageReader, BlocksAreTold) {
  std::vector<std::string> lines{"/help", "\"\"\"/help", "is a word\"\"\""};
  const ReadLine read = [&](bool) {
    const auto line = lines.empty() ? std::nullopt : std::optional(lines.front());
    if (line) lines.erase(lines.begin());
    return line;
  };
  EXPECT_EQ(read_message(read), (Message{"/help", false}));
  EXPECT_EQ(read_message(read), (Message{"/help\nis a word", true}));
}

TEST(MessageReader, AsksForMoreOnlyInsideAMessage) {
  std::vector<bool> more;
  const Lines lines{"a\\", "b", "\"\"\"", "c\"\"\""};
  size_t next = 0;
  const ReadLine read = [&](bool continues) {
    more.push_back(continues);
    return next < lines.size() ? std::optional(lines[next++]) : std::nullopt;
  };
  while (read_message(read)) {
  }
  EXPECT_EQ(more, (std::vector<bool>{false, true, false, true, false}));
}

}  // namespace
}  // namespace facet::apps::chat
