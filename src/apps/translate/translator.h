// Segments of a document in another language. Several go to the model at once, as numbered lines, so that each is read
// among its neighbours; what comes back is checked line by line. A segment whose line or whose marks are lost is asked
// for once more alone, then piece by piece; mark-up is never lost, whatever the model says.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/asked_model.h"
#include "documents/segment.h"

namespace facet::apps {

struct TranslatorOptions {
  std::string to, from;  // names of languages; from may be empty
};

struct TranslatorCounts {
  int n_segments = 0;
  int n_batches = 0;
  int n_alone = 0;   // segments asked for again alone
  int n_pieces = 0;  // segments translated piece by piece
  int n_kept = 0;    // segments of which words stayed as they were: no answer was usable
};

class Translator {
 public:
  // Throws RequestError when the model's context leaves no room for text.
  Translator(AskedModel& model, const TranslatorOptions& options);

  // progress: segments done, of all.
  std::vector<documents::Pieces> translate(const std::vector<documents::Segment>& segments,
                                           const std::function<void(size_t done, size_t total)>& progress = {});

  const TranslatorCounts& counts() const noexcept { return counts_; }

 private:
  struct Line {
    size_t segment;
    std::string text;
  };
  std::vector<std::string> ask_lines(const std::vector<std::string>& lines);
  void translate_batch(const std::vector<Line>& batch, const std::vector<documents::Segment>& segments,
                       std::vector<documents::Pieces>& out);
  documents::Pieces translate_alone(const documents::Segment& segment);
  documents::Pieces translate_pieces(const documents::Segment& segment);
  std::string translate_words(const std::string& words, bool& is_kept);

  AskedModel& model_;
  std::string instruction_;
  int max_source_tokens_ = 0;  // of the lines of one prompt
  TranslatorCounts counts_;
};

}  // namespace facet::apps
