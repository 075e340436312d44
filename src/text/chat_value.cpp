#include "text/chat_value.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "text/json_text.h"

namespace facet::text {
namespace {

template <class Map>
std::string map_code_points(std::string_view text, Map&& map) {
  std::string out;
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t n = utf8proc_iterate(p, left, &c);
    if (n <= 0) {  // not a character: the byte stays
      out.push_back(static_cast<char>(*p++));
      --left;
      continue;
    }
    utf8proc_uint8_t buffer[4];
    out.append(reinterpret_cast<char*>(buffer), static_cast<size_t>(utf8proc_encode_char(map(c), buffer)));
    p += n;
    left -= n;
  }
  return out;
}

bool is_space(utf8proc_int32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// The first character: its code point and length; a stray byte counts as a character of its own.
std::pair<utf8proc_int32_t, size_t> read_character(std::string_view text) {
  utf8proc_int32_t c = -1;
  const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                  static_cast<utf8proc_ssize_t>(text.size()), &c);
  return n > 0 ? std::pair(c, static_cast<size_t>(n)) : std::pair(utf8proc_int32_t{-1}, size_t{1});
}

// Builds a document, keeping the digits of integers that fit no machine type. Nesting is bounded before it is built.
class Builder : public nlohmann::json_sax<ChatJson> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t& digits) override {
    const bool integer = digits.find_first_of(".eE") == std::string::npos;
    return add(integer ? exact_number(digits) : ChatJson(v));
  }
  bool string(string_t& v) override { return add(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(false); }
  bool start_array(size_t) override { return open(true); }
  bool key(string_t& k) override {
    open_.back().key = std::move(k);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(size_t, const std::string& token, const nlohmann::detail::exception& e) override {
    constexpr int kOverflow = 406;
    if (e.id == kOverflow)
      throw_error<RequestError>("number {} is too large: expected at most 1.7e308", token.substr(0, 40));
    throw_error<RequestError>("not valid JSON: {}", e.what());
  }

  ChatJson take() { return std::move(root_); }

 private:
  static constexpr size_t kMaxDepth = 64;

  // One of the two.
  struct Open {
    bool is_array;
    ChatJson::array_t array;
    ObjectBuilder object;
    std::string key;  // of the member that comes next
  };

  bool open(bool is_array) {
    if (open_.size() >= kMaxDepth) throw_error<RequestError>("JSON nested more than {} levels deep", kMaxDepth);
    open_.push_back({is_array, {}, ObjectBuilder(), {}});
    return true;
  }
  bool close() {
    ChatJson done = open_.back().is_array ? ChatJson(std::move(open_.back().array)) : open_.back().object.take();
    open_.pop_back();
    return add(std::move(done));
  }
  bool add(ChatJson value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (open_.back().is_array)
      open_.back().array.push_back(std::move(value));
    else
      open_.back().object.set(std::move(open_.back().key), std::move(value));
    return true;
  }

  ChatJson root_;
  std::vector<Open> open_;
};

}  // namespace

const ChatJson& member(const ChatJson& object, const char* key) {
  static const ChatJson none;
  if (!object.is_object()) return none;
  const auto it = object.find(key);
  return it == object.end() ? none : *it;
}

void ObjectBuilder::set(std::string key, ChatJson value) {
  const auto [place, is_new] = places_.try_emplace(std::move(key), members_.size());
  if (is_new || keeps_repeated_)
    members_.emplace_back(place->first, std::move(value));
  else
    members_.data()[place->second].second = std::move(value);
}

std::string lower_case(std::string_view text) { return map_code_points(text, utf8proc_tolower); }
std::string upper_case(std::string_view text) { return map_code_points(text, utf8proc_toupper); }

std::string_view trim(std::string_view text) { return trim_front(trim_back(text)); }

std::string_view trim_front(std::string_view text) {
  while (!text.empty()) {
    const auto [c, n] = read_character(text);
    if (!is_space(c)) break;
    text.remove_prefix(n);
  }
  return text;
}

std::string_view trim_back(std::string_view text) {
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    const auto [c, n] = read_character(text.substr(start));
    if (!is_space(c) || start + n != text.size()) break;
    text.remove_suffix(n);
  }
  return text;
}

