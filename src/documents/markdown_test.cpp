#include <gtest/gtest.h>

#include "documents/test_documents.h"

namespace facet::documents {
namespace {

using Strings = std::vector<std::string>;

Strings segments(const std::string& text) { return segments_of(Format::Markdown, text); }
std::string capitals_of(const std::string& text) { return in_capitals(Format::Markdown, text); }

TEST(Markdown, WhatIsCodeStays) {
  const std::string text =
      "---\ntitle: no\n---\n\n# Head {#head}\n\n```sh\necho no\n\n```\n\n    indented no\n\n- item\n\n  ~~~~\n  no\n  "
      "~~~\n  ~~~~\n"
      "\n[ref]: https://example.org \"no\"\n\n<!-- no -->\n\n<pre>\nno\n\nno\n</pre>\n\n$$\nx = no\n$$\n\n---\nlast "
      "`no` word\n";
  EXPECT_EQ(segments(text), (Strings{"Head", "item", "last <1> word"}));
  const std::string capitals = capitals_of(text);
  EXPECT_NE(capitals.find("# HEAD {#head}\n"), std::string::npos);
  EXPECT_TRUE(capitals.ends_with("---\nLAST `no` WORD\n")) << capitals;
}

TEST(Markdown, Inline) {
  EXPECT_EQ(capitals_of("One **bold *nested*** and _em_ snake_case a * b ~~gone~~ [link](http://x.y/(a) \"t\") end.\n"),
            "ONE **BOLD *NESTED*** AND _EM_ SNAKE_CASE A \\* B ~~GONE~~ [LINK](http://x.y/(a) \"t\") END.\n");
  EXPECT_EQ(segments("![alt text](a.png) and <https://a.b> or https://c.d/e. Then\\\nhard <br> break  \nsoft\nend"),
            (Strings{"<1>alt text<2> and <3> or <4>. Then<5>hard <6> break<7>soft end"}));
  EXPECT_EQ(capitals_of("a \\* b &amp; c &lt; d <span class=x>e</span> $x_1$ for $5 and $6"),
            "A \\* B & C < D <span class=x>E</span> $x_1$ FOR $5 AND $6");
  EXPECT_EQ(capitals_of("an unclosed *star, [bracket and `tick"), "AN UNCLOSED \\*STAR, [BRACKET AND \\`TICK");
  EXPECT_EQ(capitals_of("code with ``a ` b`` and [x `]` y](z)"), "CODE WITH ``a ` b`` AND [X `]` Y](z)");
  EXPECT_EQ(capitals_of("an empty ![](picture.png) here"), "AN EMPTY ![](picture.png) HERE");
}

TEST(Markdown, NamesOfLinksStay) {
  EXPECT_EQ(capitals_of("See [The Guide] and [it][the guide] and [the guide][] or [none] and a note[^1].\n\n"
                        "[the guide]: https://x.y\n[^1]: the note\n"),
            "SEE [THE GUIDE][The Guide] AND [IT][the guide] AND [THE GUIDE][the guide] OR [NONE] AND A NOTE[^1].\n\n"
            "[the guide]: https://x.y\n[^1]: THE NOTE\n");
}

TEST(Markdown, BlocksKeepTheirMarkers) {
  const std::string text =
      "> quoted\n> more\n\n- one\n  still one\n- [ ] two\n  1. three\n     - four\n+ five\n\n1) six\n\nin\n1999. "
      "seven\n\n"
      "Setext\n======\n\n### seven ###\n\n| a | b `|` |\n|---|:-:|\n| c \\| d | 12 |\n| e |\n\n::: note\nin "
      "it\n:::\n\n#tag\n";
  EXPECT_EQ(segments(text), (Strings{"quoted more", "one still one", "two", "three", "four", "five", "six",
                                     "in 1999. seven", "Setext", "seven", "a", "b", "c | d", "e", "in it", "#tag"}));
  EXPECT_EQ(
      capitals_of(text),
      "> QUOTED MORE\n\n- ONE STILL ONE\n- [ ] TWO\n  1. THREE\n     - FOUR\n+ FIVE\n\n1) SIX\n\nIN 1999. SEVEN\n\n"
      "SETEXT\n======\n\n### SEVEN ###\n\n| A | B `|` |\n|---|:-:|\n| C \\| D | 12 |\n| E |\n\n::: note\nIN "
      "IT\n:::\n\n\\#TAG\n");
}

TEST(Markdown, RawHtmlIsHtml) {
  EXPECT_EQ(
      capitals_of("<div align=\"center\">\n<img src=\"a.png\" alt=\"a cat\">\n<p>some text</p>\n</div>\n\nafter\n"),
      "<div align=\"center\">\n<img src=\"a.png\" alt=\"A CAT\">\n<p>SOME TEXT</p>\n</div>\n\nAFTER\n");
}

TEST(Markdown, NewWordsCannotBecomeMarkUp) {
  const auto document = split(Format::Markdown, "a\n\n| b |\n|---|\n", "test");
  const std::vector<Pieces> hostile = {{{"1. *x* `y` <b> [l](u) \\*", 0}}, {{"c | d", 0}}};
  EXPECT_EQ(document->join(hostile), "1\\. \\*x\\* \\`y\\` &lt;b> [l\\](u) \\\\\\*\n\n| c \\| d |\n|---|\n");
}

TEST(Markdown, HostileTextTakesLinearTime) {
  for (const char* part :
       {"[", "[](", "*a ", "`", "<a ", "<", "![", "> ", "- ", "$a", "**_", "a|b\n-|-\n", "[a](b", "&#", "```\n"}) {
    std::string text;
    while (text.size() < 50'000) text += part;
    const auto document = split(Format::Markdown, text, "test");
    EXPECT_EQ(document->join(identity(*document)), text) << part;
  }
}

}  // namespace
}  // namespace facet::documents
