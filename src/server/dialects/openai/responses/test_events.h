// The names of a streamed response's events, to compare. For tests.
#pragma once

#include <string>
#include <vector>

#include "server/request.h"

namespace facet::server {

using Types = std::vector<std::string>;

// Without "response." before them.
inline Types event_types(const std::vector<Json>& events) {
  Types types;
  for (const Json& event : events) types.push_back(event["type"].get<std::string>().substr(9));
  return types;
}

// The same, where a message of one piece comes behind these events and before those.
inline Types with_message(Types before, const Types& after) {
  before.insert(before.end(), {"output_item.added", "content_part.added", "output_text.delta", "output_text.done",
                               "content_part.done", "output_item.done"});
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

}  // namespace facet::server
