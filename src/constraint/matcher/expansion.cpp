#include "constraint/matcher/expansion.h"

#include <algorithm>

#include "base/error.h"

namespace facet::constraint {
namespace {

using Kind = Grammar::Kind;

constexpr size_t kMaxTasks = 100'000;

}  // namespace

FrameStore::FrameStore(Grammar g) : grammar(std::move(g)) {
  frames.id({});  // the root
  for (NodeId id = 0; id < grammar.size(); ++id) {
    const auto& node = grammar.node(id);
    if (node.kind != Kind::Object) continue;
    const ObjectNode& object = grammar.object_of(node);
    ObjectPlan plan{&object, {}, 0, {}, {}, !object.others.empty() && object.min_members > 1};
    for (uint32_t i = 0; i < object.properties.size(); ++i) plan.order.push_back(i);
    std::sort(plan.order.begin(), plan.order.end(),
              [&](uint32_t a, uint32_t b) { return object.properties[a].key < object.properties[b].key; });
    std::vector<std::string_view> sorted;
    for (uint32_t i = 0; i < plan.order.size(); ++i) {
      const auto& property = object.properties[plan.order[i]];
      sorted.push_back(property.key);
      (property.required ? plan.required : plan.optional).push_back(i);
    }
    plan.root = keys.add(sorted);
    if (objects.size() <= node.index) objects.resize(node.index + 1);
    objects[node.index] = std::move(plan);
  }
}

SetId FrameStore::with(SetId set, uint32_t member) {
  const auto list = sets[set];
  std::vector<uint32_t> longer(list.begin(), list.end());
  longer.insert(std::lower_bound(longer.begin(), longer.end(), member), member);
  return sets.id(longer);
}

bool FrameStore::has(SetId set, uint32_t member) const noexcept {
  const auto list = sets[set];
  return std::binary_search(list.begin(), list.end(), member);
}

bool FrameStore::misses_one(SetId set, uint32_t first, uint32_t end) const noexcept {
  const auto list = sets[set];
  const auto n = std::lower_bound(list.begin(), list.end(), end) - std::lower_bound(list.begin(), list.end(), first);
  return static_cast<uint32_t>(n) < end - first;
}

bool FrameStore::is_unlike_others(const Frame& f) const noexcept {
  const auto& node = grammar.node(f.node);
  if (node.kind == Kind::Array) return f.phase == Phase::Value && grammar.array_of(node).unique;
  return node.kind == Kind::Object && f.phase == Phase::OtherKey && objects[node.index].keys_differ;
}

size_t FrameStore::n_bytes() const noexcept {
  return grammar.size() * sizeof(Grammar::Node) + keys.n_bytes() + frames.n_bytes() + sets.n_bytes() + texts.n_bytes() +
         seen_texts.n_bytes();
}

Following Expansion::begin() {
  enter_later(store_.grammar.root(), kRoot, kNoText);
  return run();
}

Following Expansion::leave(FrameId frame, TextId text) {
  leave_later(frame, text);
  return run();
}

Following Expansion::leave(const Thread& thread) {
  if (!thread.is_key()) return leave(thread.frame, thread.text);
  Frame f = store_.frames[thread.frame];
  f.which = static_cast<uint32_t>(store_.keys[thread.state & ~kKeyBit].key);
  leave_key(f, thread.text);
  return run();
}

Following Expansion::run() {
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    if (!done_.insert(task).second) continue;
    if (done_.size() > kMaxTasks)
      throw_error<RequestError>(
          "the grammar is too ambiguous: its rules nest in more than {} ways at one place of the text", kMaxTasks);
    if (task.node != Grammar::kNoNode)
      enter(task);
    else
      leave(task);
  }
  done_.clear();
  return std::move(out_);
}

FrameId Expansion::frame(const Frame& frame) { return store_.frames.id(frame); }

void Expansion::enter(const Task& task) {
  const auto& node = store_.grammar.node(task.node);
  switch (node.kind) {
    case Kind::Terminal:
      if (node.regex == Regexes::kEmpty) return leave_later(task.frame, task.text);
      if (node.regex != Regexes::kNothing) emit(node.regex, task.frame, task.text);
      return;
    case Kind::Sequence:
      return enter_later(node.parts[0], frame({.node = task.node, .parent = task.frame}), task.text);
    case Kind::Choice:
      for (const NodeId part : node.parts) enter_later(part, task.frame, task.text);
      return;
    case Kind::Rule:
      return enter_later(node.parts[0], task.frame, task.text);
    case Kind::Repeat:
      return repeat(task.node, 0, task.frame, task.text);
    case Kind::Object:
      return enter_later(store_.grammar.object_of(node).open, frame({.node = task.node, .parent = task.frame}),
                         task.text);
    case Kind::Array:
      return enter_later(store_.grammar.array_of(node).open, frame({.node = task.node, .parent = task.frame}),
                         task.text);
  }
}

