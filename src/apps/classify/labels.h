// What `facet classify` chooses from, and what it prints about one picture.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/chat.h"

namespace facet::apps {

// "cat, dog,bird" or a label a line; without white space around them and without empty ones.
std::vector<std::string> split_labels(std::string_view text, char separator);

// `{labels}` in a text becomes "cat, dog, bird".
std::string with_labels(std::string text, const std::vector<std::string>& labels);

// A label's share; log_probability: as the model gave it, NaN for none.
struct LabelShare {
  std::string label;
  double probability = 0, log_probability = 0;
};

// The likeliest first, those below `threshold` left out, at most `top` (0: all).
std::vector<LabelShare> best_labels(std::vector<LabelShare> all, int top, double threshold);

// "cat 0.93  dog 0.05", or "-" where none is left.
std::string labels_line(const std::vector<LabelShare>& best);
// Adds "label" and "probability" of the best (null where none is left), and "scores" of all of them.
void add_labels(text::ChatJson& row, const std::vector<LabelShare>& best);

}  // namespace facet::apps
