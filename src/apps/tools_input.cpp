#include "apps/tools_input.h"

#include "base/error.h"
#include "base/file.h"

namespace facet::apps {

text::ChatJson read_tools(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    text::ChatJson json = text::parse_chat_json(bytes);
    if (json.is_object() && json.contains("tools")) json = text::ChatJson(json["tools"]);
    if (!json.is_array()) throw RequestError("expected a list of tools, or an object with \"tools\"");
    // What is wrong with a declaration shows when it is rendered, whatever the messages.
    (void)text::render_chat({{{"role", "user"}, {"content", "?"}}}, json, {text::ChatTemplate::Gemma4Small});
    return json;
  } catch (const RequestError& e) {
    throw_error<RequestError>("{}: {}", path, e.what());
  }
}

}  // namespace facet::apps