void Expansion::leave(const Task& task) {
  if (task.frame == kRoot) {
    out_.ends = true;
    return;
  }
  const Frame f = store_.frames[task.frame];
  const auto& node = store_.grammar.node(f.node);
  switch (node.kind) {
    case Kind::Sequence: {
      // The last part is entered as if it stood alone: what ends a rule does not nest.
      const uint32_t next = f.at + 1;
      const bool is_last = next + 1 == node.parts.size();
      return enter_later(node.parts[next], is_last ? f.parent : frame({.node = f.node, .parent = f.parent, .at = next}),
                         task.text);
    }
    case Kind::Repeat:
      return repeat(f.node, f.at + 1, f.parent, task.text);
    case Kind::Object:
      return leave_object(f, task.text);
    case Kind::Array:
      return leave_array(f, task.text);
    default:
      return;
  }
}

// Counts beyond the minimum of an endless repetition are the same.
void Expansion::repeat(NodeId id, uint32_t done, FrameId parent, TextId text) {
  const auto& node = store_.grammar.node(id);
  const auto min = static_cast<uint32_t>(node.min);
  if (node.max < 0) done = std::min(done, min);
  if (done >= min) leave_later(parent, text);
  if (node.max >= 0 && done >= static_cast<uint32_t>(node.max)) return;
  enter_later(node.parts[0], frame({.node = id, .parent = parent, .at = done}), text);
}

// ------------------------------------------------------------------------------------------------------------
// recordings
void Expansion::start_recording(Frame& f, TextId& text) {
  if (text == kNoText) text = kEmptyText;
  f.start = store_.texts.length(text);
}

bool Expansion::record(Frame& f, TextId& text) {
  const uint32_t number = store_.seen_texts.number(store_.texts.from(text, f.start));
  if (store_.has(f.seen, number)) return false;
  f.seen = store_.with(f.seen, number);
  if (f.start == 0) text = kNoText;  // nobody around it records
  f.start = 0;
  return true;
}

bool Expansion::is_any_left(RegexId regex, SetId seen) {
  return store_.seen_texts.is_any_left(store_.grammar.regexes(), regex, store_.sets[seen]);
}

// ---------------------------------------------------------------------------------------------------------------
// objects
void Expansion::leave_object(Frame f, TextId text) {
  const auto& node = store_.grammar.node(f.node);
  const ObjectPlan& plan = store_.objects[node.index];
  const ObjectNode& object = *plan.node;
  switch (f.phase) {
    case Phase::Open:
    case Phase::Value:
      return member_or_close(f, text);
    case Phase::Comma:
      return keys(f, text);
    case Phase::Key:
    case Phase::OtherKey:
      return leave_key(f, text);
    case Phase::Colon: {
      const size_t n = object.properties.size();
      const NodeId value =
          f.which < n ? object.properties[plan.order[f.which]].value : object.others[f.which - n].value;
      f.phase = Phase::Value;
      f.which = 0;
      // Beyond the limits that there are, members need not be counted.
      const int limit = std::max(object.min_members, object.max_members);
      f.at = std::min(f.at + 1, static_cast<uint32_t>(std::max(limit, 1)));
      return enter_later(value, frame(f), text);
    }
  }
}

void Expansion::leave_key(Frame f, TextId text) {
  const auto& node = store_.grammar.node(f.node);
  const ObjectPlan& plan = store_.objects[node.index];
  if (f.phase == Phase::Key) f.used = store_.with(f.used, f.which);
  if (f.phase == Phase::OtherKey && plan.keys_differ && !record(f, text)) return;
  f.phase = Phase::Colon;
  f.start = 0;
  enter_later(plan.node->colon, frame(f), text);
}

