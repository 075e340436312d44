#include "runtime/tokenizer_loader.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "model/test_model.h"

namespace facet::runtime {
namespace {

using gguf::TestFile;

std::shared_ptr<const text::Tokenizer> load(const TestFile& file, int n_rows = 269) {
  const std::string bytes = file.bytes();
  return load_tokenizer(gguf::File::parse(std::as_bytes(std::span(bytes)), "test.gguf"), n_rows);
}

void expect_error(const TestFile& file, std::string_view part, int n_rows = 269) {
  try {
    load(file, n_rows);
    ADD_FAILURE() << "no error, expected: " << part;
  } catch (const FormatError& e) {
    EXPECT_NE(std::string_view(e.what()).find(part), std::string_view::npos) << part << "\n" << e.what();
    EXPECT_TRUE(std::string_view(e.what()).starts_with("test.gguf: ")) << e.what();
  }
}

TEST(TokenizerLoader, Gemma4) {
  const auto t = load(model::gemma4_file());
  EXPECT_EQ(t->n_tokens(), 269);
  EXPECT_EQ(t->bos(), 2);
  EXPECT_EQ(t->eos(), 6);
  EXPECT_EQ(t->encode("abc a", text::Specials::Forbid), (std::vector<text::TokenId>{268, 7, 264}));
  const auto stop = t->stop_tokens();
  EXPECT_EQ(std::set<text::TokenId>(stop.begin(), stop.end()), (std::set<text::TokenId>{1, 6}));
}

// Ollama's converter calls the tokenizer "llama", and names further ends.
TEST(TokenizerLoader, Gemma4OfOllama) {
  TestFile file = model::gemma4_file();
  file.set("tokenizer.ggml.model", "llama").value("tokenizer.ggml.pre", "gemma4");
  file.array("tokenizer.ggml.scores", std::vector<float>(269, 0));
  file.array("tokenizer.ggml.eos_token_ids", std::vector<int32_t>{1, 6, 265});
  const auto t = load(file);
  EXPECT_EQ(t->encode("abc", text::Specials::Forbid), std::vector<text::TokenId>{268});
  EXPECT_EQ(t->stop_tokens().size(), 3u);
}

TEST(TokenizerLoader, Gemma3) {
  const auto t = load(model::gemma3_file());
  EXPECT_EQ(t->encode("ab", text::Specials::Forbid), std::vector<text::TokenId>{267});
  // More tokens than rows, as some files have: the ones beyond are never given.
  TestFile longer = model::gemma3_file();
  auto tokens = model::test_model::pieces();
  tokens[5] = "<start_of_turn>";
  tokens.push_back("<image_soft_token>");
  longer.remove("tokenizer.ggml.tokens").array("tokenizer.ggml.tokens", tokens);
  longer.remove("tokenizer.ggml.scores").array("tokenizer.ggml.scores", std::vector<float>(270, -1));
  longer.array("tokenizer.ggml.token_type", std::vector<int32_t>(270, 1));
  EXPECT_EQ(load(longer)->n_tokens(), 269);
}

TEST(TokenizerLoader, VocabularyAndRowsThatDiffer) {
  expect_error(model::gemma4_file(), "the tokenizer has 269 tokens, token_embd.weight 270 rows", 270);
  expect_error(model::gemma4_file(), "the tokenizer has 269 tokens, token_embd.weight 268 rows", 268);
  expect_error(model::gemma3_file(), "the tokenizer has 269 tokens, token_embd.weight 270 rows", 270);
}

TEST(TokenizerLoader, ArraysThatDiffer) {
  TestFile types = model::gemma4_file();
  types.array("tokenizer.ggml.token_type", std::vector<int32_t>(268, 1));
  expect_error(types, "key tokenizer.ggml.token_type has 268 entries for 269 tokens");
  TestFile scores = model::gemma3_file();
  scores.remove("tokenizer.ggml.scores").array("tokenizer.ggml.scores", std::vector<float>(300, 1));
  expect_error(scores, "key tokenizer.ggml.scores has 300 entries for 269 tokens");
  scores.remove("tokenizer.ggml.scores");
  expect_error(scores, "0 token scores for 269 tokens");
}

TEST(TokenizerLoader, IdsOutsideTheVocabulary) {
  for (const char* key : {"bos", "eos", "unknown", "padding"})
    for (const uint64_t id : {uint64_t{269}, uint64_t{1} << 31, uint64_t{1} << 63}) {
      TestFile file = model::gemma4_file();
      file.set(fmt::format("tokenizer.ggml.{}_token_id", key), id);
      expect_error(file, "is outside the vocabulary of 269");
    }
}

TEST(TokenizerLoader, WhatIsMissingOrOfAnotherType) {
  TestFile tokens = model::gemma4_file();
  tokens.remove("tokenizer.ggml.tokens");
  expect_error(tokens, "key tokenizer.ggml.tokens is missing");
  tokens.value("tokenizer.ggml.tokens", "text");
  expect_error(tokens, "key tokenizer.ggml.tokens is string, expected an array of strings");
  TestFile merges = model::gemma4_file();
  merges.remove("tokenizer.ggml.merges");
  expect_error(merges, "the tokenizer \"gemma4\" has no merges");
  // Scores and a name do not make up for merges, whatever the file calls its architecture.
  for (const char* architecture : {"gemma4", "gemma3", "other"}) {
    TestFile scored = model::gemma4_file();
    scored.set("general.architecture", architecture).set("tokenizer.ggml.model", "llama");
    scored.remove("tokenizer.ggml.merges").array("tokenizer.ggml.scores", std::vector<float>(269, -1));
    expect_error(scored, "the tokenizer \"llama\" has no merges");
  }
  TestFile bytes = model::gemma4_file();
  auto pieces = model::test_model::pieces();
  pieces[100] = "x";
  bytes.remove("tokenizer.ggml.tokens").array("tokenizer.ggml.tokens", pieces);
  expect_error(bytes, "lacks the byte token <0x5C>");
  TestFile twice = model::gemma4_file();
  pieces = model::test_model::pieces();
  pieces[268] = "a";
  twice.remove("tokenizer.ggml.tokens").array("tokenizer.ggml.tokens", pieces);
  expect_error(twice, "tokens 264 and 268 are the same text \"a\"");
  TestFile broken = model::gemma4_file();
  pieces[268] = "\xff";
  broken.remove("tokenizer.ggml.tokens").array("tokenizer.ggml.tokens", pieces);
  expect_error(broken, "is not UTF-8");
}

TEST(TokenizerLoader, AFolderWithoutOne) { EXPECT_THROW(load_tokenizer("/no/such/folder"), ResourceError); }

}  // namespace
}  // namespace facet::runtime
