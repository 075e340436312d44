// `facet eval NAME|FOLDER`: a set of skills put to a model.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "apps/model_options.h"

namespace facet::apps::eval {

struct SkillsFlags {
  ModelOptions model;
  std::string set;
  std::string via, dialect = "openai";
  std::vector<std::string> skills;
  int limit = 0;
  double margin = 0.02;
  std::string scores;  // row of scores.json
  bool failures = false, check = false, json = false;

  void add_to(CLI::App& command);
};

int eval_skills(SkillsFlags flags);

}  // namespace facet::apps::eval
