#include "runtime/token_table.h"

#include "text/utf8.h"

namespace facet::runtime {
namespace {

constexpr std::string_view kGrammarControls[] = {"<|tool_call>", "<tool_call|>", "<|\"|>"};

std::string bytes_of(const text::Tokenizer& tokenizer, text::TokenId token) {
  if (tokenizer.is_special(token)) return "";
  if (const auto byte = tokenizer.byte_value(token)) return std::string(1, static_cast<char>(*byte));
  return text::replace_all(tokenizer.piece(token), text::kSpaceSymbol, " ");
}

}  // namespace

std::vector<text::TokenId> grammar_controls(const text::Tokenizer& tokenizer) {
  std::vector<text::TokenId> ids;
  for (const std::string_view name : kGrammarControls)
    if (const auto id = tokenizer.find(name)) ids.push_back(*id);
  if (ids.size() != std::size(kGrammarControls)) ids.clear();
  return ids;
}

constraint::TokenTableParts token_table_parts(const text::Tokenizer& tokenizer, std::span<const text::TokenId> stops) {
  constraint::TokenTableParts parts;
  parts.bytes.reserve(static_cast<size_t>(tokenizer.n_tokens()));
  for (text::TokenId t = 0; t < tokenizer.n_tokens(); ++t) parts.bytes.push_back(bytes_of(tokenizer, t));
  parts.controls = grammar_controls(tokenizer);
  parts.stops.assign(stops.begin(), stops.end());
  // In many files one of them is not marked as a control token; it is none the less.
  for (const auto& ids : {parts.controls, parts.stops})
    for (const text::TokenId t : ids) parts.bytes[static_cast<size_t>(t)].clear();
  return parts;
}

}  // namespace facet::runtime
