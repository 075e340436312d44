#include "http/keys.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::http {
namespace {

TEST(Keys, AreFoundByTheirHash) {
  Keys keys;
  for (Key& key : parse_keys(R"([{"name": "plain", "key": "abc"},
       {"name": "hashed", "sha256": "DFFD6021BB2BD5B0AF676290809EC3A53191DD81C7F70A4B28688A362182986F"}])",
                             "f"))
    keys.add(std::move(key));
  ASSERT_TRUE(keys.find("abc"));
  EXPECT_EQ(keys.find("abc")->name, "plain");
  ASSERT_TRUE(keys.find("Hello, World!"));
  EXPECT_EQ(keys.find("Hello, World!")->name, "hashed");
  EXPECT_FALSE(keys.find("ab"));
  EXPECT_FALSE(keys.find(""));
}

TEST(Keys, AllThatAnEntryMaySay) {
  const Key key = parse_keys(R"([{"name": "n", "key": "k", "scopes": ["use", "admin"], "models": ["a", "b"],
                                  "dialects": ["ollama"], "requests_per_minute": 60}])",
                             "f")
                      .at(0);
  EXPECT_TRUE(key.may_administrate);
  EXPECT_EQ(key.models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(key.dialects, std::vector<std::string>{"ollama"});
  EXPECT_EQ(key.requests_per_minute, 60);
  const Key least = parse_keys(R"([{"name": "n", "key": "k"}])", "f").at(0);
  EXPECT_FALSE(least.may_administrate);
  EXPECT_EQ(least.requests_per_minute, 0);
}

TEST(Keys, WrongFilesSayWhichEntryAndNeverTheKey) {
  for (const char* json :
       {"", "{}", "[]", "nonsense", "[1]", R"([{"key": "secret"}])", R"([{"name": "n"}])",
        R"([{"name": "n", "key": ""}])", R"([{"name": "n", "key": "secret", "sha256": "secret"}])",
        R"([{"name": "n", "sha256": "secret"}])", R"([{"name": "n", "key": "secret", "scope": ["use"]}])",
        R"([{"name": "n", "key": "secret", "scopes": ["root"]}])", R"([{"name": "n", "key": "secret", "models": []}])",
        R"([{"name": "n", "key": "secret", "dialects": ["smtp"]}])",
        R"([{"name": "n", "key": "secret", "requests_per_minute": -1}])"}) {
    try {
      parse_keys(json, "keys.json");
      ADD_FAILURE() << json;
    } catch (const RequestError& e) {
      EXPECT_TRUE(std::string_view(e.what()).starts_with("keys.json: ")) << e.what();
      EXPECT_EQ(std::string_view(e.what()).find("secret"), std::string_view::npos) << e.what();
    }
  }
  Keys keys;
  keys.add(parse_keys(R"([{"name": "n", "key": "k"}])", "f").at(0));
  EXPECT_THROW(keys.add(parse_keys(R"([{"name": "n", "key": "other"}])", "f").at(0)), RequestError);
  EXPECT_THROW(keys.add(parse_keys(R"([{"name": "m", "key": "k"}])", "f").at(0)), RequestError);
}

TEST(Keys, TurnsComeBackWithTime) {
  Keys keys;
  const Key key = parse_keys(R"([{"name": "n", "key": "k", "requests_per_minute": 6}])", "f").at(0);
  const Keys::Clock::time_point start{};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(keys.take_turn(key, start), 0);
  EXPECT_DOUBLE_EQ(keys.take_turn(key, start), 10);
  EXPECT_DOUBLE_EQ(keys.take_turn(key, start + std::chrono::seconds(4)), 6);
  EXPECT_EQ(keys.take_turn(key, start + std::chrono::seconds(10)), 0);
  EXPECT_GT(keys.take_turn(key, start + std::chrono::seconds(10)), 0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(keys.take_turn(key, start + std::chrono::hours(1)), 0);
  EXPECT_GT(keys.take_turn(key, start + std::chrono::hours(1)), 0) << "what is not used does not pile up";
}

}  // namespace
}  // namespace facet::http
