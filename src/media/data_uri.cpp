#include "media/data_uri.h"

#include <array>
#include <cstdint>

#include "base/error.h"

namespace facet::media {
namespace {

constexpr int kSkipped = -1, kPadding = -2, kInvalid = -3;

constexpr std::array<int8_t, 256> make_base64_values() {
  std::array<int8_t, 256> values{};
  values.fill(kInvalid);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  values['-'] = 62;
  values['_'] = 63;
  values['='] = kPadding;
  for (const char c : std::string_view(" \t\r\n\f")) values[static_cast<unsigned char>(c)] = kSkipped;
  return values;
}
constexpr auto kBase64Values = make_base64_values();

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::vector<std::byte> decode_base64(std::string_view text, const std::string& name) {
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  size_t n_digits = 0, n_padding = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int value = kBase64Values[static_cast<unsigned char>(text[i])];
    if (value == kSkipped) continue;
    if (value == kInvalid || (value >= 0 && n_padding > 0))
      throw_error<FormatError>("{}: bad base64: '{}' at character {}", name, text.substr(i, 1), i + 1);
    if (value == kPadding) {
      ++n_padding;
      continue;
    }
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++n_digits % 4 == 0)
      for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<std::byte>(bits >> shift));
  }
  const size_t n_left = n_digits % 4;
  if (n_left == 1 || (n_padding > 0 && (n_left + n_padding) % 4 != 0))
    throw_error<FormatError>("{}: bad base64: cut short, {} digits and {} of padding", name, n_digits, n_padding);
  if (n_left == 2) bytes.push_back(static_cast<std::byte>(bits >> 4));
  if (n_left == 3)
    for (const int shift : {10, 2}) bytes.push_back(static_cast<std::byte>(bits >> shift));
  return bytes;
}

std::string decode_percent(std::string_view text, const std::string& name) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      throw_error<FormatError>("{}: bad percent-encoding: '{}' at character {}", name, text.substr(i, 3), i + 1);
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

}  // namespace facet::media