std::vector<std::pair<std::string, const ChatJson*>> sorted_entries(const ChatJson& object) {
  struct Entry {
    std::string lower, key;
    const ChatJson* value;
  };
  std::vector<Entry> entries;
  for (const auto& [key, value] : object.items()) entries.push_back({lower_case(key), key, &value});
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.lower < b.lower; });
  std::vector<std::pair<std::string, const ChatJson*>> out;
  for (Entry& e : entries) out.emplace_back(std::move(e.key), e.value);
  return out;
}

ChatJson exact_number(std::string digits) { return ChatJson::binary({digits.begin(), digits.end()}); }

ChatJson read_number(std::string_view text) {
  if (!is_json_number(text)) return nullptr;
  const char *begin = text.data(), *end = begin + text.size();
  const auto parsed = [&](auto value) {
    const auto [at, error] = std::from_chars(begin, end, value);
    return error == std::errc() && at == end ? ChatJson(value) : ChatJson(nullptr);
  };
  ChatJson value = parsed(int64_t{});
  if (value.is_null()) value = parsed(uint64_t{});
  if (value.is_null() && text.find_first_of(".eE") != std::string_view::npos) value = parsed(double{});
  return value.is_null() ? exact_number(std::string(text)) : value;
}

std::string number_text(const ChatJson& value) {
  if (value.is_binary()) return {value.get_binary().begin(), value.get_binary().end()};
  if (value.is_number_unsigned()) return fmt::format("{}", value.get<uint64_t>());
  if (value.is_number_integer()) return fmt::format("{}", value.get<int64_t>());
  const double v = value.get<double>();
  constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
  if (std::trunc(v) == v && std::fabs(v) < kExactIntegers) return fmt::format("{}", static_cast<int64_t>(v));
  return fmt::format("{}", v);
}

ChatJson parse_chat_json(std::string_view text) {
  Builder builder;
  ChatJson::sax_parse(text, &builder);
  return builder.take();
}

namespace {

void append_json(std::string& out, const ChatJson& v) {
  const char* separator = "";
  if (v.is_object()) {
    out += '{';
    for (const auto& [key, member] : v.items()) {
      out += std::exchange(separator, ",");
      out += json_string(key);
      out += ':';
      append_json(out, member);
    }
    out += '}';
  } else if (v.is_array()) {
    out += '[';
    for (const ChatJson& element : v) {
      out += std::exchange(separator, ",");
      append_json(out, element);
    }
    out += ']';
  } else {
    out += v.is_string() ? json_string(v.get_ref<const std::string&>()) : v.is_binary() ? number_text(v) : v.dump();
  }
}

}  // namespace

std::string chat_json_text(const ChatJson& value) {
  std::string out;
  append_json(out, value);
  return out;
}

void PromptBuilder::text(std::string_view text) {
  if (text.empty()) return;
  if (!prompt_.empty() && prompt_.back().kind == PromptItem::Kind::Text)
    prompt_.back().text += text;
  else
    prompt_.push_back({PromptItem::Kind::Text, std::string(text)});
}

void PromptBuilder::quoted(std::string_view content) {
  control("<|\"|>");
  text(content);
  control("<|\"|>");
}

void PromptBuilder::pairs(const ChatJson& object, bool quote_keys) {
  bool first = true;
  for (const auto& [key, value_of_key] : sorted_entries(object)) {
    if (!first) text(",");
    first = false;
    if (quote_keys)
      quoted(key);
    else
      text(key);
    text(":");
    value(*value_of_key, quote_keys);
  }
}

void PromptBuilder::value(const ChatJson& v, bool quote_keys) {
  if (v.is_string()) return quoted(v.get_ref<const std::string&>());
  if (v.is_object()) {
    text("{");
    pairs(v, quote_keys);
    return text("}");
  }
  if (v.is_array()) {
    text("[");
    for (size_t i = 0; i < v.size(); ++i) {
      if (i > 0) text(",");
      value(v[i], quote_keys);
    }
    return text("]");
  }
  if (v.is_null()) return text("null");
  if (v.is_boolean()) return text(v.get<bool>() ? "true" : "false");
  text(number_text(v));
}

}  // namespace facet::text
