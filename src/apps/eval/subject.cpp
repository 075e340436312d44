#include "apps/eval/subject.h"

namespace facet::apps::eval {

bool has_part(const evaluation::Item& item, const char* type) {
  for (const text::ChatJson& message : item.messages)
    if (message.contains("content") && message["content"].is_array())
      for (const text::ChatJson& part : message["content"])
        if (part.value("type", "") == type) return true;
  return false;
}

}  // namespace facet::apps::eval
