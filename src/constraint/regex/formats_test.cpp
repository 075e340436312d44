#include "constraint/regex/formats.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace facet::constraint {
namespace {

struct FormatCase {
  const char* name;
  std::vector<std::string> good, bad;
};

const std::string kLabel63(63, 'a');

const std::vector<FormatCase> kFormatCases = {
    {"date",
     {"2024-01-31", "2024-02-29", "2000-02-29", "0001-12-30", "1999-02-28"},
     {"2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00", "0000-01-01", "24-01-01",
      "2024-1-1", "2024-01-01T", ""}},
    {"time",
     {"00:00:00Z", "23:59:59.123456-08:00", "12:30:00z", "12:00:00+14:30"},
     {"24:00:00Z", "12:60:00Z", "12:00:60Z", "12:00:00", "12:00Z", "12:00:00.Z", "12:00:00+24:00", "12:00:00+1:00"}},
    {"date-time",
     {"2024-02-29T12:00:00Z", "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-01-01t00:00:00z"},
     {"2023-02-29T12:00:00Z", "2024-01-01 12:00:00Z", "2024-01-01T12:00:00", "2024-01-01", "2024-01-01T25:00:00Z"}},
    {"duration",
     {"P4DT12H30M5S", "P1Y2M3D", "PT1M", "P0D", "P2W", "P1M", "PT36H", "P1YT2S"},
     {"P", "PT", "P1", "4D", "P1D2H", "PT1D", "P2D1Y", "P1WT1H", "P1Y2D", "PT0.5S", "p1d"}},
    {"email",
     {"joe@example.com", "a.b+c@x-y.org", "te~st@e.x", "\"joe bloggs\"@example.com", "j@[127.0.0.1]", "j@[IPv6:::1]",
      "a@localhost"},
     {"joe", "@example.com", "joe@", ".a@b.c", "a.@b.c", "a..b@c.d", "a@b@c", "a b@c.d", "a@-b.c", "j@[300.0.0.1]",
      std::string(65, 'a') + "@b.c", "\xC3\xA4@b.c"}},
    {"idn-email", {"\xC3\xA4@b\xC3\xBC.de", "joe@example.com"}, {"\xC3\xA4", "@b.de"}},
    {"hostname",
     {"example.com", "localhost", "a", "1a.b-c", "xn--4gbwdl.xn--wgbh1c", kLabel63},
     {"", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", kLabel63 + "a",
      kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + kLabel63}},
    {"idn-hostname",
     {"b\xC3\xBC"
      "cher.de",
      "\xE4\xBE\x8B.jp", "a.b"},
     {"-a",
      "\xCC\x88"
      "a",
      "a..b", "a_b"}},
    {"ipv4",
     {"0.0.0.0", "255.255.255.255", "127.0.0.1", "10.200.30.4"},
     {"256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.4/8", "", "a.b.c.d"}},
    {"ipv6",
     {"::", "::1", "1::", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
      "::ffff:192.168.0.1", "1:2:3:4:5:6:1.2.3.4", "1::3:4:5:6:7:8", "FE80::aBcD", "1:2::1.2.3.4"},
     {":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "fe80::1%eth0",
      ":1:2::", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", ""}},
    {"uri",
     {"http://example.com", "https://u:p@h:80/a/b?q=1#f", "mailto:a@b.c", "urn:isbn:123", "file:///etc/x",
      "a:", "http://[::1]:8080/", "ldap://[2001:db8::7]/c=GB?objectClass?one", "http://x/%20", "tel:+1-816-555-1212"},
     {"", "//a/b", "/abs", "a b", "http://a b", "http://x/%2", "http://[::1", "1http://x", "http://\xC3\xA4",
      "http://x/<>", "\\\\WIN\\x", "http://a:80a", ":a"}},
    {"uri-reference",
     {"", "//a/b", "/abs", "rel/x:y", "#frag", "?q", "http://example.com", "a:"},
     {"\\\\WIN", "a b", "#a#b", "1:b", "%"}},
    {"iri", {"http://\xC6\x92\xC3\xB8\xC3\xB8.com/\xC3\xA4?\xEE\x80\x80", "http://a"}, {"\xC3\xA4", "http://a b", ""}},
    {"iri-reference", {"/\xC3\xA4", "#\xC3\xA4", ""}, {"\\", "a b"}},
    {"uri-template",
     {"http://x/{id}", "{+path}/here", "x{?q,lang*}{&y:3}", "", "a%20b", "{a.b}"},
     {"{", "{}", "{a", "a}", "{a b}", "%2", "a b", "{:1}", "{a:0}"}},
    {"uuid",
     {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
     {"2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa73b441d16380-",
      "geb8aa08-aa98-11ea-b4aa-73b441d16380"}},
    {"json-pointer", {"", "/", "/a/b", "/a~0b/~1", "//", "/\xC3\xA4"}, {"a", "/~", "/~2", "#/a"}},
    {"relative-json-pointer", {"0", "1/a", "0#", "120/x/~1"}, {"", "/a", "01/a", "-1/a", "0##", "1a"}},
    {"regex", {"", "^a$", "("}, {}},
};

TEST(Formats, TextsOfEachFormat) {
  ASSERT_EQ(kFormatCases.size(), format_names().size());
  for (const FormatCase& c : kFormatCases) {
    Regexes r;
    const auto a = format(r, c.name, Writing::Plain);
    ASSERT_TRUE(a) << c.name;
    for (const std::string& text : c.good) EXPECT_TRUE(r.is_nullable(r.derive(*a, text))) << c.name << ": " << text;
    for (const std::string& text : c.bad) EXPECT_FALSE(r.is_nullable(r.derive(*a, text))) << c.name << ": " << text;
  }
}

TEST(Formats, AreWrittenAsJsonToo) {
  Regexes r;
  const auto quoted = format(r, "email", Writing::Json);
  EXPECT_TRUE(r.is_nullable(r.derive(*quoted, R"(\"a b\"@c.d)")));
  EXPECT_FALSE(r.is_nullable(r.derive(*quoted, R"("a b"@c.d)")));
  const auto pointer = format(r, "json-pointer", Writing::Json);
  EXPECT_TRUE(r.is_nullable(r.derive(*pointer, R"(/\"\\/\n)")));
}

TEST(Formats, OtherNamesMeanNothing) {
  Regexes r;
  for (const char* name : {"", "color", "Date", "int32"}) EXPECT_FALSE(format(r, name, Writing::Plain)) << name;
}

TEST(Formats, AllFitInOneGrammar) {
  Regexes r(50'000);
  for (const std::string_view name : format_names()) {
    const auto a = format(r, name, Writing::Json);
    ASSERT_TRUE(a);
    EXPECT_FALSE(r.is_nothing(*a)) << name;
    EXPECT_TRUE(r.first_bytes(*a).any()) << name;
  }
}

}  // namespace
}  // namespace facet::constraint
