#include "runtime/classifier.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "runtime/logprobs.h"

namespace facet::runtime {
namespace {

// Adding up to 1.
std::vector<double> softmax(std::vector<double> x) {
  const double largest = *std::max_element(x.begin(), x.end());
  for (double& v : x) v = std::exp(v - largest);
  const double sum = std::accumulate(x.begin(), x.end(), 0.0);
  for (double& v : x) v /= sum;
  return x;
}

}  // namespace

Classifier::Classifier(std::shared_ptr<const Engine> engine, std::vector<std::string> labels,
                       const ClassifierOptions& options)
    : engine_(std::move(engine)), labels_(std::move(labels)), nodes_(1), session_(engine_) {
  if (labels_.size() < 2) throw RequestError("there must be at least two labels to choose from");
  std::unordered_set<std::string_view> seen;
  for (const std::string& label : labels_) {
    if (!seen.insert(label).second) throw_error<RequestError>("the label \"{}\" is there twice", label);
    tokens_.push_back(engine_->tokenizer().encode(label, text::Specials::Forbid));
    if (tokens_.back().empty()) throw RequestError("a label is empty");
    add_label(static_cast<int>(tokens_.size()) - 1, tokens_.back());
  }
  if (options.only_what_differs) leave_what_differs(0);
}

void Classifier::add_label(int label, std::span<const TokenId> tokens) {
  uint32_t at = 0;
  for (const TokenId token : tokens) {
    const auto& children = nodes_[at].children;
    const auto found = std::ranges::find_if(children, [&](uint32_t child) { return nodes_[child].token == token; });
    if (found != children.end()) {
      at = *found;
      continue;
    }
    const auto next = static_cast<uint32_t>(nodes_.size());
    nodes_[at].children.push_back(next);
    nodes_.push_back({token, -1, {}});
    at = next;
  }
  if (nodes_[at].label >= 0)
    throw_error<RequestError>("the labels \"{}\" and \"{}\" are the same to the model",
                              labels_[static_cast<size_t>(nodes_[at].label)], labels_[static_cast<size_t>(label)]);
  nodes_[at].label = label;
}

// Ends a label where no other goes the same way. Returns whether one label alone is left below the node, which then
// ends there.
bool Classifier::leave_what_differs(uint32_t node) {
  bool is_one = nodes_[node].children.size() + (nodes_[node].label >= 0 ? 1 : 0) == 1;
  for (const uint32_t child : nodes_[node].children)
    if (!leave_what_differs(child)) is_one = false;
  if (!is_one || nodes_[node].label >= 0) return is_one;
  nodes_[node].label = nodes_[nodes_[node].children.front()].label;
  nodes_[node].children.clear();
  return true;
}

int Classifier::n_label_tokens() const noexcept {
  size_t n = 0;
  for (const auto& tokens : tokens_) n = std::max(n, tokens.size());
  return static_cast<int>(n);
}

std::vector<double> Classifier::score(const PromptView& prompt, const std::atomic<bool>* cancel) {
  const auto start = std::chrono::steady_clock::now();
  SyncOptions options;
  options.cancel = cancel;
  // The part that prompts share ends with a state to go on from, even where a local window forgets what is behind it.
  const size_t n_shared = prompt.media.empty() ? 0 : static_cast<size_t>(prompt.media.front().position);
  const auto shared = prompt.tokens.first(n_shared);
  if (n_shared > 0 && static_cast<size_t>(common_prefix({session_.tokens(), {}}, shared)) < n_shared)
    stats_.n_computed += session_.sync(shared, options).n_computed;
  const SyncResult result = session_.sync(prompt, options);
  std::vector<double> out(labels_.size());
  visit(session_, 0, 0, out);
  ++stats_.n_prompts;
  stats_.n_reused += result.n_reused;
  stats_.n_computed += result.n_computed;
  stats_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

// The session stands at the node, which has the given probability to be reached.
void Classifier::visit(Session& session, uint32_t node, double log_probability, std::span<double> out) {
  const std::span<const float> logits = session.logits();
  const double normalizer = log_normalizer(logits);
  std::vector<std::pair<uint32_t, double>> further;
  double goes_on = 0;
  for (const uint32_t child : nodes_[node].children) {
    const Node& next = nodes_[child];
    const double step = double{logits[static_cast<size_t>(next.token)]} - normalizer;
    goes_on += std::exp(step);
    if (next.children.empty())
      out[static_cast<size_t>(next.label)] = log_probability + step;
    else
      further.emplace_back(child, log_probability + step);
  }
  // What is left for the label that ends here; logits are floats, so less than their precision is not known.
  constexpr double kLeast = 0x1p-24;
  if (nodes_[node].label >= 0)
    out[static_cast<size_t>(nodes_[node].label)] = log_probability + std::log(std::max(1 - goes_on, kLeast));
  const auto n_together = static_cast<size_t>(session.max_bundle());
  for (size_t i = 0; i < further.size(); i += n_together)
    visit_children(session, std::span(further).subspan(i, std::min(n_together, further.size() - i)), out);
}

// One step for up to eight ways on.
void Classifier::visit_children(const Session& session, std::span<const std::pair<uint32_t, double>> children,
                                std::span<double> out) {
  std::vector<Session> forks;
  std::vector<Session*> all;
  std::vector<TokenId> tokens;
  forks.reserve(children.size());
  for (const auto& [node, log_probability] : children) {
    forks.push_back(session.fork());
    all.push_back(&forks.back());
    tokens.push_back(nodes_[node].token);
  }
  Session::append_batch(all, tokens);
  stats_.n_label_tokens += static_cast<int64_t>(tokens.size());
  for (size_t i = 0; i < children.size(); ++i) visit(forks[i], children[i].first, children[i].second, out);
}

void Classifier::add_baseline(std::span<const double> log_probabilities) {
  const std::vector<double> p = softmax({log_probabilities.begin(), log_probabilities.end()});
  baseline_.resize(p.size());
  for (size_t i = 0; i < p.size(); ++i) baseline_[i] += p[i];
}

std::vector<double> Classifier::probabilities(std::span<const double> log_probabilities) const {
  std::vector<double> x(log_probabilities.begin(), log_probabilities.end());
  // A baseline of nothing would make a label certain.
  constexpr double kLeast = 1e-6;
  for (size_t i = 0; i < baseline_.size(); ++i) x[i] -= std::log(std::max(baseline_[i], kLeast));
  return softmax(std::move(x));
}

}  // namespace facet::runtime
