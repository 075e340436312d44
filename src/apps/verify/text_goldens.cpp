// Text cases of a checkpoint.
#include "apps/verify/prompt_case.h"
#include "apps/verify/verify.h"

namespace facet::verify {

namespace fs = std::filesystem;

void run_text_goldens(const fs::path& folder, Report& report) {
  const Json cases = read_json(folder / "text.json");
  const std::string group = fs::weakly_canonical(folder).filename().string();
  ops::Dump dump;
  std::shared_ptr<const runtime::Engine> engine;
  for (const auto& item : cases.items()) {
    const std::string& name = item.key();
    const Json& facts = item.value();
    if (!facts.is_object()) continue;
    const std::string file = facts.value("file", "text_" + name + ".safetensors");
    if (!fs::exists(folder / file) && !facts.contains("file")) continue;
    run_case(report, group + "/text/" + name, [&](Case& result) {
      if (engine == nullptr) engine = load_dumping(find_checkpoint(folder).string(), report.options(), dump);
      const auto golden = safetensors::File::open((folder / file).string());
      PromptCase(engine, dump, {golden, facts, read_tolerances(folder, file)}, result).run();
    });
  }
}

}  // namespace facet::verify
