#include "evaluation/expectation.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "evaluation/python_cases.h"

namespace facet::evaluation {
namespace {

using text::ChatJson;
using Kind = Expectation::Kind;

constexpr std::pair<const char*, Kind> kKinds[] = {
    {"text", Kind::Text}, {"calls", Kind::Calls}, {"json", Kind::Json}, {"python", Kind::Python}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool is_call(const ChatJson& json) {
  return json.is_object() && json.size() == 2 && json.contains("name") && json["name"].is_string() &&
         json.contains("arguments") && json["arguments"].is_object();
}

bool is_case(const ChatJson& json) { return json.is_array() && json.size() == 2 && json[0].is_array(); }

void check(const Expectation& e) {
  if (e.kind == Kind::Text && !e.value.is_string()) throw RequestError("expect.text: expected a string");
  if (e.kind == Kind::Calls && (!e.value.is_array() || !std::all_of(e.value.begin(), e.value.end(), is_call)))
    throw RequestError("expect.calls: expected a list of {\"name\": string, \"arguments\": object}");
  if (e.kind != Kind::Python) return;
  const bool has_cases = e.value.is_object() && e.value.contains("cases") && e.value["cases"].is_array();
  if (!has_cases || e.value["cases"].empty() || !std::all_of(e.value["cases"].begin(), e.value["cases"].end(), is_case))
    throw RequestError("expect.python: expected {\"cases\": [[[argument, ...], result], ...]}, one case at least");
}

Verdict judge_json(const ChatJson& expected, const std::string& content) {
  try {
    return {same_json(text::parse_chat_json(trimmed(content)), expected) ? Result::Right : Result::Wrong, ""};
  } catch (const RequestError&) {
    return {Result::Wrong, "it is no JSON"};
  }
}

}  // namespace

Expectation parse_expectation(const ChatJson& json) {
  if (json.is_object() && json.size() == 1)
    for (const auto& [name, kind] : kKinds)
      if (json.contains(name)) {
        Expectation e{kind, json[name]};
        check(e);
        return e;
      }
  throw RequestError("expect: expected an object with one of text, calls, json and python");
}

Verdict judge(const Expectation& expectation, const Answer& answer) {
  if (expectation.kind == Kind::Calls)
    return {same_json(answer.calls, expectation.value) ? Result::Right : Result::Wrong, ""};
  if (!answer.calls.empty()) return {Result::Wrong, "it called a function"};
  switch (expectation.kind) {
    case Kind::Json:
      return judge_json(expectation.value, answer.content);
    case Kind::Python:
      return run_cases(std::string(trimmed(answer.content)), expectation.value["cases"]);
    default:
      return {trimmed(answer.content) == trimmed(expectation.value.get_ref<const std::string&>()) ? Result::Right
                                                                                                  : Result::Wrong,
              ""};
  }
}

bool same_json(const ChatJson& a, const ChatJson& b) {
  if (a.is_object() && b.is_object()) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.items())
      if (const auto at = b.find(key); at == b.end() || !same_json(value, *at)) return false;
    return true;
  }
  if (a.is_array() && b.is_array()) return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_json);
  return a == b;
}

std::string to_line(const Expectation& expectation) {
  if (expectation.kind == Kind::Text) return expectation.value.get<std::string>();
  return text::chat_json_text(expectation.value);
}

std::string to_line(const Answer& answer) {
  const std::string content(trimmed(answer.content));
  if (answer.calls.empty()) return content;
  return fmt::format("{}{}{}", content, content.empty() ? "" : " ", text::chat_json_text(answer.calls));
}

}  // namespace facet::evaluation
