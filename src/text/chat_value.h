// The way the chat format writes values: no escapes, strings between quote tokens, keys bare and sorted. Internal to
// text/.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "text/chat.h"

namespace facet::text {

// Collects a prompt; neighbouring texts are joined.
class PromptBuilder {
 public:
  void control(std::string_view token) { prompt_.push_back({PromptItem::Kind::Control, std::string(token)}); }
  void text(std::string_view text);
  void media(PromptItem::Kind kind) { prompt_.push_back({kind, {}}); }
  void quoted(std::string_view text);  // between quote tokens
  void value(const ChatJson& value, bool quote_keys);
  void pairs(const ChatJson& object, bool quote_keys);  // key:value, sorted, with commas

  Prompt take() { return std::move(prompt_); }

 private:
  Prompt prompt_;
};

// object[key], or null where there is none or `object` is something else.
const ChatJson& member(const ChatJson& object, const char* key);
// The role of a message that render_chat has checked.
inline const std::string& role_of(const ChatJson& message) { return message["role"].get_ref<const std::string&>(); }

// An object under construction. A key that comes again gets the new value in its old place, as with operator[], which
// looks through all members each time; or it is added behind the others.
class ObjectBuilder {
 public:
  ObjectBuilder() = default;
  explicit ObjectBuilder(bool keeps_repeated) : keeps_repeated_(keeps_repeated) {}
  void set(std::string key, ChatJson value);
  ChatJson take() { return std::move(members_); }

 private:
  bool keeps_repeated_ = false;
  ChatJson::object_t members_;
  std::unordered_map<std::string, size_t> places_;
};

// An object's entries by lower-cased key, in code point order; equal keys keep their order.
std::vector<std::pair<std::string, const ChatJson*>> sorted_entries(const ChatJson& object);

std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
// Without leading and trailing white space, of Python's kind.
std::string_view trim(std::string_view text);
std::string_view trim_front(std::string_view text);
std::string_view trim_back(std::string_view text);

// Integers beyond 64 bits live in ordered_json as binary values holding their digits.
ChatJson exact_number(std::string digits);
// A number as JSON spells it, in all its digits where no machine type holds it; null when `text` is no number.
ChatJson read_number(std::string_view text);
// A number as the format writes it; also for exact_number.
std::string number_text(const ChatJson& value);

}  // namespace facet::text
