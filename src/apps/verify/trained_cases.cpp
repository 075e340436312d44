// A small trained checkpoint with cases: the same greedy output as the library, right or wrong.
#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "runtime/generate.h"

namespace facet::verify {
namespace {

using runtime::TokenId;

void check(const std::shared_ptr<const runtime::Engine>& engine, const Json& c, Case& result) {
  runtime::Session session(engine);
  const auto prompt = c.at("prompt_ids").get<std::vector<TokenId>>();
  result.expect(engine->tokenizer().encode(c.at("prompt").get<std::string>(), text::Specials::Allow) == prompt,
                "prompt tokens differ");
  runtime::GenerateOptions options;
  options.sampling.temperature = 0;
  const auto want = c.at("output_ids").get<std::vector<TokenId>>();
  options.max_tokens = static_cast<int>(want.size());
  const auto got = runtime::generate(session, prompt, options);
  result.expect(got.tokens == want, fmt::format("output is \"{}\", expected \"{}\"", got.text, c.value("output", "")));
}

}  // namespace

void run_trained_cases(const std::filesystem::path& folder, Report& report) {
  const std::string group = std::filesystem::weakly_canonical(folder).filename().string() + "/";
  std::shared_ptr<const runtime::Engine> engine;
  const Json file = read_json(folder / "cases.json");
  for (const Json& c : file.at("cases")) {
    const std::string name = group + c.at("name").get<std::string>();
    if (c.contains("image") || c.contains("audio") || c.contains("media")) {
      if (report.wants(name)) report.skip(name, "images and sound are not part of this build");
      continue;
    }
    run_case(report, name, [&](Case& result) {
      if (engine == nullptr) engine = runtime::Engine::load(folder.string(), report.options().engine_options());
      check(engine, c, result);
    });
  }
}

}  // namespace facet::verify
