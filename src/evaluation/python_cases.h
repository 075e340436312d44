// Functions that a model wrote, tried out.
#pragma once

#include <string>

#include "evaluation/expectation.h"

namespace facet::evaluation {

// Whether `function`, a Python expression such as "lambda x: x + 1", gives the results of all cases, each
// [[argument...], result]. python3 runs it, with limits on time (10 s for all cases) and memory, without its site
// packages and with harmless builtins alone: enough against accidents, not a sandbox against an enemy. Skipped where
// there is no python3.
Verdict run_cases(const std::string& function, const text::ChatJson& cases, const std::string& python = "python3");

}  // namespace facet::evaluation
