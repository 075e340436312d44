// From "this part of the grammar is complete" to all that may be read next: the steps that read no byte.
#pragma once

#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "constraint/grammar/grammar.h"
#include "constraint/matcher/frames.h"
#include "constraint/matcher/key_tree.h"

namespace facet::constraint {

// An object of the grammar, with its keys as a tree.
struct ObjectPlan {
  const ObjectNode* node;
  std::vector<uint32_t> order;  // sorted key -> index in node->properties
  uint32_t root;                // of the tree
  std::vector<uint32_t> required, optional;
  bool keys_differ;  // keys without a name in the grammar are counted, so none may come twice
};

// All that frames are made of. One per compiled grammar.
struct FrameStore {
  explicit FrameStore(Grammar grammar);  // finished

  Grammar grammar;
  std::vector<ObjectPlan> objects;  // by Grammar::Node::index
  KeyTrees keys;
  Interned<Frame> frames;
  InternedLists sets;
  RecordedTexts texts;
  SeenTexts seen_texts;  // their numbers are in `seen` sets

  SetId with(SetId set, uint32_t member);
  bool has(SetId set, uint32_t member) const noexcept;
  // Whether one of first..end-1 is not in the set.
  bool misses_one(SetId set, uint32_t first, uint32_t end) const noexcept;
  // Whether what is read in this frame is itself a text that may not come twice.
  bool is_unlike_others(const Frame& frame) const noexcept;
  size_t n_bytes() const noexcept;
};

// What may be read once something is complete.
struct Following {
  std::vector<Thread> threads;
  bool ends = false;  // the whole text may end
};

class Expansion {
 public:
  explicit Expansion(FrameStore& store) : store_(store) {}
  // Everything of `frame` up to its current part is complete.
  Following leave(FrameId frame, TextId text);
  Following begin();
  // The same for a thread whose expression, or key, is complete.
  Following leave(const Thread& thread);

 private:
  struct Task {
    NodeId node;  // to enter; kNoNode: `frame` is left
    FrameId frame;
    TextId text;
    bool operator==(const Task&) const = default;
  };
  struct TaskHash {
    size_t operator()(const Task& t) const noexcept { return mix_hash(uint64_t{t.node} << 32 | t.frame, t.text); }
  };

  Following run();
  void enter_later(NodeId node, FrameId frame, TextId text) { tasks_.push_back({node, frame, text}); }
  void leave_later(FrameId frame, TextId text) { tasks_.push_back({Grammar::kNoNode, frame, text}); }
  FrameId frame(const Frame& frame);
  void emit(uint32_t state, FrameId frame, TextId text) { out_.threads.push_back({state, frame, text}); }

  void enter(const Task& task);
  void leave(const Task& task);
  void repeat(NodeId id, uint32_t done, FrameId parent, TextId text);

  void leave_object(Frame f, TextId text);
  void leave_key(Frame f, TextId text);
  void member_or_close(const Frame& f, TextId text);
  bool offers_member(const Frame& f);
  void keys(Frame f, TextId text);
  void leave_array(Frame f, TextId text);
  void item_or_close(const Frame& f, TextId text);
  NodeId next_item(const ArrayNode& array, const Frame& f) const;
  bool is_any_left(RegexId regex, SetId seen);
  void item(Frame f, TextId text);
  // Closes a recording: false if the text was there before.
  bool record(Frame& f, TextId& text);
  void start_recording(Frame& f, TextId& text);

  FrameStore& store_;
  std::vector<Task> tasks_;
  std::unordered_set<Task, TaskHash> done_;
  Following out_;
};

}  // namespace facet::constraint
