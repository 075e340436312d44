// A model that is put to a set of skills: an item's messages and files go in, its answer comes out.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "apps/chat/shown_files.h"
#include "evaluation/skill_set.h"
#include "runtime/generate.h"

namespace facet::apps::eval {

class SkillModel {
 public:
  SkillModel(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel);

  // Why the model cannot be asked this: it lacks a sense.
  std::optional<std::string> why_not(const evaluation::Item& item) const;
  // Greedy. Throws FormatError naming the item when its files or messages cannot be used, CancelledError.
  evaluation::Answer answer(const evaluation::Item& item);

 private:
  evaluation::Answer generate(const evaluation::Item& item);

  std::shared_ptr<const runtime::Engine> engine_;
  runtime::Session session_;  // what an item shares with the one before is computed once
  chat::ShownFiles files_;
  const std::atomic<bool>* cancel_;
};

}  // namespace facet::apps::eval
