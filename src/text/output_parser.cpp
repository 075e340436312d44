#include "text/output_parser.h"

#include <algorithm>

#include "text/output_machine.h"
#include "text/utf8.h"

namespace facet::text {
namespace {

OutputParserOptions adapted(OutputParserOptions options, const Tokenizer& tokenizer) {
  if (tokenizer.find("<|channel>")) return options;
  if (options.declared.empty())
    options.plain = true;
  else
    options.json_calls = true;
  return options;
}

// What a control token's name and the beginning of a text have in common.
struct NameMatch {
  const ControlName* whole = nullptr;  // the name that is all there
  bool is_part = false;                // the text ends where a name could go on
};
NameMatch match_name(std::string_view text) {
  NameMatch match;
  for (const ControlName& name : kControlNames) {
    if (text.starts_with(name.name)) return {&name, false};
    match.is_part = match.is_part || name.name.starts_with(text);
  }
  return match;
}

}  // namespace

std::vector<std::string_view> control_token_names() {
  std::vector<std::string_view> names;
  for (const ControlName& control : kControlNames) names.push_back(control.name);
  return names;
}

OutputParser::OutputParser(const Tokenizer& tokenizer, const OutputParserOptions& options)
    : tokenizer_(&tokenizer),
      detokenizer_(tokenizer),
      machine_(std::make_unique<OutputMachine>(adapted(options, tokenizer))) {
  for (const TokenId id : tokenizer.stop_tokens()) controls_.emplace_back(id, Control::Stop);
  for (const ControlName& name : kControlNames)
    if (const auto id = tokenizer.find(name.name)) controls_.emplace_back(*id, name.control);
}
OutputParser::~OutputParser() = default;
OutputParser::OutputParser(OutputParser&&) noexcept = default;
OutputParser& OutputParser::operator=(OutputParser&&) noexcept = default;

OutputEvents OutputParser::push(TokenId id) {
  const auto known = std::find_if(controls_.begin(), controls_.end(), [&](const auto& c) { return c.first == id; });
  const bool is_control = known != controls_.end() || tokenizer_->is_special(id);
  machine_->text(is_control ? detokenizer_.finish() : detokenizer_.push(id));
  if (is_control) machine_->control(known != controls_.end() ? known->second : Control::Other, tokenizer_->piece(id));
  return machine_->take();
}

OutputEvents OutputParser::finish(OutputEnd end) {
  machine_->text(detokenizer_.finish());
  machine_->finish(end);
  return machine_->take();
}

bool OutputParser::in_call() const noexcept { return machine_->in_call(); }

OutputTextParser::OutputTextParser(const OutputParserOptions& options)
    : machine_(std::make_unique<OutputMachine>(options)) {}
OutputTextParser::~OutputTextParser() = default;
OutputTextParser::OutputTextParser(OutputTextParser&&) noexcept = default;
OutputTextParser& OutputTextParser::operator=(OutputTextParser&&) noexcept = default;

// Passes on whole characters.
void OutputTextParser::text(std::string_view bytes) {
  partial_ += bytes;
  machine_->text(take_whole_characters(partial_));
}

OutputEvents OutputTextParser::push(std::string_view bytes) {
  const std::string given = std::exchange(pending_, {}) + std::string(bytes);
  std::string_view rest = given;
  size_t at = 0;
  while ((at = rest.find('<', at)) != std::string_view::npos) {
    const NameMatch match = match_name(rest.substr(at));
    if (match.is_part) break;
    if (match.whole == nullptr) {
      ++at;
      continue;
    }
    text(rest.substr(0, at));
    machine_->text(repair_utf8(std::exchange(partial_, {})));
    machine_->control(match.whole->control, match.whole->name);
    rest.remove_prefix(at + match.whole->name.size());
    at = 0;
  }
  text(rest.substr(0, at));
  if (at != std::string_view::npos) pending_ = rest.substr(at);
  return machine_->take();
}

OutputEvents OutputTextParser::finish(OutputEnd end) {
  text(std::exchange(pending_, {}));
  machine_->text(repair_utf8(std::exchange(partial_, {})));
  machine_->finish(end);
  return machine_->take();
}

}  // namespace facet::text
