#include "constraint/schema/values.h"

namespace facet::constraint {

std::string written_number(const SchemaJson& value) {
  if (!value.is_binary()) return value.dump();
  const auto& digits = value.get_binary();
  return {digits.begin(), digits.end()};
}

bool is_integer(const Decimal& value) {
  if (value.digits.empty()) return true;
  const size_t n_zeros = value.digits.size() - 1 - value.digits.find_last_not_of('0');
  return value.exponent + static_cast<int>(n_zeros) >= 0;
}

std::string plain_text(const Decimal& value) {
  constexpr int kMaxZeros = 40;
  if (value.digits.empty()) return "0";
  if (value.exponent > kMaxZeros || -value.exponent > kMaxZeros + static_cast<int>(value.digits.size())) return "";
  std::string out = value.digits;
  if (value.exponent >= 0) {
    out.append(static_cast<size_t>(value.exponent), '0');
  } else {
    const auto n_decimals = static_cast<size_t>(-value.exponent);
    if (out.size() <= n_decimals) out.insert(0, n_decimals + 1 - out.size(), '0');
    out.insert(out.size() - n_decimals, 1, '.');
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return value.negative ? "-" + out : out;
}

TypeSet type_of(const SchemaJson& value) {
  if (value.is_null()) return kNull;
  if (value.is_boolean()) return value.get<bool>() ? kTrue : kFalse;
  if (value.is_string()) return kString;
  if (value.is_array()) return kArray;
  if (value.is_object()) return kObject;
  return is_integer(Decimal::parse(written_number(value))) ? kInteger : kFraction;
}

}  // namespace facet::constraint
