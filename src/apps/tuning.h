// Where the choice of kernels and threads that suits this machine is kept, and how commands use it.
#pragma once

#include <string>

#include "runtime/tuning.h"

namespace facet::apps {

// $FACET_HOME/tuning.json
std::string tuning_path();
// This machine and this program.
runtime::TunedMachine tuned_machine();

// What was measured on this machine; nothing where none was, or where the file is of no use: `problem` then says why.
std::optional<ops::cpu::Tuning> find_tuning(std::string& problem);

// Fills in what the options leave open. A file of no use is left alone, with a line on stderr.
void apply_tuning(runtime::EngineOptions& options);

// `facet doctor --tune`: measures, keeps the result, and shows it on stdout.
int tune_command(bool json);

}  // namespace facet::apps
