#include "apps/summarize/parts.h"

#include <algorithm>

#include "apps/translate/sentences.h"

namespace facet::apps {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

// The text between separators, without blank ones.
std::vector<std::string_view> split_at(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    const std::string_view block = text.substr(begin, end - begin);
    if (!trimmed(block).empty()) out.push_back(block);
    begin = end + separator.size();
  }
  return out;
}

struct Block {
  std::string text;
  int size = 0;
  std::string_view joint;  // between it and the block before
};

void add_blocks(std::vector<Block>& out, std::string_view paragraph, int limit,
                const std::function<int(std::string_view)>& size) {
  if (const int n = size(paragraph); n <= limit) {
    out.push_back({std::string(paragraph), n, "\n\n"});
    return;
  }
  std::string_view joint = "\n\n";
  for (const std::string_view line : split_at(paragraph, "\n"))
    for (const std::string& part : cut_sentences(line, limit, size)) {
      out.push_back({part, size(part), joint});
      joint = "\n";
    }
}

}  // namespace

std::vector<std::string> cut_parts(std::string_view text, int limit, const std::function<int(std::string_view)>& size) {
  constexpr int kJoint = 1;  // tokens of what joins two blocks
  std::vector<Block> blocks;
  for (const std::string_view paragraph : split_at(text, "\n\n")) add_blocks(blocks, paragraph, limit, size);
  int total = 0;
  for (const Block& block : blocks) total += block.size + kJoint;
  const int n_parts = (total + limit - 1) / std::max(limit, 1);
  const int wanted = std::min(limit, n_parts > 0 ? total / n_parts + total / (8 * n_parts) : limit);  // with some play
  std::vector<std::string> parts;
  int filled = 0;
  for (const Block& block : blocks) {
    if (parts.empty() || filled + block.size + kJoint > wanted) {
      parts.emplace_back();
      filled = 0;
    }
    if (!parts.back().empty()) parts.back() += block.joint;
    parts.back() += block.text;
    filled += block.size + kJoint;
  }
  for (std::string& part : parts) part = std::string(trimmed(part));
  return parts;
}

}  // namespace facet::apps
