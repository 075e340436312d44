// What an answer may be: a thought first or none, and behind it what a grammar allows. OutputRules says so; an
// OutputGuide follows one answer token by token.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/grammar_guide.h"

namespace facet::runtime {

// Tokens that a thought may take by the word for its effort, "minimal" to "max": the models know no levels, so a level
// is a limit, -1: none. Nothing for another word.
std::optional<int> thought_budget(std::string_view effort) noexcept;

struct OutputRules {
  enum class Thought : uint8_t {
    Forbidden,
    Allowed,
    Open,  // the prompt left one open: the answer begins inside it
  };
  // Of what stands behind the thought; none: any text.
  std::shared_ptr<const constraint::CompiledGrammar> grammar = nullptr;
  bool is_chat = false;  // else thoughts do not exist, and without a grammar nothing is ruled out
  Thought thought = Thought::Forbidden;
  // Tokens of thoughts, and up to 16 more in which a sentence or a line ends; -1: as many as leave the reserve.
  int thought_budget = -1;
  int answer_reserve = -1;  // of the tokens allowed, what thoughts leave to the answer; -1: a quarter, at most 512
};

class OutputGuide {
 public:
  // max_tokens: of thoughts and answer together. The engine outlives the guide.
  OutputGuide(const OutputRules& rules, const Engine& engine, int max_tokens);

  // Tokens that may come next; valid until take(). RequestError when there are none.
  const constraint::TokenMask& allowed();
  // Whether nothing could follow a token of allowed(): then it is in there no longer.
  bool leads_nowhere(TokenId token);
  // Tokens that must come next, whatever the model thinks of them; none when there is a choice. A stop token comes
  // alone: the answer is complete. Valid until take().
  std::span<const TokenId> forced();
  // Whether the grammar's text can still be brought to its end behind a token that may come; true where there is no
  // hope of that anyway, and in thoughts. Where it is false, only tokens of closing() may be taken.
  bool leaves_room(TokenId token);
  const constraint::TokenMask& closing();  // valid until take()
  // Whether the answer has been brought to its end for want of tokens.
  bool was_closed();
  // The answer is to come to its end. True: it may end here. Else a thought ends, and the answer follows; the text of a
  // grammar takes its shortest ending, where one is known.
  bool end_soon();
  // How many tokens of a guess may come, as far as that is known.
  size_t n_allowed(std::span<const TokenId> guess);
  // A token that may come has come.
  void take(TokenId token);

 private:
  enum class Phase : uint8_t { Start, Thought, Answer };

  int reserve();
  bool may_think() const;
  bool must_stop_thinking() const;
  std::vector<TokenId> find_forced();

  OutputRules rules_;
  const text::Tokenizer& tokenizer_;
  std::optional<GrammarGuide> grammar_;
  TokenId channel_begin_ = -1, channel_end_ = -1;  // -1: there are no thoughts
  int grace_, thought_end_;  // tokens in which a sentence may end; tokens after which no thought goes on but for these
  Phase phase_ = Phase::Start;
  int max_tokens_, n_taken_ = 0, n_thought_ = 0;
  TokenId last_ = -1;
  constraint::TokenMask text_, thought_, mask_;
  std::vector<TokenId> forced_;
  size_t n_forced_taken_ = 0;
  bool forced_is_known_ = false, is_closing_ = false;
};

}  // namespace facet::runtime
