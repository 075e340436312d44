// The loop from prompt to answer: sync, sample, stream text, stop.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/logprobs.h"
#include "runtime/output_rules.h"
#include "runtime/sampler.h"
#include "runtime/session.h"

namespace facet::runtime {

// Where guesses of the next tokens come from, which a step then verifies together. What is generated is the same, to
// the bit, whatever they are.
enum class Draft : uint8_t { Off, Lookup };  // Lookup: what followed the last tokens where they stood before

enum class FinishReason : uint8_t { Stop, Length, Cancelled };
std::string_view finish_reason_name(FinishReason reason) noexcept;  // "stop", "length", "cancelled"

struct GenerateOptions {
  SamplingParams sampling;
  int max_tokens = -1;               // -1: to the end of the context
  std::vector<std::string> stop;     // strings that end the answer; not part of it
  std::vector<TokenId> stop_tokens;  // end the answer; not part of it
  std::optional<OutputRules> rules;  // none: any tokens may come
  int most_repeated = 0;             // tokens that only repeat a passage: then the answer is brought to its end; 0: any
  bool confidence = false;           // report how likely each token was among those that could come
  int n_logprobs = -1;               // most likely tokens to report with each token; -1: no log-probabilities
  Draft draft = Draft::Lookup;
  int draft_tokens = -1;  // guesses verified at a time, up to kMaxDraft; -1: as many as pay, or none
  const std::atomic<bool>* cancel = nullptr;
  Progress progress;  // of the prompt
};
constexpr int kMaxDraft = 7;

// Sampling as far as somebody asked for it.
struct SamplingChanges {
  std::optional<float> temperature, top_p, min_p, typical_p, repetition_penalty, presence_penalty, frequency_penalty;
  std::optional<int> top_k, penalty_window;
  std::optional<uint64_t> seed;
};

// Defaults of the model, as options.
GenerateOptions default_options(const Engine& engine);
// The same with changes; the seed is a random one unless they have one.
GenerateOptions changed_options(const Engine& engine, const SamplingChanges& changes);

// What one step of generation gives. `text` never ends inside a character, and holds back what may begin a stop string.
struct GenerateEvent {
  TokenId token;  // -1: none; text that was held back comes at the end
  std::string text;
  const Logprobs* logprobs = nullptr;
  float probability = 1;  // with `confidence`: among those that the rules let come, at temperature 1
};

using OnGenerateEvent = std::function<bool(const GenerateEvent&)>;

struct GenerateStats {
  SyncResult prompt;
  int n_prompt = 0, n_generated = 0;  // with the stop token
  int n_drafted = 0, n_accepted = 0;  // guesses verified, and those of them that were right
  int n_forced = 0;                   // tokens that the rules left no choice about
  double prompt_seconds = 0;          // prompt, to its logits
  double first_token_seconds = 0;     // from the call to the first token
  double decode_seconds = 0;          // from the first token to the last
};

struct GenerateResult {
  std::string text;
  std::vector<TokenId> tokens;  // without the one that ended it
  std::vector<Logprobs> logprobs;
  std::vector<float> probabilities;  // with `confidence`: of the tokens
  std::optional<TokenId> stop_token;
  FinishReason finish = FinishReason::Stop;
  GenerateStats stats;
};

// Appends an answer to `prompt` in the session's timeline. Afterwards the session holds the prompt and the answer, but
// for the last token if the answer ended with it. Tokens that the rules leave no choice about are taken as they are,
// several computed in a step, and so is the stop token behind an answer that cannot go on, which is not computed at
// all. Throws RequestError (parameters, prompt too long); cancellation is a finish reason, not an error. on_event:
// false ends the answer, as a stop string would.
GenerateResult generate(Session& session, const PromptView& prompt, const GenerateOptions& options,
                        const OnGenerateEvent& on_event = {});

}  // namespace facet::runtime
