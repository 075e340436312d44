// A small trained checkpoint with cases: the same greedy output as the library, right or wrong.
#include "apps/verify/golden_media.h"
#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "media/image_size.h"
#include "runtime/generate.h"

namespace facet::verify {
namespace {

using runtime::TokenId;

// What the case's prompt has places for already.
std::vector<runtime::Medium> media_of(const Json& c, GoldenMedia& files) {
  std::vector<runtime::Medium> media;
  if (c.contains("image")) media.push_back(files.picture(c["image"].get<std::string>(), media::kVideoFrameBudget));
  if (c.contains("audio")) media.push_back(files.sound(c["audio"].get<std::string>()));
  return media;
}

void check(const std::shared_ptr<const runtime::Engine>& engine, GoldenMedia& files, const Json& c, Case& result) {
  runtime::Session session(engine);
  const auto prompt = c.at("prompt_ids").get<std::vector<TokenId>>();
  result.expect(engine->tokenizer().encode(c.at("prompt").get<std::string>(), text::Specials::Allow) == prompt,
                "prompt tokens differ");
  runtime::GenerateOptions options;
  options.sampling.temperature = 0;
  const auto want = c.at("output_ids").get<std::vector<TokenId>>();
  options.max_tokens = static_cast<int>(want.size());
  const auto media = media_of(c, files);
  if (!media.empty() && c.contains("soft_tokens"))
    result.expect(media.front().n_tokens() == c["soft_tokens"].get<int>(),
                  fmt::format("{} soft tokens, expected {}", media.front().n_tokens(), c["soft_tokens"].get<int>()));
  const auto places = runtime::place(prompt, engine->tokenizer(), media);
  const auto got = runtime::generate(session, {prompt, places}, options);
  result.expect(got.tokens == want, fmt::format("output is \"{}\", expected \"{}\"", got.text, c.value("output", "")));
}

}  // namespace

void run_trained_cases(const std::filesystem::path& folder, Report& report) {
  const std::string group = std::filesystem::weakly_canonical(folder).filename().string() + "/";
  std::shared_ptr<const runtime::Engine> engine;
  std::optional<GoldenMedia> files;
  const Json file = read_json(folder / "cases.json");
  for (const Json& c : file.at("cases")) {
    const std::string name = group + c.at("name").get<std::string>();
    run_case(report, name, [&](Case& result) {
      if (engine == nullptr) {
        engine = runtime::Engine::load(folder.string(), report.options().engine_options());
        files.emplace(engine, folder);
      }
      check(engine, *files, c, result);
    });
  }
}

}  // namespace facet::verify
