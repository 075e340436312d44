// Who is put to a set of skills: a model in this process, or a server.
#pragma once

#include <optional>
#include <string>

#include "evaluation/skill_set.h"

namespace facet::apps::eval {

class Subject {
 public:
  virtual ~Subject() = default;

  virtual std::string name() const = 0;
  // Why it cannot be asked this: the item is skipped.
  virtual std::optional<std::string> why_not(const evaluation::Item& item) const = 0;
  // Greedy. Throws an error that names the item, or CancelledError.
  virtual evaluation::Answer answer(const evaluation::Item& item) = 0;
};

// Whether a message has a part of this type: "image", "audio".
bool has_part(const evaluation::Item& item, const char* type);

}  // namespace facet::apps::eval
