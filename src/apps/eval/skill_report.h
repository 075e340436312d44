// What `facet eval` found, as a table and as JSON.
#pragma once

#include <string>
#include <vector>

#include "evaluation/scores.h"
#include "evaluation/skill_set.h"

namespace facet::apps::eval {

// An answer that was not right.
struct Failure {
  std::string skill;
  evaluation::Item item;
  evaluation::Answer answer;
  std::string why;
};

struct SkillReport {
  std::string set, model;  // paths
  std::vector<evaluation::Score> scores;
  std::vector<Failure> failures;
};

void print_table(const SkillReport& report);
void print_failures(const SkillReport& report);
text::ChatJson to_json(const SkillReport& report, bool with_failures);

}  // namespace facet::apps::eval
