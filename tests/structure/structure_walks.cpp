// Texts at random under the masks of schemas: at each place one of the tokens that may come. Every second text has few
// tokens, and is brought to its end in time. check_walks.py beside it asks another program whether what came out obeys
// the schemas.
//
// usage: structure_walks SCHEMAS.jsonl TOKENIZER.json N_WALKS [SEED]
// Prints one line of JSON a walk: {"id", "line", "text", "ended", "limit"}; {"id", "line", "refused"} for a schema that
// is.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/mapped_file.h"
#include "constraint/matcher/matcher.h"
#include "constraint/schema/json_schema.h"
#include "runtime/token_table.h"
#include "text/chat.h"
#include "text/tokenizer.h"

namespace {

using namespace facet;
using constraint::TokenId;

constexpr size_t kFreeTokens = 40;   // then the walk makes for an end
constexpr size_t kMaxWord = 100;     // bytes
constexpr size_t kMaxSpare = 40;     // tokens that a short text has more than its shortest form
constexpr size_t kMaxTokens = 1000;  // what has not ended by then is told as such: patterns are not hit by chance

// Strings and keys that nobody finds by chance, as they are written behind the first quote.
struct Words {
  std::vector<std::string> all, required;
};

class Walker {
 public:
  Walker(std::shared_ptr<const constraint::TokenTable> tokens, uint64_t seed)
      : tokens_(std::move(tokens)), random_(seed) {
    for (TokenId t = 0; static_cast<size_t>(t) < tokens_->n_tokens(); ++t)
      if (tokens_->bytes(t).size() == 1) single_.push_back(t);
  }

  struct Walk {
    std::string text;
    bool has_ended = false;
    std::optional<size_t> limit = {};
  };
  Walk walk(const std::shared_ptr<const constraint::CompiledGrammar>& grammar, Words words, bool is_short) {
    constraint::Matcher matcher(grammar, tokens_);
    Walk out;
    if (is_short) out.limit = matcher.tokens_to_end();
    if (out.limit) *out.limit += random_() % kMaxSpare;
    const size_t limit = out.limit.value_or(kMaxTokens);
    is_in_string_ = false;
    std::string word;  // that is being written, from its end
    while (matcher.n_tokens() < limit && !matcher.has_ended()) {
      matcher.mask(mask_);
      if (word.empty() && out.text.ends_with('"') && (matcher.n_tokens() > kFreeTokens || random_() % 4 != 0))
        word = word_that_fits(matcher, words, matcher.n_tokens() > kFreeTokens);
      TokenId token = word.empty() ? choose(matcher.n_tokens()) : any_of_single({&word.back(), 1});
      if (!word.empty()) word.pop_back();
      const size_t n_left = limit - matcher.n_tokens();
      if (out.limit && !matcher.can_end_within(n_left - 1, token)) {
        matcher.closing_mask(mask_, n_left);
        token = any();
        word.clear();
      }
      if (!matcher.accept(token))
        throw_error<RequestError>("mask and matcher differ at \"{}\" behind {}", tokens_->bytes(token), out.text);
      if (!matcher.has_ended()) read(tokens_->bytes(token), out.text);
    }
    out.has_ended = matcher.has_ended() || (out.limit && matcher.may_end());
    return out;
  }

 private:
  void read(std::string_view bytes, std::string& text) {
    for (const char c : bytes) {
      if (c == '"' && !is_escaped_) is_in_string_ = !is_in_string_;
      is_escaped_ = c == '\\' && !is_escaped_;
    }
    text += bytes;
  }

  // In the end the keys that an object must have come first.
  std::string word_that_fits(const constraint::Matcher& matcher, Words& words, bool is_late) {
    for (std::vector<std::string>* list : {is_late ? &words.required : &words.all, &words.all}) {
      std::shuffle(list->begin(), list->end(), random_);
      for (const std::string& word : *list)
        if (constraint::Matcher copy = matcher; copy.accept_bytes(word)) return {word.rbegin(), word.rend()};
    }
    return "";
  }

