// A model for tests: a function answers, and words are tokens.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "apps/asked_model.h"

namespace facet::apps {

class FakeModel : public AskedModel {
 public:
  using Answer = std::function<std::string(const std::string& text)>;

  explicit FakeModel(Answer answer, int room = 4096) : answer_(std::move(answer)), room_(room) {}

  Answered ask(const std::string& instruction, const std::string& text, const AskOptions& options) override {
    instructions.push_back(instruction);
    texts.push_back(text);
    max_tokens.push_back(options.max_tokens);
    return {answer_(text), is_whole};
  }
  int count_tokens(std::string_view text) const override {
    int n = 0;
    bool in_word = false;
    for (const char c : text) {
      const bool is_word = c != ' ' && c != '\n';
      n += is_word && !in_word;
      in_word = is_word;
    }
    return n;
  }
  int room() const override { return room_; }

  std::vector<std::string> instructions, texts;
  std::vector<int> max_tokens;
  bool is_whole = true;

 private:
  Answer answer_;
  int room_;
};

}  // namespace facet::apps
