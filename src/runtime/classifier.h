// How likely each of a few labels is as the answer to a prompt: what a model says about a picture, as numbers.
//
// A label's probability is that of an answer that begins with the label and with no longer label that begins with it
// ("red", unless it goes on to "red car"). So the labels are parts of one distribution, whose rest is every other
// answer: none gains or loses by its length but by what the model thinks of it, and no token for the answer's end is
// needed, which a model that would end its sentence with a full stop gives no label. Letters that stand for labels
// (A, B, C) would cost less where labels are long, but small models confuse which letter stands for what.
//
// Labels of one token each are read off the distribution after the prompt; where they are longer, what several have in
// common is computed once, and up to eight of them in a step.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/session.h"

namespace facet::runtime {

struct ClassifierOptions {
  // Of labels only the tokens that tell them apart count. Mostly that is the first: then there is no step beyond the
  // prompt, and a label's score is that of all answers that begin so.
  bool only_what_differs = false;
};

struct ClassifierStats {
  int n_prompts = 0;
  int64_t n_reused = 0, n_computed = 0;  // tokens of prompts
  int64_t n_label_tokens = 0;            // computed after prompts
  double seconds = 0;                    // of the decoder
};

// Belongs to one thread at a time.
class Classifier {
 public:
  // Throws RequestError for fewer than two labels, equal or empty ones.
  Classifier(std::shared_ptr<const Engine> engine, std::vector<std::string> labels,
             const ClassifierOptions& options = {});

  // The log-probability of each label, in their order; none is -inf. What stands before a prompt's first medium is
  // computed when it is new, then kept for the prompts that share it. Throws as Session::sync does.
  std::vector<double> score(const PromptView& prompt, const std::atomic<bool>* cancel = nullptr);

  // What score() gave for a prompt that says nothing about the labels: how far the model leans to each of them anyway.
  // Several count alike. probabilities() are corrected by it.
  void add_baseline(std::span<const double> log_probabilities);

  // Of the labels alone, adding up to 1: each divided by its baseline.
  std::vector<double> probabilities(std::span<const double> log_probabilities) const;

  const std::vector<std::string>& labels() const noexcept { return labels_; }
  int n_label_tokens() const noexcept;  // of the longest label: room to keep in a context behind the prompt
  const ClassifierStats& stats() const noexcept { return stats_; }

 private:
  // A place in the labels' tokens.
  struct Node {
    TokenId token = -1;
    int label = -1;                  // that ends here; -1: none
    std::vector<uint32_t> children;  // in nodes_
  };

  void add_label(int label, std::span<const TokenId> tokens);
  bool leave_what_differs(uint32_t node);
  void visit(Session& session, uint32_t node, double log_probability, std::span<double> out);
  void visit_children(const Session& session, std::span<const std::pair<uint32_t, double>> children,
                      std::span<double> out);

  std::shared_ptr<const Engine> engine_;
  std::vector<std::string> labels_;
  std::vector<std::vector<TokenId>> tokens_;  // by label
  std::vector<Node> nodes_;                   // a tree; the first is the end of the prompt
  Session session_;
  std::vector<double> baseline_;  // sums of probabilities; empty: none
  ClassifierStats stats_;
};

}  // namespace facet::runtime
