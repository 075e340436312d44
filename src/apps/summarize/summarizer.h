// A summary of a text of any length. What fits the context is summarised at once; a longer text in parts, cut between
// paragraphs, whose summaries are the text of the next round.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/asked_model.h"

namespace facet::apps {

struct SummarizerOptions {
  int n_words = 150;
  std::string language;     // name; empty: the text's own
  std::string instruction;  // what else is asked for; may be empty
  bool print = false;       // the summary on stdout, as it comes
};

struct Summary {
  std::string text;
  bool is_whole = true;  // the model came to its end
  int n_tokens = 0;      // of the text
  int n_parts = 1;       // that were summarised on the way, of all rounds; 1: the text at once
  int n_rounds = 0;      // of parts, before the last one
};

class Summarizer {
 public:
  // Parts done, of those of this round; and done == total before the summary itself is asked for.
  using OnProgress = std::function<void(int done, int total)>;

  Summarizer(AskedModel& model, SummarizerOptions options);

  // Throws RequestError: no words, or a context that leaves no room for them.
  Summary summarize(const std::string& text, const OnProgress& progress = {});

 private:
  int answer_tokens(int n_words) const;
  int room_for_text(const std::string& instruction, int n_words) const;
  std::string summarize_parts(const std::string& text, Summary& summary, const OnProgress& progress);

  AskedModel& model_;
  SummarizerOptions options_;
  std::string last_instruction_, part_instruction_;
};

}  // namespace facet::apps
