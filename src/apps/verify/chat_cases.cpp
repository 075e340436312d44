#include <fstream>

#include "apps/verify/chat_files.h"
#include "apps/verify/verify.h"
#include "apps/verify/vocabulary_files.h"
#include "base/error.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;

bool has(const ChatJson& line, std::initializer_list<const char*> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const char* key) { return line.contains(key); });
}

// Where two texts part, for the report.
std::string first_difference(const std::string& found, const std::string& expected) {
  const size_t n = static_cast<size_t>(
      std::mismatch(found.begin(), found.end(), expected.begin(), expected.end()).first - found.begin());
  const auto excerpt = [&](const std::string& text) {
    return text::chat_json_text(text.substr(std::min(n, text.size()), 40));
  };
  return fmt::format("at byte {}: found {}, expected {}", n, excerpt(found), excerpt(expected));
}

template <class Check>
void run_lines(const std::vector<ChatJson>& lines, const std::string& group, Report& report, Check&& check) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string name = fmt::format("{}/{}", group, lines[i].value("id", fmt::format("line {}", i + 1)));
    run_case(report, name, [&](Case& result) { check(lines[i], result); });
  }
}

void run_prompt_tokens(const fs::path& file, const std::vector<ChatJson>& lines, Report& report) {
  const std::string group = file.stem().string();
  const fs::path vocabulary = small_vocabulary(file);
  if (vocabulary.empty()) {
    if (report.wants(group)) report.skip(group, "no checkpoint with the vocabulary beside it");
    return;
  }
  const auto tokenizer = load_vocabulary(vocabulary);
  run_lines(lines, group, report,
            [&](const ChatJson& line, Case& result) { check_prompt_tokens(line, *tokenizer, result); });
}

}  // namespace

std::vector<ChatJson> read_chat_lines(const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw_error<ResourceError>("{}: cannot open", file.string());
  std::vector<ChatJson> lines;
  try {
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) lines.push_back(text::parse_chat_json(line));
  } catch (const RequestError& e) {
    throw_error<FormatError>("{}: line {}: {}", file.string(), lines.size() + 1, e.what());
  }
  return lines;
}

text::ChatOptions chat_options(const ChatJson& line) {
  const std::string name = line.at("template").get<std::string>();
  if (name != "31b" && name != "e2b") throw_error<FormatError>("template \"{}\": expected 31b or e2b", name);
  const ChatJson& options = line.at("options");
  const auto flag = [&](const char* key) { return options.value(key, false); };
  return {name == "31b" ? text::ChatTemplate::Gemma4Large : text::ChatTemplate::Gemma4Small, flag("enable_thinking"),
          flag("add_generation_prompt"), flag("preserve_thinking")};
}

void check_render_case(const ChatJson& line, Case& result) {
  const auto expected = line.at("expected").get<std::string>();
  const std::string found = text::to_text(text::render_chat(line.at("messages"), line.at("tools"), chat_options(line)));
  result.expect(found == expected, first_difference(found, expected));
}

void run_chat_file(const fs::path& file, Report& report) {
  const std::vector<ChatJson> lines = read_chat_lines(file);
  const std::string group = file.stem().string();
  if (lines.empty() || !lines[0].is_object()) return;
  if (has(lines[0], {"messages", "rendered", "ids"}))
    run_prompt_tokens(file, lines, report);
  else if (has(lines[0], {"messages", "expected", "template"}))
    run_lines(lines, group, report, check_render_case);
  else if (has(lines[0], {"output", "expected"}))
    run_lines(lines, group, report, check_parse_case);
  else if (has(lines[0], {"schema", "tests"}))
    run_lines(lines, group, report, check_schema_case);
}

}  // namespace facet::verify
