// Sets of questions with known answers, a skill a file: FOLDER/SKILL.jsonl, a question a line, and what it shows or
// plays in files beside it. docs/cli.md describes the format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/expectation.h"
#include "text/chat.h"

namespace facet::evaluation {

struct Item {
  std::string id;
  std::string where;        // "FOLDER/copy.jsonl:12", for messages
  text::ChatJson messages;  // as render_chat takes them; parts of type image and audio name their file by "path"
  text::ChatJson tools;     // null: none
  bool think = false;
  int max_tokens = 0;
  Expectation expect;
};

struct Skill {
  std::string name;
  std::vector<Item> items;
};

// The lines of a file called `name`; the paths in them become paths in `folder`. FormatError naming file and line.
std::vector<Item> parse_items(std::string_view bytes, const std::string& name, const std::string& folder);

// The skills of a folder, sorted by name: all, or those that `only` names; of each the first `limit` items (0: all).
// Whether what the items show is there is checked. Throws FormatError, and RequestError for a folder or a skill that is
// not there.
std::vector<Skill> read_skills(const std::string& folder, const std::vector<std::string>& only, int limit);

}  // namespace facet::evaluation
