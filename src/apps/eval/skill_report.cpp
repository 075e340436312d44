#include "apps/eval/skill_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace facet::apps::eval {
namespace {

using evaluation::Score;
using text::ChatJson;

constexpr size_t kShownBytes = 400;  // of a message or an answer

std::string accuracy_text(const Score& s) {
  const auto accuracy = s.accuracy();
  return accuracy ? fmt::format("{:.1f} %", 100 * *accuracy) : "-";
}

void print_row(const Score& s, size_t width) {
  fmt::print("{:<{}}{:>10}{:>8}{:>8}{:>10.1f}", printable(s.skill), width, accuracy_text(s), s.n, s.n_right, s.seconds);
  if (s.n_skipped > 0) fmt::print("   {} skipped: {}", s.n_skipped, printable(s.why_skipped));
  fmt::print("\n");
}

Score sum(const std::vector<Score>& scores) {
  Score all{.skill = "all", .why_skipped = {}};
  for (const Score& s : scores) {
    all.n += s.n;
    all.n_right += s.n_right;
    all.seconds += s.seconds;
  }
  return all;
}

// A part of type text is its text; of a file its name.
std::string part_text(const ChatJson& part) {
  const std::string type = part.value("type", "");
  return type == "text" ? part.value("text", "") : fmt::format("[{} {}]", type, part.value("path", ""));
}

std::string message_text(const ChatJson& message) {
  std::string out;
  if (const auto at = message.find("content"); at != message.end()) {
    if (at->is_string()) out = at->get<std::string>();
    if (at->is_array())
      for (const ChatJson& part : *at) out += (out.empty() ? "" : " ") + part_text(part);
  }
  if (const auto at = message.find("tool_calls"); at != message.end())
    out += (out.empty() ? "" : " ") + text::chat_json_text(*at);
  return out;
}

void print_failure(const Failure& f) {
  fmt::print("\n{} {} ({})\n", printable(f.skill), printable(f.item.id), printable(f.item.where));
  const auto line = [](const std::string& name, const std::string& text) {
    fmt::print("  {:<10}{}\n", printable(name), printable(text, kShownBytes));
  };
  for (const ChatJson& message : f.item.messages) line(message.value("role", ""), message_text(message));
  line("expected", to_line(f.item.expect));
  line("got", to_line(f.answer));
  if (!f.why.empty()) line("because", f.why);
}

}  // namespace

void print_table(const SkillReport& report) {
  size_t width = 0;
  for (const Score& s : report.scores) width = std::max(width, s.skill.size());
  width += 2;
  fmt::print("{:<{}}{:>10}{:>8}{:>8}{:>10}\n", "skill", std::max<size_t>(width, 7), "accuracy", "n", "right",
             "seconds");
  for (const Score& s : report.scores) print_row(s, std::max<size_t>(width, 7));
  if (report.scores.size() > 1) print_row(sum(report.scores), std::max<size_t>(width, 7));
}

void print_failures(const SkillReport& report) {
  for (const Failure& f : report.failures) print_failure(f);
}

ChatJson to_json(const SkillReport& report, bool with_failures) {
  ChatJson skills = ChatJson::object();
  for (const Score& s : report.scores) {
    const auto accuracy = s.accuracy();
    skills[s.skill] = {{"accuracy", accuracy ? ChatJson(*accuracy) : ChatJson()},
                       {"n", s.n},
                       {"right", s.n_right},
                       {"skipped", s.n_skipped},
                       {"seconds", s.seconds}};
  }
  ChatJson out{{"set", report.set}, {"model", report.model}, {"skills", std::move(skills)}};
  if (!with_failures) return out;
  out["failures"] = ChatJson::array();
  for (const Failure& f : report.failures)
    out["failures"].push_back({{"skill", f.skill},
                               {"id", f.item.id},
                               {"messages", f.item.messages},
                               {"expected", f.item.expect.value},
                               {"content", f.answer.content},
                               {"calls", f.answer.calls},
                               {"why", f.why}});
  return out;
}

}  // namespace facet::apps::eval
