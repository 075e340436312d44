#include "apps/eval/skills.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "apps/eval/served_subject.h"
#include "apps/eval/skill_model.h"
#include "apps/eval/skill_report.h"
#include "apps/json_output.h"
#include "apps/shipped_models.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"
#include "server/model_catalog.h"

namespace facet::apps::eval {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using evaluation::Result;

// The set that came with the model of that name, or a folder. A folder of the same name does not hide the set.
std::string find_set(const std::string& name) {
  if (name.empty())
    throw RequestError("facet eval needs a set of skills (nano, or a folder), or a command: perplexity, divergence");
  const bool is_bare = name[0] != '.' && name.find('/') == std::string::npos;
  if (const auto shipped = is_bare ? find_shipped("models/" + name + "/eval") : std::nullopt) return *shipped;
  if (std::error_code error; fs::is_directory(name, error)) return name;
  throw_error<RequestError>(
      "{}: no folder, no set of skills that came with this facet, and no command (perplexity, divergence): give a "
      "folder with SKILL.jsonl files",
      name);
}

void count(Result result, const std::string& why, evaluation::Score& score) {
  if (result == Result::Skipped) {
    ++score.n_skipped;
    score.why_skipped = why;
    return;
  }
  ++score.n;
  score.n_right += result == Result::Right;
}

void try_item(Subject& subject, const evaluation::Item& item, evaluation::Score& score,
              std::vector<Failure>& failures) {
  if (const auto why = subject.why_not(item)) return count(Result::Skipped, *why, score);
  evaluation::Answer answer = subject.answer(item);
  evaluation::Verdict verdict = judge(item.expect, answer);
  count(verdict.result, verdict.why, score);
  if (verdict.result == Result::Wrong)
    failures.push_back({score.skill, item, std::move(answer), std::move(verdict.why)});
}

evaluation::Score try_skill(Subject& subject, const evaluation::Skill& skill, std::vector<Failure>& failures) {
  const auto start = Clock::now();
  evaluation::Score score{.skill = skill.name, .why_skipped = {}};
  ProgressLine progress(skill.name);
  for (size_t i = 0; i < skill.items.size(); ++i) {
    progress.show(static_cast<int64_t>(i), static_cast<int64_t>(skill.items.size()));
    try_item(subject, skill.items[i], score, failures);
  }
  score.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return score;
}

// Rows of scores.json to compare with, the first that is there. Those of the backend and `default` are any model's
// where the set is a folder, and its own model's where it came with one.
std::vector<std::string> golden_rows(const SkillsFlags& flags, bool is_shipped) {
  if (!flags.scores.empty()) return {flags.scores};
  const std::string model = server::model_name_of_path(flags.model.model);
  std::vector<std::string> rows;
  if (!model.empty()) rows.push_back(model);
  if (!is_shipped || model == flags.set) rows.insert(rows.end(), {flags.model.backend, "default"});
  return rows;
}

evaluation::GoldenScores read_golden(const SkillsFlags& flags, const std::string& folder) {
  if (!flags.check) return {};
  const std::string path = (fs::path(folder) / "scores.json").string();
  return evaluation::parse_scores(read_file(path), path, golden_rows(flags, folder != flags.set));
}

std::unique_ptr<Subject> make_subject(const SkillsFlags& flags) {
  if (flags.via.empty()) return std::make_unique<SkillModel>(flags.model.load(), &InterruptGuard::flag());
  const char* key = std::getenv("FACET_API_KEY");
  return std::make_unique<ServedSubject>(flags.via, *parse_dialect(flags.dialect), flags.model.model,
                                         key == nullptr ? "" : key, &InterruptGuard::flag());
}

}  // namespace

int eval_skills(SkillsFlags flags) {
  const std::string folder = find_set(flags.set);
  const auto skills = evaluation::read_skills(folder, flags.skills, flags.limit);
  if (flags.model.model.empty() && folder != flags.set) flags.model.model = flags.set;
  const auto golden = read_golden(flags, folder);
  const InterruptGuard interrupt;
  const auto subject = make_subject(flags);
  SkillReport report{folder, subject->name(), {}, {}};
  for (const evaluation::Skill& skill : skills) report.scores.push_back(try_skill(*subject, skill, report.failures));

  if (flags.json)
    print_json(to_json(report, flags.failures));
  else
    print_table(report);
  if (flags.failures && !flags.json) print_failures(report);
  const auto fallen = shortfalls(report.scores, golden, flags.margin, flags.skills.empty());
  for (const std::string& line : fallen) fmt::print(stderr, "facet: {}\n", printable(line));
  return fallen.empty() ? 0 : 1;
}

void SkillsFlags::add_to(CLI::App& command) {
  command.add_option("SET", set, "A set of skills: nano, which comes with facet, or a folder of SKILL.jsonl files");
  model.add_to(command);
  command
      .add_option("--via", via,
                  "Ask this server, http://HOST:PORT, for the model called -m there; FACET_API_KEY is the key, if it "
                  "wants one")
      ->type_name("URL");
  command.add_option("--dialect", dialect, fmt::format("The protocol to ask it in [{}]", dialect))
      ->check(CLI::IsMember(dialect_names()));
  command.add_option("--skills", skills, "Only these, with commas between them [all]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES");
  command.add_option("--limit", limit, "The first N questions of each skill [all]")
      ->check(CLI::Range(1, 1 << 28))
      ->type_name("N");
  command.add_flag("--failures", failures,
                   "Show each question that was answered wrong, what was expected and what came");
  command.add_flag("--check", check,
                   "Compare with the set's scores.json: status 1 when a skill, or all together, are below their score");
  command
      .add_option("--scores", scores,
                  "The row of scores.json to compare with [the model's, else, for the set's own model, the backend's "
                  "or default]")
      ->type_name("ROW");
  command
      .add_option("--margin", margin,
                  fmt::format("How far below its score a skill may be; all N together by X / sqrt(N) [{}]", margin))
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X");
  command.add_flag("--json", json, "One JSON object on stdout");
}

}  // namespace facet::apps::eval
