#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "text/detokenizer.h"
#include "text/test_vocabularies.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

using Json = nlohmann::json;

std::vector<Json> read_lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<Json> out;
  for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line));
  EXPECT_GT(out.size(), 10u) << path;
  return out;
}

void check_encoding(const Tokenizer& tokenizer, const std::string& path) {
  for (const Json& line : read_lines(path)) {
    const auto text = line["text"].get<std::string>();
    const auto ids = line["ids"].get<std::vector<TokenId>>();
    EXPECT_EQ(tokenizer.encode(text, Specials::Allow), ids) << text;
    EXPECT_EQ(tokenizer.encode(text, Specials::Forbid), line.value("plain_ids", ids)) << text;
    EXPECT_EQ(tokenizer.decode(ids, false), line.value("decoded", text));
    EXPECT_EQ(tokenizer.decode(ids, true), line.value("decoded_skip_special", line.value("decoded", text)));
  }
}

void check_decoding(const Tokenizer& tokenizer, const std::string& path) {
  for (const Json& line : read_lines(path)) {
    const auto ids = line["ids"].get<std::vector<TokenId>>();
    EXPECT_EQ(tokenizer.decode(ids, false), line["text"].get<std::string>()) << line;
    EXPECT_EQ(tokenizer.decode(ids, true), line["text_skip_special"].get<std::string>()) << line;
  }
}

TEST(Tokenizer, AgreesWithTheOfficialOneOnTheSmallVocabulary) {
  SKIP_WITHOUT_GOLDENS();
  check_encoding(*tiny(), golden_path("tokenizer/encode.jsonl"));
  check_decoding(*tiny(), golden_path("tokenizer/decode.jsonl"));
}

TEST(Tokenizer, AgreesWithTheOfficialOneOnTheRealVocabulary) {
  SKIP_WITHOUT_REAL();
  check_encoding(*real(), golden_path("tokenizer/real262k_encode.jsonl"));
  check_decoding(*real(), golden_path("tokenizer/real262k_decode.jsonl"));
}

void expect_control_strings_stay_text(const Tokenizer& t) {
  int n = 0;
  for (TokenId id = 0; id < t.n_tokens(); ++id) {
    const std::string piece(t.piece(id));
    if (!t.is_special(id) && !t.byte_value(id) && !piece.starts_with("<unused")) continue;
    ++n;
    const auto ids = t.encode(piece, Specials::Forbid);
    // Characters that a small vocabulary lacks are bytes; a whole piece never becomes the byte it names.
    const auto n_forbidden = t.byte_value(id) ? (ids.size() == 1 ? 1 : 0) : std::count(ids.begin(), ids.end(), id);
    EXPECT_EQ(n_forbidden, 0) << piece;
    EXPECT_EQ(t.decode(ids, true), piece);
  }
  EXPECT_GT(n, 256);
}

TEST(Tokenizer, ControlStringsInPlainTextStayText) {
  SKIP_WITHOUT_GOLDENS();
  expect_control_strings_stay_text(*tiny());
}

TEST(Tokenizer, ControlStringsInPlainTextStayTextForRealVocabularies) {
  SKIP_WITHOUT_REAL();
  expect_control_strings_stay_text(*real());
  if (real_gemma3() != nullptr) expect_control_strings_stay_text(*real_gemma3());
}

// Without the downloads: unused entries that a file calls ordinary added tokens are forbidden all the same.
TEST(Tokenizer, UnusedAddedTokensNeedPermission) {
  std::vector<std::string> pieces = {"<unused0>", "[multimodal]", "<b>"};
  for (int b = 0; b < 256; ++b) pieces.push_back(fmt::format("<0x{:02X}>", b));
  TokenizerParts parts;
  parts.tokens.assign(pieces.begin(), pieces.end());
  parts.added = {{0, false}, {1, false}, {2, false}};
  const auto tokenizer = Tokenizer::from_parts(parts);
  EXPECT_EQ(tokenizer->encode("<unused0>", Specials::Forbid).size(), pieces[0].size());
  EXPECT_EQ(tokenizer->encode("<unused0>", Specials::Allow), std::vector<TokenId>{0});
  EXPECT_EQ(tokenizer->encode("[multimodal]", Specials::Forbid), std::vector<TokenId>{1});
  EXPECT_EQ(tokenizer->encode("<b>", Specials::Forbid), std::vector<TokenId>{2});
}

TEST(Tokenizer, KnowsWhatEndsAnAnswer) {
  SKIP_WITHOUT_GOLDENS();
  const auto stop = tiny()->stop_tokens();
  for (const char* text : {"<eos>", "<turn|>", "<|tool_response>"})
    EXPECT_NE(std::find(stop.begin(), stop.end(), tiny()->find(text)), stop.end()) << text;
}

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> parts = {
      "a",      "b",       "the ",         " ",          "  ",      "\n",    "\n\n",  "\t",     "1", "23",
      "\u00e9", "e\u0301", "\u4f60\u597d", "\U0001f600", "<|turn>", "<bos>", "model", "<0x41>", ".", ",",
      "(",      "Z",       "\r\n",         "\u0000a"};
  std::string text;
  for (unsigned n = random() % 40; n > 0; --n) text += parts[random() % parts.size()];
  return text;
}

