// A model that is put to a set of skills: an item's messages and files go in, its answer comes out.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "apps/chat/shown_files.h"
#include "apps/eval/subject.h"
#include "runtime/generate.h"

namespace facet::apps::eval {

class SkillModel : public Subject {
 public:
  SkillModel(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel);

  std::string name() const override { return engine_->path(); }
  // It lacks a sense.
  std::optional<std::string> why_not(const evaluation::Item& item) const override;
  // FormatError when an item's files or messages cannot be used.
  evaluation::Answer answer(const evaluation::Item& item) override;

 private:
  evaluation::Answer generate(const evaluation::Item& item);

  std::shared_ptr<const runtime::Engine> engine_;
  runtime::Session session_;  // what an item shares with the one before is computed once
  chat::ShownFiles files_;
  const std::atomic<bool>* cancel_;
};

}  // namespace facet::apps::eval