// Whether a further member could come.
bool Expansion::offers_member(const Frame& f) {
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  if (plan.node->max_members >= 0 && f.at >= static_cast<uint32_t>(plan.node->max_members)) return false;
  if (store_.sets[f.used].size() < plan.order.size()) return true;
  return std::any_of(plan.node->others.begin(), plan.node->others.end(), [&](const ObjectNode::Others& other) {
    return !plan.keys_differ || is_any_left(other.key, f.seen);
  });
}

void Expansion::member_or_close(const Frame& f, TextId text) {
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const bool has_required = std::all_of(plan.required.begin(), plan.required.end(),
                                        [&](uint32_t property) { return store_.has(f.used, property); });
  if (has_required && f.at >= static_cast<uint32_t>(plan.node->min_members))
    enter_later(plan.node->close, f.parent, text);
  if (!offers_member(f)) return;
  if (f.phase == Phase::Open) return keys(f, text);
  Frame comma = f;
  comma.phase = Phase::Comma;
  enter_later(plan.node->comma, frame(comma), text);
}

// The keys that may come. Where there is room for the required ones only, the others count as used.
void Expansion::keys(Frame f, TextId text) {
  const ObjectPlan& plan = store_.objects[store_.grammar.node(f.node).index];
  const ObjectNode& object = *plan.node;
  bool required_only = false;
  if (object.max_members >= 0) {
    const auto n_missing = std::count_if(plan.required.begin(), plan.required.end(),
                                         [&](uint32_t property) { return !store_.has(f.used, property); });
    const auto room = static_cast<std::ptrdiff_t>(object.max_members) - static_cast<std::ptrdiff_t>(f.at);
    if (room <= 0 || n_missing > room) return;
    required_only = n_missing == room;
  }
  if (required_only)
    for (const uint32_t property : plan.optional)
      if (!store_.has(f.used, property)) f.used = store_.with(f.used, property);
  f.phase = Phase::Key;
  f.which = 0;
  if (store_.sets[f.used].size() < plan.order.size()) emit(kKeyBit | plan.root, frame(f), text);
  if (required_only) return;
  f.phase = Phase::OtherKey;
  for (uint32_t i = 0; i < object.others.size(); ++i) {
    Frame other = f;
    TextId recorded = text;
    other.which = static_cast<uint32_t>(object.properties.size()) + i;
    if (plan.keys_differ) start_recording(other, recorded);
    const RegexId key = object.others[i].key;
    if (!plan.keys_differ || is_any_left(key, f.seen)) emit(key, frame(other), recorded);
  }
}

// ----------------------------------------------------------------------------------------------------------------
// arrays
void Expansion::leave_array(Frame f, TextId text) {
  const ArrayNode& array = store_.grammar.array_of(store_.grammar.node(f.node));
  switch (f.phase) {
    case Phase::Open:
      return item_or_close(f, text);
    case Phase::Value:
      if (array.unique && !record(f, text)) return;
      return item_or_close(f, text);
    case Phase::Comma:
      return item(f, text);
    default:
      return;
  }
}

NodeId Expansion::next_item(const ArrayNode& array, const Frame& f) const {
  if (array.max_items >= 0 && f.at >= static_cast<uint32_t>(array.max_items)) return Grammar::kNoNode;
  return f.at < array.first.size() ? array.first[f.at] : array.rest;
}

void Expansion::item_or_close(const Frame& f, TextId text) {
  const ArrayNode& array = store_.grammar.array_of(store_.grammar.node(f.node));
  if (f.at >= static_cast<uint32_t>(array.min_items)) enter_later(array.close, f.parent, text);
  const NodeId next = next_item(array, f);
  if (next == Grammar::kNoNode) return;
  const auto& node = store_.grammar.node(next);
  if (array.unique && node.kind == Kind::Terminal && !is_any_left(node.regex, f.seen)) return;
  if (f.phase == Phase::Open) return item(f, text);
  Frame comma = f;
  comma.phase = Phase::Comma;
  enter_later(array.comma, frame(comma), text);
}

void Expansion::item(Frame f, TextId text) {
  const ArrayNode& array = store_.grammar.array_of(store_.grammar.node(f.node));
  const NodeId next = next_item(array, f);
  const auto limit = static_cast<size_t>(std::max({array.min_items, array.max_items, 1}));
  f.phase = Phase::Value;
  f.at = static_cast<uint32_t>(std::min<size_t>(f.at + 1, std::max(limit, array.first.size())));
  if (array.unique) start_recording(f, text);
  enter_later(next, frame(f), text);
}

}  // namespace facet::constraint
