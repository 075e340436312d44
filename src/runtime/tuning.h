// What was found fastest on a machine (ops/cpu/tuning.h), kept in a file that later runs read. It is never needed: what
// is missing, damaged or of another machine leaves every choice as it is without it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ops/cpu/tuning.h"
#include "runtime/engine.h"

namespace facet::runtime {

// What a tuning was measured on, and holds for.
struct TunedMachine {
  std::string cpu;
  int n_processors = 0;  // usable by the process
  std::string version;   // of facet

  bool operator==(const TunedMachine&) const = default;
};
TunedMachine this_machine(std::string_view version);

// JSON that a person can read. parse_tuning throws FormatError naming `path` for text that write_tuning does not write,
// for another machine than `here`, and for kernels that do not run here.
std::string tuning_text(const ops::cpu::Tuning& tuning, const TunedMachine& machine);
ops::cpu::Tuning parse_tuning(std::string_view text, const TunedMachine& here, const std::string& path);

// Nothing where there is no file. Throws as parse_tuning does, and RequestError for a file that cannot be read.
std::optional<ops::cpu::Tuning> read_tuning(const std::string& path, const TunedMachine& here);
// Makes the folders above it; who reads it meanwhile sees the file before or after. Throws ResourceError.
void write_tuning(const std::string& path, const ops::cpu::Tuning& tuning, const TunedMachine& machine);

// Whether the environment variable FACET_ISA names a set.
bool isa_is_forced();
// Fills in what options leave open; FACET_ISA decides about kernels where it is set.
void apply(const ops::cpu::Tuning& tuning, EngineOptions& options);

// What an engine with these options computes with. Throws as kernels::choose() does.
const kernels::Kernels& kernels_of(const EngineOptions& options);

}  // namespace facet::runtime
