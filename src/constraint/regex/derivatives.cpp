// The automaton: a state is an expression, its transitions are derivatives, made when they are first asked for.
#include <algorithm>

#include "constraint/regex/store.h"

namespace facet::constraint {
namespace {

constexpr size_t kBlockEntries = 4096;

}  // namespace

Regexes::Store::Store(size_t max_expressions) : expressions(max_expressions) { extend_rows(); }

bool Regexes::Store::is_live(RegexId a) {
  if (expressions[a].life == Life::Unknown) settle(a);
  return expressions[a].life == Life::Live;
}

RegexId Regexes::Store::derive(RegexId a, uint8_t byte) {
  const uint8_t c = classes_of(a).class_of[byte];
  if (rows_[a].next[c] == kUnmet) {
    const RegexId next = derivative(a, byte);
    const bool may_follow = is_live(next);
    extend_rows();
    rows_[a].next[c] = may_follow ? next : kNothing;
  }
  return rows_[a].next[c];
}

RegexId Regexes::Store::derivative(RegexId a, uint8_t byte) {
  const RegexNode node = expressions[a];
  expressions.count_work();
  switch (node.kind) {
    case RegexKind::Nothing:
    case RegexKind::Empty:
      return kNothing;
    case RegexKind::Anything:
      return kAnything;
    case RegexKind::Bytes:
      return expressions.set(node)[byte] ? kEmpty : kNothing;
    case RegexKind::Literal:
      return static_cast<uint8_t>(expressions.literal(node)[0]) == byte ? expressions.literal_tail(a) : kNothing;
    case RegexKind::Concat:
      return derivative_of_concat(a, byte);
    case RegexKind::Either:
    case RegexKind::Both:
      return derivative_of_set(node, byte);
    case RegexKind::Not:
      return complement(derive_part(node.a, byte));
    case RegexKind::Repeat: {
      const RegexId first = derive_part(node.a, byte);
      if (first == kNothing) return kNothing;
      return concat(first, repeat(node.a, std::max(node.min - 1, 0), node.max < 0 ? -1 : node.max - 1));
    }
    case RegexKind::Multiple:
      return derivative_of_multiple(Expressions::remainder(node), byte);
  }
  return kNothing;
}

RegexId Regexes::Store::derivative_of_multiple(Remainder remainder, uint8_t byte) {
  if (byte == '.' && !remainder.behind_point) {
    remainder.behind_point = true;
    return expressions.multiple(remainder);
  }
  if (byte < '0' || byte > '9') return kNothing;
  if (remainder.behind_point) {
    if (remainder.decimals == 0) return byte == '0' ? expressions.multiple(remainder) : kNothing;
    --remainder.decimals;
  }
  remainder.value = (remainder.value * 10 + (byte - uint32_t{'0'})) % remainder.modulus;
  return expressions.multiple(remainder);
}

// Of the first part, and of those behind it as long as all before them may be empty.
RegexId Regexes::Store::derivative_of_concat(RegexId a, uint8_t byte) {
  std::vector<RegexId> alternatives;
  for (;;) {
    const RegexNode node = expressions[a];
    const bool is_chain = node.kind == RegexKind::Concat;
    const RegexId head = is_chain ? node.a : a;
    const RegexId next = derive_part(head, byte);
    expressions.count_work();
    if (next != kNothing) alternatives.push_back(is_chain ? concat(next, node.b) : next);
    if (!is_chain || !expressions[head].nullable) break;
    a = node.b;
  }
  return alternatives.size() == 1 ? alternatives[0] : either(alternatives);
}

RegexId Regexes::Store::derivative_of_set(const RegexNode& node, uint8_t byte) {
  std::vector<RegexId> derived;
  for (uint32_t i = 0; i < node.b; ++i) {
    const RegexId next = derive_part(expressions.parts(node)[i], byte);
    if (next != kNothing)
      derived.push_back(next);
    else if (node.kind == RegexKind::Both)
      return kNothing;
  }
  return node.kind == RegexKind::Either ? either(derived) : both(derived);
}

// Parts that are costly to derive are states of their own, so that none is derived twice.
RegexId Regexes::Store::derive_part(RegexId a, uint8_t byte) {
  switch (expressions[a].kind) {
    case RegexKind::Either:
    case RegexKind::Both:
    case RegexKind::Not:
    case RegexKind::Repeat:
      return derive(a, byte);
    default:
      return derivative(a, byte);
  }
}

// By which the derivatives of `a` differ; some classes may have the same one.
const ByteClasses& Regexes::Store::classes_of(RegexId a) {
  if (a >= rows_.size() || rows_[a].next == &unmet_) make_row(a);
  return *classes_[a];
}

void Regexes::Store::make_row(RegexId a) {
  ByteClassesBuilder builder;
  split_by(a, builder);
  const ByteClasses* classes = all_classes_.add(builder.take());
  if (blocks_.empty() || block_used_ + classes->size() > kBlockEntries) {
    blocks_.push_back(std::make_unique<RegexId[]>(kBlockEntries));
    block_used_ = 0;
  }
  RegexId* next = blocks_.back().get() + block_used_;
  block_used_ += classes->size();
  std::fill_n(next, classes->size(), kUnmet);
  extend_rows();
  rows_[a] = {classes->class_of.data(), next};
  classes_[a] = classes;
}

// Every expression has a row, so that derive() need not ask; most of them stay the empty one.
void Regexes::Store::extend_rows() {
  if (rows_.size() >= expressions.size()) return;
  rows_.resize(expressions.size(), Row{kOneClass.data(), &unmet_});
  classes_.resize(expressions.size(), nullptr);
  rows = rows_.data();
}

void Regexes::Store::split_by(RegexId a, ByteClassesBuilder& classes) {
  const RegexNode& node = expressions[a];
  switch (node.kind) {
    case RegexKind::Bytes:
      return classes.split(expressions.set(node));
    case RegexKind::Literal:
      return classes.split(static_cast<uint8_t>(expressions.literal(node)[0]));
    case RegexKind::Concat:
      for (RegexId rest = a;;) {
        const RegexNode chain = expressions[rest];
        if (chain.kind != RegexKind::Concat) return split_by_part(rest, classes);
        split_by_part(chain.a, classes);
        if (!expressions[chain.a].nullable) return;
        rest = chain.b;
      }
    case RegexKind::Either:
    case RegexKind::Both:
      for (const RegexId part : expressions.parts(node)) split_by_part(part, classes);
      return;
    case RegexKind::Not:
    case RegexKind::Repeat:
      return split_by_part(node.a, classes);
    case RegexKind::Multiple:
      for (const char c : std::string_view("0123456789.")) classes.split(static_cast<uint8_t>(c));
      return;
    default:
      return;
  }
}

void Regexes::Store::split_by_part(RegexId a, ByteClassesBuilder& classes) {
  const RegexKind kind = expressions[a].kind;
  if (kind == RegexKind::Bytes || kind == RegexKind::Literal || kind == RegexKind::Concat ||
      kind == RegexKind::Multiple)
    split_by(a, classes);
  else
    classes.split(classes_of(a));
}

const ByteSet& Regexes::Store::first_bytes(RegexId a) {
  const auto found = first_bytes_.find(a);
  if (found != first_bytes_.end()) return found->second;
  const ByteClasses& classes = classes_of(a);
  std::vector<bool> may_come;
  for (const uint8_t example : classes.examples) may_come.push_back(derive(a, example) != kNothing);
  ByteSet set;
  for (size_t b = 0; b < 256; ++b) set[b] = may_come[classes.class_of[b]];
  return first_bytes_.emplace(a, set).first->second;
}

void Regexes::Store::forget() {
  expressions.forget();
  rows_.clear();
  classes_.clear();
  blocks_.clear();
  block_used_ = 0;
  all_classes_ = {};
  first_bytes_.clear();
  counts_.clear();
  least_bytes_.clear();
  extend_rows();
}

size_t Regexes::Store::n_bytes() const noexcept {
  return expressions.n_bytes() + rows_.capacity() * sizeof(Row) + classes_.capacity() * sizeof(void*) +
         blocks_.size() * kBlockEntries * sizeof(RegexId) + all_classes_.n_bytes() +
         first_bytes_.size() * 2 * sizeof(ByteSet) + counts_.size() * 48 + least_bytes_.size() * 40;
}

}  // namespace facet::constraint
