// A model that is asked for one text after another. What a prompt shares with the one before, such as the instruction,
// is computed once.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/generate.h"

namespace facet::apps {

struct AskOptions {
  int max_tokens = -1;  // of the answer; -1: to the end of the context
  bool print = false;   // on stdout, as it comes
};

struct Answered {
  std::string text;       // content alone, white space around it removed
  bool is_whole = false;  // the model ended it; else max_tokens or the context did
};

// What commands that work on texts need of a model; tests have other ones.
class AskedModel {
 public:
  virtual ~AskedModel() = default;

  // instruction: what to do, text: to what. Throws RequestError when they do not fit the context, CancelledError.
  virtual Answered ask(const std::string& instruction, const std::string& text, const AskOptions& options) = 0;
  virtual int count_tokens(std::string_view text) const = 0;
  // Tokens of a prompt and its answer together, without what the chat format adds.
  virtual int room() const = 0;

 protected:
  AskedModel() = default;
  AskedModel(const AskedModel&) = default;
  AskedModel& operator=(const AskedModel&) = default;
};

// All that was asked, together.
struct AskTotals {
  int n_asked = 0, n_prompt = 0, n_reused = 0, n_computed = 0, n_generated = 0;
  double prompt_seconds = 0, decode_seconds = 0;
};

// An engine's own session, in the model's chat format, greedy: the same text gives the same answer.
class EngineModel : public AskedModel {
 public:
  // RequestError for a base model without a chat format.
  EngineModel(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel);

  Answered ask(const std::string& instruction, const std::string& text, const AskOptions& options) override;
  int count_tokens(std::string_view text) const override;
  int room() const override;

  const AskTotals& totals() const noexcept { return totals_; }
  std::string totals_line() const;

 private:
  std::shared_ptr<const runtime::Engine> engine_;
  runtime::Session session_;
  const std::atomic<bool>* cancel_;
  int n_format_tokens_;  // of an empty instruction and an empty text
  AskTotals totals_;
};

}  // namespace facet::apps
