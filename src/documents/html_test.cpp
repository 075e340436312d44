#include <gtest/gtest.h>

#include "base/error.h"
#include "documents/html_tokens.h"
#include "documents/test_documents.h"

namespace facet::documents {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kPage = R"(<!DOCTYPE html>
<html lang=en><head><title>A &amp; B</title>
<style>p > b { color: red }</style><script>if (a < b) document.write("<p>no</p>");</script></head>
<body class='x'  data-n=1>
  <!-- a comment: <p>no</p> -->
  <h1 title="The title">Caf&eacute; &ndash; a
     heading</h1>
  <p>One <b>bold <i>word</i></b> and <a href="x?a=1&b=2">a link</a>,<br>then <code>code</code>.</p>
  <pre>not <b>this</b></pre><ul><li>first<li>second</ul>
  <img src=a.png alt='it&#39;s a cat'> <img alt=dog src=b.png>
  <p translate="no">Facet</p><p>5 &lt; 6 and <span translate="no">Gemma</span> runs</p>
</body></html>
)";

TEST(Html, Segments) {
  EXPECT_EQ(segments_of(Format::Html, kPage), (Strings{"A & B", "The title", "Café – a heading",
                                                       "One <1>bold <2>word<3><4> and <5>a link<6>,<7>then <8>.",
                                                       "first", "second", "it's a cat", "dog", "5 < 6 and <1> runs"}));
}

TEST(Html, OnlyWordsChange) {
  const std::string page = in_capitals(Format::Html, kPage);
  for (const char* kept :
       {"<title>A &amp; B</title>", "<script>if (a < b) document.write(\"<p>no</p>\");</script>",
        "<h1 title=\"THE TITLE\">",
        "<p>ONE <b>BOLD <i>WORD</i></b> AND <a href=\"x?a=1&b=2\">A LINK</a>,<br>THEN <code>code</code>.</p>",
        "<pre>not <b>this</b></pre><ul><li>FIRST<li>SECOND</ul>", "alt='IT&#39;S A CAT'>",
        "<img alt=\"DOG\" src=b.png>",
        "<p translate=\"no\">Facet</p><p>5 &lt; 6 AND <span translate=\"no\">Gemma</span> RUNS</p>",
        "<!-- a comment: <p>no</p> -->"})
    EXPECT_NE(page.find(kept), std::string::npos) << kept << "\nin\n" << page;
}

TEST(Html, MarksOfAPairMoveTogether) {
  const auto document = split(Format::Html, "<p>the <b>red</b> <i>house</i></p>", "test");
  const std::vector<Pieces> moved = {
      {{"la ", 0}, {"", 3}, {"maison", 0}, {"", 4}, {" ", 0}, {"", 1}, {"rouge", 0}, {"", 2}}};
  EXPECT_EQ(document->join(moved), "<p>la <i>maison</i> <b>rouge</b></p>");
}

TEST(Html, ADescriptionInsideASentence) {
  const std::string page = "<p>See <img alt=\"a cat\" src=x> here</p>";
  EXPECT_EQ(segments_of(Format::Html, page), (Strings{"See <1> here", "a cat"}));
  EXPECT_EQ(in_capitals(Format::Html, page), "<p>SEE <img alt=\"A CAT\" src=x> HERE</p>");
}

TEST(Html, NewWordsCannotBecomeMarkUp) {
  EXPECT_EQ(in_capitals(Format::Html, "<p title='x'>a</p>", "<b>'\"&amp;"),
            "<p title='X&lt;b&gt;&#39;\"&amp;amp;'>A&lt;b&gt;'\"&amp;amp;</p>");
}

TEST(Html, CutAndStrangePagesAreSplit) {
  for (const char* page : {"<p>one<",
                           "<p>one</",
                           "<p>one<b",
                           "<p title=\"one",
                           "<!-- one",
                           "<script>one",
                           "<pre>one<pre>two</pre>",
                           "<",
                           "<!",
                           "</>one",
                           "<!-->one",
                           "a < b",
                           "<title>one",
                           "<svg/>one",
                           "<code>one</code",
                           "one</b></i><b>two",
                           "&;&#;&#x;&#xd800;&foo; one",
                           "<p alt=>one</p>",
                           "<p alt>one</p>",
                           "<p =x>one</p>",
                           "<img alt=\"one\"><img alt=\"two\">"}) {
    const auto document = split(Format::Html, page, "test");
    EXPECT_EQ(document->join(identity(*document)), page);
  }
  EXPECT_EQ(in_capitals(Format::Html, "a < b &foo; c"), "A &lt; B &FOO; C");
}

TEST(Html, DeepNestingTakesLinearTime) {
  std::string page;
  for (int i = 0; i < 50'000; ++i) page += "<b>x";
  for (int i = 0; i < 50'000; ++i) page += "<code>";
  EXPECT_EQ(in_capitals(Format::Html, page).size(), page.size());
}

}  // namespace
}  // namespace facet::documents
