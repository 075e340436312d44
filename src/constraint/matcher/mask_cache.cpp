#include "constraint/matcher/mask_cache.h"

#include <algorithm>

namespace facet::constraint {
namespace {

constexpr size_t kMaxStates = 4000;  // that are followed to see what plain text an expression can read

// The bytes that may continue a character behind its first one, and how many more follow: UTF-8 without surrogates and
// overlong forms.
struct Continuation {
  uint8_t first, last;
  int more;
};
Continuation continuation_of(uint8_t lead) {
  if (lead < 0xE0) return {0x80, 0xBF, 0};
  if (lead < 0xF0)
    return {static_cast<uint8_t>(lead == 0xE0 ? 0xA0 : 0x80), static_cast<uint8_t>(lead == 0xED ? 0x9F : 0xBF), 1};
  return {static_cast<uint8_t>(lead == 0xF0 ? 0x90 : 0x80), static_cast<uint8_t>(lead == 0xF4 ? 0x8F : 0xBF), 2};
}

// With which plain characters begin.
const ByteSet& plain_first_bytes() {
  static const ByteSet bytes = [] {
    ByteSet set;
    for (size_t c = 0x20; c <= 0xF4; ++c)
      if (c != '"' && c != '\\' && (c < 0x80 || c >= 0xC2)) set.set(c);
    return set;
  }();
  return bytes;
}

// Reads one plain character, whichever.
class PlainStep {
 public:
  explicit PlainStep(Regexes& regexes) : regexes_(regexes) {}

  std::optional<std::vector<RegexId>> behind(RegexId regex) {
    std::vector<RegexId> out;
    for (int c = 0x20; c < 0x80; ++c)
      if (c != '"' && c != '\\' && !add(regexes_.derive(regex, static_cast<uint8_t>(c)), out)) return std::nullopt;
    // Lead bytes of one kind mostly lead to one state.
    std::vector<std::pair<RegexId, Continuation>> open;
    for (int lead = 0xC2; lead <= 0xF4; ++lead) {
      const RegexId there = regexes_.derive(regex, static_cast<uint8_t>(lead));
      if (there == Regexes::kNothing) return std::nullopt;
      const Continuation next = continuation_of(static_cast<uint8_t>(lead));
      const bool is_known = std::any_of(open.begin(), open.end(), [&](const auto& entry) {
        return entry.first == there && entry.second.first == next.first && entry.second.last == next.last &&
               entry.second.more == next.more;
      });
      if (!is_known) open.emplace_back(there, next);
    }
    for (const auto& [there, next] : open)
      if (!read(there, next, out)) return std::nullopt;
    return out;
  }

 private:
  static bool add(RegexId there, std::vector<RegexId>& out) {
    if (there == Regexes::kNothing) return false;
    if (std::find(out.begin(), out.end(), there) == out.end()) out.push_back(there);
    return true;
  }

  bool read(RegexId regex, Continuation next, std::vector<RegexId>& out) {
    std::vector<RegexId> between;
    for (int c = next.first; c <= next.last; ++c)
      if (!add(regexes_.derive(regex, static_cast<uint8_t>(c)), next.more == 0 ? out : between)) return false;
    for (const RegexId there : between)
      if (!read(there, {0x80, 0xBF, next.more - 1}, out)) return false;
    return true;
  }

