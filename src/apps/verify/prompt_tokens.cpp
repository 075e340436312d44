// Prompts as tokens: the template's text, its ids, and media expanded into soft tokens.
#include "apps/verify/chat_files.h"
#include "base/error.h"

namespace facet::verify {
namespace {

using Kind = text::PromptItem::Kind;
using text::MediaSize;
using text::TokenId;

MediaSize one_medium(const ChatJson& n_soft) { return {{{"", n_soft.get<int>()}}}; }

// [["00:00", "00:01", ...], soft tokens a frame]
MediaSize video(const ChatJson& entry) {
  MediaSize size;
  for (const ChatJson& time : entry.at(0)) size.frames.push_back({time.get<std::string>(), entry.at(1).get<int>()});
  return size;
}

// The case lists the sizes by kind, the prompt has places for them in its own order.
std::vector<MediaSize> media_in_order(const text::Prompt& prompt, const ChatJson& line) {
  std::vector<MediaSize> out;
  size_t n_images = 0, n_clips = 0, n_videos = 0;
  for (const text::PromptItem& item : prompt) {
    if (item.kind == Kind::Image) out.push_back(one_medium(line.at("n_soft_images").at(n_images++)));
    if (item.kind == Kind::Audio) out.push_back(one_medium(line.at("n_soft_audio").at(n_clips++)));
    if (item.kind == Kind::Video) out.push_back(video(line.at("video").at(n_videos++)));
  }
  return out;
}

// [[type, length], ...]: 0 text and borders, 1 image, 2 video, 3 audio.
ChatJson token_type_runs(const std::vector<TokenId>& ids, const text::Tokenizer& tokenizer) {
  ChatJson runs = ChatJson::array();
  for (const TokenId id : ids) {
    const std::string_view piece = tokenizer.piece(id);
    const int type = piece == "<|image|>" ? 1 : piece == "<|video|>" ? 2 : piece == "<|audio|>" ? 3 : 0;
    if (runs.empty() || runs.back()[0] != type) runs.push_back({type, 0});
    runs.back()[1] = runs.back()[1].get<int>() + 1;
  }
  return runs;
}

}  // namespace

void check_prompt_tokens(const ChatJson& line, const text::Tokenizer& tokenizer, Case& result) {
  const text::Prompt prompt = text::render_chat(line.at("messages"), line.at("tools"), chat_options(line));
  result.expect(text::to_text(prompt) == line.at("rendered").get<std::string>(), "text differs");
  const auto ids = text::to_tokens(prompt, tokenizer, media_in_order(prompt, line));
  result.expect(ids == line.at("ids").get<std::vector<TokenId>>(), "ids differ");
  result.expect(token_type_runs(ids, tokenizer) == line.at("mm_token_type_runs"), "token types differ");
}

}  // namespace facet::verify
