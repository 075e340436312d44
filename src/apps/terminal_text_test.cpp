#include "apps/terminal_text.h"

#include <gtest/gtest.h>

#include <regex>

namespace facet::apps {
namespace {

std::string styled(std::string_view text, size_t piece, bool colour = true) {
  TerminalText out(colour);
  std::string shown;
  for (size_t i = 0; i < text.size(); i += piece) shown += out.push(text.substr(i, piece));
  return shown + out.finish();
}

std::string without_styles(const std::string& text) {
  return std::regex_replace(text, std::regex("\x1b\\[[0-9]*m"), "");
}

constexpr std::string_view kMarkdown =
    "# Title #1\n**bold** and `code **not bold**` and ** spaced ** and 2*3*4\n"
    "```python\nx = `a` ** 2  # comment\n```\nafter **unclosed\nplain\n* item\n####### seven\n#tag ``two`` end**";

TEST(TerminalText, StylesMarkdownWhereverThePiecesEnd) {
  const std::string whole = styled(kMarkdown, kMarkdown.size());
  for (size_t piece = 1; piece < 9; ++piece) EXPECT_EQ(styled(kMarkdown, piece), whole) << piece;
}

TEST(TerminalText, ChangesNoCharacter) {
  EXPECT_EQ(without_styles(styled(kMarkdown, 3)), kMarkdown);
  EXPECT_EQ(styled(kMarkdown, 3, false), kMarkdown);
}

TEST(TerminalText, StylesStandAroundTheirMarkers) {
  EXPECT_EQ(styled("a **b** c", 4), "a \x1b[1m**b**\x1b[0m c");
  EXPECT_EQ(styled("`**x**`", 1), "\x1b[36m`**x**`\x1b[0m");
  EXPECT_EQ(styled("## Head\nx", 1), "\x1b[1m## Head\x1b[0m\nx");
  EXPECT_EQ(styled("```\na\n```\nb", 2), "\x1b[36m```\na\n```\x1b[0m\nb");
  EXPECT_EQ(styled("**open\nnext", 5), "\x1b[1m**open\x1b[0m\nnext");
  EXPECT_EQ(styled("```\nopen", 5), "\x1b[36m```\nopen\x1b[0m");
  EXPECT_EQ(styled("2 ** 3", 1), "2 ** 3");
}

TEST(TerminalText, ModelsCannotControlTheTerminal) {
  for (const bool colour : {true, false}) {
    EXPECT_EQ(styled("a\x1b]0;title\x07z", 20, colour), "a?]0;title?z");
    EXPECT_EQ(styled("x\xc2\x9b"
                     "31m\xc2\xa0y",
                     20, colour),
              "x?31m\xc2\xa0y");
    EXPECT_EQ(styled("over\rwrite\r\n\tend", 3, colour), "overwrite\n\tend");
  }
}

}  // namespace
}  // namespace facet::apps
