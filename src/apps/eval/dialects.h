// Items as requests in the words of the protocols that servers speak, and what their replies answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/skill_set.h"

namespace facet::apps::eval {

enum class Dialect : uint8_t { OpenAI, Responses, Ollama, Anthropic, Gemini };

// "openai", "responses", "ollama", "anthropic", "gemini"; none for another name.
std::optional<Dialect> parse_dialect(const std::string& name);
std::vector<std::string> dialect_names();

struct DialectRequest {
  std::string path;  // "/v1/chat/completions"
  text::ChatJson body;
};

// Why the protocol has no words for an item: it has no place for sound, or none for how large a picture is shown.
std::optional<std::string> why_unsaid(Dialect dialect, const evaluation::Item& item);
// Greedy, not as a stream; files are read and sent along. ResourceError for one that cannot be read.
DialectRequest request_of(Dialect dialect, const evaluation::Item& item, const std::string& model);
// FormatError when the reply has another form than the protocol's.
evaluation::Answer answer_of(Dialect dialect, const text::ChatJson& reply);

}  // namespace facet::apps::eval