TEST(Tokenizer, PlainTextSurvivesTheRoundTrip) {
  SKIP_WITHOUT_GOLDENS();
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random_text(random);
    EXPECT_EQ(tiny()->decode(tiny()->encode(text, Specials::Forbid), true), text);
    if (real() != nullptr) {
      EXPECT_EQ(real()->decode(real()->encode(text, Specials::Forbid), true), text);
    }
  }
}

TEST(Tokenizer, InvalidBytesAreReadAsReplacementCharacters) {
  SKIP_WITHOUT_GOLDENS();
  EXPECT_EQ(tiny()->encode("a\xff\xe4\xbd z", Specials::Forbid), tiny()->encode("a\ufffd\ufffd z", Specials::Forbid));
}

TEST(Tokenizer, LongRunsTakeTimeInProportion) {
  SKIP_WITHOUT_GOLDENS();
  const std::string text(1 << 20, 'a');
  const auto start = std::chrono::steady_clock::now();
  const auto ids = tiny()->encode(text, Specials::Forbid);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(tiny()->decode(ids, true), text);
}

TEST(Tokenizer, RefusesOtherPipelines) {
  SKIP_WITHOUT_GOLDENS();
  Json json = Json::parse(read_file(golden_path("checkpoints/tiny-e2b/tokenizer.json")));
  const auto refuses = [](const Json& j) { EXPECT_THROW(Tokenizer::from_json(j.dump(), "t.json"), FormatError); };
  Json changed = json;
  changed["model"]["type"] = "WordPiece";
  refuses(changed);
  changed = json;
  changed["normalizer"] = {{"type", "NFC"}};
  refuses(changed);
  for (const char* step : {"normalizer", "pre_tokenizer", "decoder"}) {
    changed = json;
    changed[step] = {{"type", Json::array({"Replace"})}, {"pattern", 1}};
    refuses(changed);
    const std::string broken = fmt::format(R"("{}":{{"type" "Replace","pattern":{{"String":" "}}}},)", step);
    EXPECT_THROW(Tokenizer::from_json(json.dump().insert(1, broken), "t.json"), FormatError) << step;
  }
  changed = json;
  changed["decoder"]["decoders"].push_back({{"type", "Strip"}});
  refuses(changed);
  changed = json;
  changed["model"]["byte_fallback"] = false;
  refuses(changed);
  changed = json;
  changed["model"]["merges"].push_back({"no such piece", "b"});
  refuses(changed);
  changed = json;  // many, so that two threads read them, and longer than any piece
  changed["model"]["merges"] = Json(20000, Json::array({"<0x41>", std::string(1000, 'b')}));
  refuses(changed);
  changed = json;
  changed["model"]["vocab"].erase("<0x41>");
  refuses(changed);
  refuses(Json::array());
  EXPECT_THROW(Tokenizer::from_json("{\"model\":", "t.json"), FormatError);
}

TEST(Detokenizer, EmitsOnlyWholeCharacters) {
  SKIP_WITHOUT_GOLDENS();
  std::mt19937 random(2);
  for (int i = 0; i < 3000; ++i) {
    Detokenizer stream(*tiny());
    std::string all;
    for (int n = 0; n < 12; ++n) {
      // Mostly byte tokens, which is where characters get cut.
      const TokenId id =
          random() % 4 == 0 ? static_cast<TokenId>(random() % 1536) : static_cast<TokenId>(238 + random() % 256);
      const std::string piece = stream.push(id);
      EXPECT_TRUE(is_utf8(piece));
      all += piece;
    }
    all += stream.finish();
    EXPECT_TRUE(is_utf8(all));
  }
}

TEST(Detokenizer, EqualsTheWholeDecoding) {
  SKIP_WITHOUT_GOLDENS();
  for (const Json& line : read_lines(golden_path("tokenizer/encode.jsonl"))) {
    const auto ids = line["ids"].get<std::vector<TokenId>>();
    Detokenizer stream(*tiny());
    std::string all;
    for (const TokenId id : ids) all += stream.push(id);
    EXPECT_EQ(all + stream.finish(), tiny()->decode(ids, true));
  }
}

TEST(Detokenizer, KeepsValidCharactersBesideBrokenOnes) {
  SKIP_WITHOUT_GOLDENS();
  Detokenizer stream(*tiny());
  std::string all;
  for (const TokenId id : {238 + 0xe5, 238 + 0x8f, 238 + 0xe5, 238 + 0x8f, 238 + 0xab}) all += stream.push(id);
  EXPECT_EQ(all + stream.finish(), "\ufffd\ufffd\u53eb");
}

}  // namespace
}  // namespace facet::text