  Regexes& regexes_;
};

}  // namespace

bool MaskCache::fill(StateId state, TokenMask& mask) {
  const TokenSet& set = set_of(state);
  const auto from = (set.many ? *set.many : tokens_.slice(set.slice)).words();
  const auto to = mask.words();
  std::copy(from.begin(), from.end(), to.begin());
  for (const TokenId token : set.tokens) mask.add(token);
  return set.has_any();
}

bool MaskCache::has_any(StateId state) { return set_of(state).has_any(); }

const TokenSet& MaskCache::set_of(StateId state) {
  if (const auto it = sets_.find(state); it != sets_.end()) return it->second;
  TokenSet set;
  const auto threads = automaton_.threads(state);
  const std::vector<Thread> all(threads.begin(), threads.end());  // walks make states, which may move them
  std::vector<RegexId> strings;
  for (const Thread& thread : all)
    if (is_string(thread)) strings.push_back(thread.state);
  if (strings.size() > 1) add(inside({automaton_.regexes().either(strings), {}, false, Tokens::Plain}).all, set);
  for (const Thread& thread : all)
    add_thread(thread, strings.size() > 1 && is_string(thread) ? Tokens::Others : Tokens::All, set);
  make_short(set);
  n_bytes_ += set.n_bytes() + 48;
  return sets_.emplace(state, std::move(set)).first->second;
}

// A bit for each token of the vocabulary is shorter than a long list.
void MaskCache::make_short(TokenSet& set) {
  if (set.many || set.tokens.size() * 32 > tokens_.n_tokens()) {
    if (!set.many) set.many = std::make_unique<TokenMask>(tokens_.slice(set.slice));
    for (const TokenId token : set.tokens) set.many->add(token);
    set.tokens.clear();
  }
  set.tokens.shrink_to_fit();
}

void MaskCache::add(const TokenSet& set, TokenSet& out) {
  if (set.many) {
    if (!out.many) out.many = std::make_unique<TokenMask>(tokens_.n_tokens());
    *out.many |= *set.many;
  }
  out.slice = std::max(out.slice, set.slice);
  if (out.many) *out.many |= tokens_.slice(out.slice);
  out.tokens.insert(out.tokens.end(), set.tokens.begin(), set.tokens.end());
}

// Strings end with a quote, which no plain token has, so these are read by one string or the other: together they often
// allow whole slices where each alone has to be walked. Keys that patterns tell apart are the usual case.
bool MaskCache::is_string(const Thread& thread) {
  return !thread.is_key() && thread.text == kNoText && automaton_.regexes().ends_with(thread.state, '"');
}

void MaskCache::add_thread(const Thread& thread, Tokens tokens, TokenSet& out) {
  if (thread.is_key()) return add_key(thread, out);
  const bool is_recorded = thread.text != kNoText;
  const StateId next = is_recorded ? kDead : automaton_.after(thread);
  InsideKey key{thread.state, {}, is_recorded, tokens};
  if (is_recorded)
    key.behind.set();  // known only where the text ends
  else if (next != kDead)
    key.behind = automaton_.first_bytes(next);
  Inside& in = inside(key);
  add(in.all, out);
  if (is_recorded) return add_recorded(thread, in, out);
  if (in.leaving.empty()) return;
  walk(in.leaving, in.leaving.root(), next, out);
}

// Whether a recorded text may end is decided by all of it, so these tokens are read from their beginning. Only what is
// complete is recorded: texts are many, and each is a state of its own.
void MaskCache::add_recorded(const Thread& thread, Inside& in, TokenSet& out) {
  if (!in.whole) {
    std::vector<TokenTrie::Entry> entries;
    for (const TokenId token : in.leaving.tokens_below(in.leaving.root()))
      entries.push_back({tokens_.bytes(token), token});
    for (const TokenId token : in.nearly_ended) entries.push_back({tokens_.bytes(token), token});
    in.whole = TokenTrie(std::move(entries));
    n_bytes_ += in.whole->n_bytes();
  }
  read_.clear();
  walk_recorded(*in.whole, in.whole->root(), thread, out);
}

void MaskCache::walk_recorded(const TokenTrie& trie, const TokenTrie::Node& node, const Thread& thread, TokenSet& out) {
  Regexes& regexes = automaton_.regexes();
  for (const TokenTrie::Node& child : trie.children(node)) {
    const RegexId there = regexes.derive(thread.state, child.byte);
    if (there == Regexes::kNothing) continue;
    read_.push_back(static_cast<char>(child.byte));
    const StateId next =
        regexes.is_nullable(there) ? automaton_.after_recording({there, thread.frame, thread.text}, read_) : kDead;
    const auto goes_on = [&] {
      return regexes.has_continuation(there) && automaton_.can_be_new({there, thread.frame, thread.text}, read_);
    };
    if (next != kDead || goes_on()) {
      const auto tokens = trie.tokens_at(child);
      out.tokens.insert(out.tokens.end(), tokens.begin(), tokens.end());
    }
    if (next != kDead) walk(trie, child, next, out);
    walk_recorded(trie, child, {there, thread.frame, thread.text}, out);
    read_.pop_back();
  }
}

void MaskCache::add_key(const Thread& thread, TokenSet& out) {
  const StateId from = automaton_.alone(thread);
  walk(tokens_.plain(), tokens_.plain().root(), from, out);
  walk(tokens_.others(), tokens_.others().root(), from, out);
}

void MaskCache::walk(const TokenTrie& trie, const TokenTrie::Node& node, StateId state, TokenSet& out) {
  const ByteSet first = automaton_.first_bytes(state);
  for (const TokenTrie::Node& child : trie.children(node)) {
    if (!first[child.byte]) continue;
    const StateId there = automaton_.step(state, child.byte);
    if (there == kDead) continue;
    const auto tokens = trie.tokens_at(child);
    out.tokens.insert(out.tokens.end(), tokens.begin(), tokens.end());
    if (child.n_children > 0) walk(trie, child, there, out);
  }
}

// ------------------------------------------------------------------------------------------------ expressions alone
MaskCache::Inside& MaskCache::inside(const InsideKey& key) {
  if (const auto it = insides_.find(key); it != insides_.end()) return *it->second;
  auto found = std::make_unique<Inside>(find_inside(key));
  n_bytes_ += found->all.n_bytes() + found->leaving.n_bytes() + 120;
  return *insides_.emplace(key, std::move(found)).first->second;
}

MaskCache::Inside MaskCache::find_inside(const InsideKey& key) {
  Inside found;
  InsideWalk out{key.behind, found, key.is_recorded, {}, nullptr, {}};
  if (key.tokens != Tokens::Others) {
    Readable plain = readable(key.regex, key.is_recorded);
    if (key.is_recorded && (plain.may_end || plain.may_nearly_end)) plain = {0, true, true};  // each end is looked at
    found.all.slice = plain.n_characters;
    if (plain.may_go_on || (plain.may_end && key.behind.any())) walk(tokens_.plain(), key.regex, out);
  }
  if (key.tokens != Tokens::Plain) walk(tokens_.others(), key.regex, out);
  make_short(found.all);
  found.leaving = TokenTrie(std::move(out.leaving));
  return found;
}

void MaskCache::walk(const TokenTrie& trie, RegexId regex, InsideWalk& out) {
  out.trie = &trie;
  out.run = TokenRun(trie.tokens_below(trie.root()));
  walk(trie.root(), regex, 0, out);
  out.run.finish(out.found.all.tokens);
}

// Tokens that the expression reads whole; and of those that it does not, what comes behind each place where it may end,
// if it may come there.
void MaskCache::walk(const TokenTrie::Node& node, RegexId regex, size_t depth, InsideWalk& out) {
  Regexes& regexes = automaton_.regexes();
  if (path_.size() <= depth) path_.resize(depth + 1);
  path_[depth] = regex;
  for (const TokenTrie::Node& child : out.trie->children(node)) {
    const RegexId there = regexes.derive(regex, child.byte);
    if (there == Regexes::kNothing) {
      out.run.leave_out(out.trie->tokens_below(child), out.found.all.tokens);
      if (depth > 0) add_leaving(child, depth, out);
      continue;
    }
    if (out.is_recorded && nearly_ends(there)) {
      const auto tokens = out.trie->tokens_at(child);
      out.run.leave_out(tokens, out.found.all.tokens);
      out.found.nearly_ended.insert(out.found.nearly_ended.end(), tokens.begin(), tokens.end());
    }
    if (child.n_children > 0) walk(child, there, depth + 1, out);
  }
}

void MaskCache::add_leaving(const TokenTrie::Node& node, size_t depth, InsideWalk& out) {
  const auto tokens = out.trie->tokens_below(node);
  const std::string_view read = tokens_.bytes(tokens.front());
  for (size_t end = depth; end > 0; --end)
    if (out.behind[static_cast<uint8_t>(read[end])] && automaton_.regexes().is_nullable(path_[end]))
      for (const TokenId token : tokens) out.leaving.push_back({tokens_.bytes(token).substr(end), token});
}

const std::optional<std::vector<RegexId>>& MaskCache::behind_plain(RegexId regex) {
  if (const auto it = behind_plain_.find(regex); it != behind_plain_.end()) return it->second;
  n_bytes_ += 80;
  return behind_plain_.emplace(regex, PlainStep(automaton_.regexes()).behind(regex)).first->second;
}

bool MaskCache::reads_plain(RegexId regex) {
  const ByteSet& bytes = automaton_.regexes().first_bytes(regex);
  return (bytes & plain_first_bytes()).any();
}

MaskCache::Readable MaskCache::readable(RegexId regex, bool is_recorded) {
  Regexes& regexes = automaton_.regexes();
  std::unordered_map<RegexId, size_t> known{{regex, 0}};  // and behind how many characters it was met first
  std::vector<RegexId> front{regex};
  bool may_end = regexes.is_nullable(regex), may_nearly_end = false, came_back = false;
  const size_t longest = tokens_.last_slice();
  for (size_t n = 0; n < longest; ++n) {
    std::vector<RegexId> next;
    for (const RegexId at : front) {
      const auto& behind = behind_plain(at);
      if (!behind) {
        const bool goes_on =
            came_back || std::any_of(front.begin(), front.end(), [this](RegexId r) { return reads_plain(r); });
        return {n, goes_on, may_end, may_nearly_end};
      }
      for (const RegexId there : *behind) {
        const auto [it, is_new] = known.try_emplace(there, n + 1);
        came_back |= it->second <= n;
        may_end |= regexes.is_nullable(there);
        may_nearly_end |= is_recorded && nearly_ends(there);
        if (is_new) next.push_back(there);
      }
    }
    if (next.empty()) break;  // round and round, as far as one likes
    if (known.size() > kMaxStates) return {n, true, may_end, may_nearly_end};
    front = std::move(next);
  }
  return {longest, false, false, may_nearly_end};
}

}  // namespace facet::constraint
