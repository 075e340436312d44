// A prompt as text, and as tokens.
#include "base/error.h"
#include "text/chat.h"

namespace facet::text {
namespace {

using Kind = PromptItem::Kind;

TokenId control_id(const Tokenizer& tokenizer, std::string_view name) {
  const auto id = tokenizer.find(name);
  if (!id || !tokenizer.is_special(*id))
    throw_error<RequestError>("the model's vocabulary has no control token {}", name);
  return *id;
}

class TokenWriter {
 public:
  TokenWriter(const Tokenizer& tokenizer, const std::vector<MediaSize>& media) : tokenizer_(tokenizer), media_(media) {}

  std::vector<TokenId> write(const Prompt& prompt) {
    for (const PromptItem& item : prompt) {
      if (item.kind == Kind::Text)
        text_ += item.text;
      else if (item.kind == Kind::Control)
        control(item.text);
      else
        medium(item.kind);
    }
    flush();
    if (next_ != media_.size())
      throw_error<RequestError>("{} media were given, the messages have places for {}", media_.size(), next_);
    return std::move(ids_);
  }

 private:
  void flush() {
    const auto ids = tokenizer_.encode(text_, Specials::Forbid);
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    text_.clear();
  }

  void control(std::string_view name) {
    flush();
    ids_.push_back(control_id(tokenizer_, name));
  }

  void medium(Kind kind) {
    if (next_ == media_.size())
      throw_error<RequestError>("{} media were given, the messages have places for more", media_.size());
    const MediaSize& size = media_[next_++];
    bool first = true;
    for (const MediaSize::Frame& frame : size.frames) {
      if (kind == Kind::Video) text_ += (first ? "" : " ") + frame.time + " ";
      first = false;
      control(kind == Kind::Audio ? "<|audio>" : "<|image>");
      ids_.insert(ids_.end(), static_cast<size_t>(frame.n_soft), control_id(tokenizer_, placeholder(kind)));
      control(kind == Kind::Audio ? "<audio|>" : "<image|>");
    }
  }

  const Tokenizer& tokenizer_;
  const std::vector<MediaSize>& media_;
  size_t next_ = 0;
  std::string text_;
  std::vector<TokenId> ids_;
};

}  // namespace

std::string_view placeholder(Kind kind) noexcept {
  return kind == Kind::Image ? "<|image|>" : kind == Kind::Audio ? "<|audio|>" : "<|video|>";
}

std::string to_text(const Prompt& prompt) {
  std::string out;
  for (const PromptItem& item : prompt)
    out += item.kind == Kind::Control || item.kind == Kind::Text ? item.text : std::string(placeholder(item.kind));
  return out;
}

std::vector<TokenId> to_tokens(const Prompt& prompt, const Tokenizer& tokenizer, const std::vector<MediaSize>& media) {
  return TokenWriter(tokenizer, media).write(prompt);
}

bool ends_in_thought(const Prompt& prompt) {
  for (auto item = prompt.rbegin(); item != prompt.rend(); ++item) {
    if (item->kind != Kind::Control) continue;
    if (item->text == "<|channel>") return true;
    if (item->text == "<channel|>" || item->text == "<|turn>" || item->text == "<|tool_call>" ||
        item->text == "<|tool_response>")
      return false;
  }
  return false;
}

}  // namespace facet::text