  // Of 262,144 tokens that a string may hold each is rare, and so is its end: what closes is preferred now and then,
  // and in the end always. Single bytes come next, by which patterns are met soonest.
  TokenId choose(size_t n_tokens) {
    const bool is_late = n_tokens > kFreeTokens;
    const uint64_t dice = random_() % 10;
    if (is_late || dice < 2)
      for (const TokenId stop : tokens_->stops())
        if (mask_.has(stop)) return stop;
    if (is_late || dice < 4)
      for (const std::string_view closing : {is_in_string_ ? "\"" : "}]", is_late && !is_in_string_ ? "\",:" : "\""})
        if (const TokenId token = any_of_single(closing); token >= 0) return token;
    if (is_late || dice < 7)
      if (const TokenId token = any_of_single({}); token >= 0) return token;
    return any();
  }

  // One of the tokens of a single byte, among `bytes` unless those are none; -1: none is allowed.
  TokenId any_of_single(std::string_view bytes) {
    allowed_.clear();
    for (const TokenId t : single_)
      if (mask_.has(t) && (bytes.empty() || bytes.find(tokens_->bytes(t)[0]) != std::string_view::npos))
        allowed_.push_back(t);
    return allowed_.empty() ? -1 : allowed_[random_() % allowed_.size()];
  }

  TokenId any() {
    uint64_t left = random_() % mask_.count();
    size_t word = 0;
    for (; left >= static_cast<uint64_t>(std::popcount(mask_.words()[word])); ++word)
      left -= static_cast<uint64_t>(std::popcount(mask_.words()[word]));
    uint64_t bits = mask_.words()[word];
    for (; left > 0; --left) bits &= bits - 1;
    return static_cast<TokenId>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
  }

  std::shared_ptr<const constraint::TokenTable> tokens_;
  std::mt19937_64 random_;
  constraint::TokenMask mask_;
  std::vector<TokenId> single_, allowed_;
  bool is_in_string_ = false, is_escaped_ = false;
};

void print(const nlohmann::json& line) {
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void add_words(const text::ChatJson& value, Words& out, bool is_required = false) {
  const auto add = [&](const text::ChatJson& word) {
    const std::string written = word.dump();
    if (written.size() <= kMaxWord) (is_required ? out.required : out.all).push_back(written.substr(1));
  };
  if (value.is_string()) add(value);
  if (value.is_array())
    for (const auto& part : value) add_words(part, out, is_required);
  if (value.is_object())
    for (const auto& item : value.items()) {
      add(item.key());
      add_words(item.value(), out, item.key() == "required");
    }
}

// Of the schema, and of texts that it allows.
Words words_of(const text::ChatJson& line) {
  Words out;
  add_words(line.at("schema"), out);
  for (const auto& test : line.at("tests"))
    if (test.at("valid") == true) add_words(test.at("data"), out);
  for (auto* list : {&out.all, &out.required}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  return out;
}

// The walks of the schema in line `i` of the file.
void walk_schema(Walker& walker, const text::ChatJson& line, size_t i, size_t n_walks) {
  const std::string id = line.at("id");
  try {
    constraint::Grammar g;
    g.set_root(constraint::add_schema(g, line.at("schema"), {}));
    const auto grammar = std::make_shared<const constraint::CompiledGrammar>(std::move(g));
    const Words words = words_of(line);
    for (size_t k = 0; k < n_walks; ++k) {
      const auto [text, has_ended, limit] = walker.walk(grammar, words, (k + i) % 2 == 1);
      print({{"id", id}, {"line", i}, {"text", text}, {"ended", has_ended}, {"limit", limit.value_or(0)}});
    }
  } catch (const RequestError& e) {
    print({{"id", id}, {"line", i}, {"refused", e.what()}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    fmt::print(stderr, "usage: structure_walks SCHEMAS.jsonl TOKENIZER.json N_WALKS [SEED]\n");
    return 2;
  }
  try {
    const MappedFile map(argv[2]);
    const auto tokenizer =
        text::Tokenizer::from_json({reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()}, argv[2]);
    Walker walker(constraint::TokenTable::make(runtime::token_table_parts(*tokenizer, tokenizer->stop_tokens())),
                  argc == 5 ? std::stoull(argv[4]) : 1);
    std::vector<text::ChatJson> lines;
    std::ifstream in(argv[1]);
    for (std::string line; std::getline(in, line);) lines.push_back(text::parse_chat_json(line));
    const size_t n_walks = std::stoull(argv[3]);
    for (size_t i = 0; i < lines.size(); ++i)
      if (const size_t n = n_walks / lines.size() + (i < n_walks % lines.size()); n > 0)
        walk_schema(walker, lines[i], i, n);
  } catch (const std::exception& e) {
    fmt::print(stderr, "structure_walks: {}\n", e.what());
    return 1;
  }
}
