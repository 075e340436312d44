// Which tokens may come next in a state. What an expression allows by itself is found once per expression and
// vocabulary: a slice of the plain tokens, and a list; tokens that go on behind it are kept by what they go on with,
// as a small trie, which each state then walks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "constraint/matcher/automaton.h"
#include "constraint/matcher/token_table.h"

namespace facet::constraint {

// A set of tokens: one of the table's slices, and others.
struct TokenSet {
  size_t slice = 0;
  std::vector<TokenId> tokens;
  std::unique_ptr<TokenMask> many;  // all of them, where a list would be longer

  bool has_any() const noexcept { return many || slice != 0 || !tokens.empty(); }
  size_t n_bytes() const noexcept {
    return sizeof(*this) + tokens.capacity() * sizeof(TokenId) + (many ? many->words().size_bytes() : 0);
  }
};

class MaskCache {
 public:
  MaskCache(Automaton& automaton, const TokenTable& tokens) : automaton_(automaton), tokens_(tokens) {}

  // Sets the mask, but for the stop tokens. False: no token is allowed.
  bool fill(StateId state, TokenMask& mask);
  bool has_any(StateId state);  // what fill() returns
  size_t n_bytes() const noexcept { return n_bytes_; }

 private:
  // Of which tokens something is asked.
  enum class Tokens : uint8_t { All, Plain, Others };
  // What an expression allows where these bytes may come behind it. Of recorded texts each end is a matter of its own.
  struct InsideKey {
    RegexId regex;
    ByteSet behind;
    bool is_recorded;
    Tokens tokens = Tokens::All;
    bool operator==(const InsideKey&) const = default;
  };
  struct InsideHash {
    size_t operator()(const InsideKey& key) const noexcept {
      return mix_hash(uint64_t{key.regex} << 8 | static_cast<uint8_t>(key.tokens), std::hash<ByteSet>()(key.behind));
    }
  };
  struct Inside {
    TokenSet all;       // tokens that are read by the expression alone
    TokenTrie leaving;  // what is left of the others behind a place where the expression may end
    // Of recorded texts, in no other list: tokens behind which there are few ways to end, perhaps none that is new.
    std::vector<TokenId> nearly_ended;
    std::optional<TokenTrie> whole;  // those others, from their beginning; made when a text is recorded
  };

  // Tokens of a trie in the order of a walk, but for those that it leaves out: what lies between two of these is copied
  // at once, and a node that is passed costs nothing.
  class TokenRun {
   public:
    TokenRun() = default;
    explicit TokenRun(std::span<const TokenId> all) : left_(all) {}
    void leave_out(std::span<const TokenId> tokens, std::vector<TokenId>& out) {
      out.insert(out.end(), left_.data(), tokens.data());
      left_ = left_.subspan(static_cast<size_t>(tokens.data() - left_.data()) + tokens.size());
    }
    void finish(std::vector<TokenId>& out) const { out.insert(out.end(), left_.begin(), left_.end()); }

   private:
    std::span<const TokenId> left_;
  };

  struct InsideWalk {
    ByteSet behind;
    Inside& found;
    bool is_recorded;
    std::vector<TokenTrie::Entry> leaving;
    const TokenTrie* trie = nullptr;
    TokenRun run = {};
  };

  const TokenSet& set_of(StateId state);
  void add_thread(const Thread& thread, Tokens tokens, TokenSet& out);
  bool is_string(const Thread& thread);
  void add(const TokenSet& set, TokenSet& out);
  void make_short(TokenSet& set);
  void add_key(const Thread& thread, TokenSet& out);
  Inside& inside(const InsideKey& key);
  Inside find_inside(const InsideKey& key);
  void walk(const TokenTrie& trie, RegexId regex, InsideWalk& out);
  void walk(const TokenTrie::Node& node, RegexId regex, size_t depth, InsideWalk& out);
  void add_leaving(const TokenTrie::Node& node, size_t depth, InsideWalk& out);
  void walk(const TokenTrie& trie, const TokenTrie::Node& node, StateId state, TokenSet& out);
  void add_recorded(const Thread& thread, Inside& in, TokenSet& out);
  void walk_recorded(const TokenTrie& trie, const TokenTrie::Node& node, const Thread& thread, TokenSet& out);

  // How many plain characters the expression can surely read, whichever they are; whether it can read any beyond; and
  // whether it may end on the way, so that a longer token may go on behind it.
  struct Readable {
    size_t n_characters;
    bool may_go_on, may_end, may_nearly_end = false;
  };
  Readable readable(RegexId regex, bool is_recorded);
  bool reads_plain(RegexId regex);
  bool nearly_ends(RegexId regex) {
    return automaton_.regexes().n_texts(regex, SeenTexts::kFew + 1) <= SeenTexts::kFew;
  }
  // The states behind any plain character; none if some cannot be read.
  const std::optional<std::vector<RegexId>>& behind_plain(RegexId regex);

  Automaton& automaton_;
  const TokenTable& tokens_;
  std::unordered_map<InsideKey, std::unique_ptr<Inside>, InsideHash> insides_;
  std::unordered_map<StateId, TokenSet> sets_;
  std::unordered_map<RegexId, std::optional<std::vector<RegexId>>> behind_plain_;
  std::vector<RegexId> path_;  // of a walk: the expression at each depth
  std::string read_;           // of a walk under a recording: its bytes
  size_t n_bytes_ = 0;
};

}  // namespace facet::constraint
