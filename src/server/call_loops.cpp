#include "server/call_loops.h"

#include <string>
#include <vector>

#include "server/messages.h"

namespace facet::server {
namespace {

bool has_text(const Json& message) {
  const Json content = message.value("content", Json());
  return (content.is_string() && content != "") || (content.is_array() && !content.empty());
}

}  // namespace

bool is_call_loop(const Json& messages, int max_same, int max_rounds) {
  if ((max_same <= 0 && max_rounds <= 0) || !messages.is_array() || messages.empty()) return false;
  const Json prepared = prepare_messages(messages);
  int n_same = 0, n_rounds = 0;
  std::string last;
  for (size_t i = round_begin(prepared); i < prepared.size(); ++i) {
    const Json& message = prepared[i];
    if (message["role"] != "assistant") continue;
    if (has_text(message)) n_rounds = 0;
    if (!message.contains("tool_calls")) continue;
    ++n_rounds;
    for (const Json& call : message["tool_calls"]) {
      const std::string key =
          call["function"]["name"].get<std::string>() + text::chat_json_text(call["function"]["arguments"]);
      n_same = key == last ? n_same + 1 : 1;
      last = key;
    }
  }
  return (max_same > 0 && n_same >= max_same) || (max_rounds > 0 && n_rounds >= max_rounds);
}

}  // namespace facet::server
