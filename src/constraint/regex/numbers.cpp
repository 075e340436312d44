// A number's text is taken apart where it is simple: each bound is an expression that is right for the texts that are
// numbers at all, and the intersection with those is taken at the end.
#include "constraint/regex/numbers.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace facet::constraint {
namespace {

constexpr int kMaxExponent = 400;
constexpr size_t kMaxDigits = 800;
constexpr uint32_t kMaxModulus = 10'000;

bool is_digit_char(char c) { return c >= '0' && c <= '9'; }

// The digits of -?digits(.digits)?([eE][+-]?digits)?, in turn.
class DecimalReader {
 public:
  explicit DecimalReader(std::string_view text) : text_(text) {}

  Decimal read() {
    Decimal out;
    out.negative = skip("-");
    const std::string_view whole = digits();
    if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) fail();
    out.digits = whole;
    if (skip(".")) {
      const std::string_view fraction = digits();
      if (fraction.empty()) fail();
      out.digits += fraction;
      out.exponent = -static_cast<int>(fraction.size());
    }
    if (skip("eE")) out.exponent += read_exponent();
    if (at_ != text_.size()) fail();
    normalize(out);
    return out;
  }

 private:
  [[noreturn]] void fail() const { throw_error<RequestError>("'{}' is no number as JSON has them", text_); }

  bool skip(std::string_view any_of) {
    const bool is_there = at_ < text_.size() && any_of.find(text_[at_]) != std::string_view::npos;
    return at_ += is_there, is_there;
  }
  std::string_view digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_digit_char(text_[at_])) ++at_;
    if (at_ - begin > kMaxDigits)
      throw_error<RequestError>("the number '{}' has {} digits, at most {} are supported", text_, at_ - begin,
                                kMaxDigits);
    return text_.substr(begin, at_ - begin);
  }
  int read_exponent() {
    const bool is_negative = at_ < text_.size() && text_[at_] == '-';
    skip("+-");
    const std::string_view written = digits();
    if (written.empty()) fail();
    int value = 0;
    for (const char c : written) value = std::min(value * 10 + (c - '0'), 100'000);
    return is_negative ? -value : value;
  }
  void normalize(Decimal& out) const {
    out.digits.erase(0, std::min(out.digits.find_first_not_of('0'), out.digits.size()));
    while (!out.digits.empty() && out.digits.back() == '0') {
      out.digits.pop_back();
      ++out.exponent;
    }
    if (out.digits.empty()) return out = {}, void();
    const int magnitude = static_cast<int>(out.digits.size()) - 1 + out.exponent;
    if (std::abs(magnitude) > kMaxExponent)
      throw_error<RequestError>("the number '{}' is beyond 1e{} or its inverse, which is the limit of bounds", text_,
                                kMaxExponent);
  }

  std::string_view text_;
  size_t at_ = 0;
};

// The magnitude as it is written without exponent.
struct Written {
  std::string whole, fraction;  // at least "0"; without zeros at the end
};

Written written(const Decimal& d) {
  if (d.digits.empty()) return {"0", ""};
  if (d.exponent >= 0) return {d.digits + std::string(static_cast<size_t>(d.exponent), '0'), ""};
  const auto n_decimals = static_cast<size_t>(-d.exponent);
  const std::string padded = std::string(n_decimals, '0') + d.digits;
  std::string whole = padded.substr(0, padded.size() - n_decimals);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  return {whole.empty() ? "0" : whole, padded.substr(padded.size() - n_decimals)};
}

int compare_magnitudes(const Decimal& a, const Decimal& b) {
  const Written x = written(a), y = written(b);
  if (x.whole.size() != y.whole.size()) return x.whole.size() < y.whole.size() ? -1 : 1;
  const int whole = x.whole.compare(y.whole);
  return whole != 0 ? whole : x.fraction.compare(y.fraction);
}

class NumberTexts {
 public:
  explicit NumberTexts(Regexes& regexes) : r_(regexes) {}

  RegexId integer() { return r_.concat(r_.optional(r_.literal("-")), whole()); }
  RegexId decimal() { return r_.concat(integer(), r_.optional(r_.concat(point_, r_.repeat(digit_, 1)))); }
  RegexId any() {
    const RegexId sign = r_.optional(r_.bytes(ByteSet{}.set('+').set('-')));
    return r_.concat(decimal(), r_.optional(r_.concat(std::array{exponent_, sign, r_.repeat(digit_, 1)})));
  }

  // Values of at least the bound; above it if `strict`.
  RegexId at_least(const Decimal& bound, bool strict) {
    if (bound.digits.empty()) return strict ? positive(not_zero()) : r_.either(positive(any_), negative(zero()));
    if (bound.negative) return r_.either(positive(any_), negative(magnitude_at_most(written(bound), strict)));
    return positive(magnitude_at_least(written(bound), strict));
  }
  RegexId at_most(const Decimal& bound, bool strict) {
    if (bound.digits.empty()) return strict ? negative(not_zero()) : r_.either(negative(any_), positive(zero()));
    if (bound.negative) return negative(magnitude_at_least(written(bound), strict));
    return r_.either(negative(any_), positive(magnitude_at_most(written(bound), strict)));
  }

  RegexId multiple_of(const Decimal& factor) {
    if (factor.negative || factor.digits.empty()) throw_error<RequestError>("multipleOf must be above 0");
    uint32_t modulus = 0;
    for (const char c : factor.digits)
      modulus = std::min(modulus * 10 + static_cast<uint32_t>(c - '0'), kMaxModulus + 1);
    if (modulus > kMaxModulus)
      throw_error<RequestError>("multipleOf with the digits {}: at most {} is supported, times a power of ten",
                                factor.digits, kMaxModulus);
    return r_.concat(r_.optional(r_.literal("-")), magnitude_multiple(modulus, factor.exponent));
  }

 private:
  RegexId digits_between(char first, char last) {
    ByteSet set;
    for (char c = first; c <= last; ++c) set.set(static_cast<uint8_t>(c));
    return r_.bytes(set);
  }
  RegexId one(char c) { return r_.literal({&c, 1}); }
  RegexId whole() { return r_.either(zero_, r_.concat(digits_between('1', '9'), digits_)); }
  RegexId positive(RegexId magnitude) { return r_.both(magnitude, r_.concat(digit_, any_)); }
  RegexId negative(RegexId magnitude) { return r_.concat(r_.literal("-"), magnitude); }

  // Digits before an exponent count, its own do not.
  RegexId zero() { return r_.concat(r_.repeat(r_.either(zero_, point_), 1), r_.optional(r_.concat(exponent_, any_))); }
  RegexId not_zero() {
    return r_.concat(std::array{r_.repeat(r_.either(zero_, point_), 0), digits_between('1', '9'), any_});
  }

  // An integer part of its own is over: any fraction, or none.
  RegexId any_fraction() { return r_.optional(r_.concat(point_, any_)); }
  RegexId as_many_digits(size_t n) { return r_.repeat(digit_, static_cast<int>(n), static_cast<int>(n)); }

  // As many digits as `bound` has, with a greater value, or a smaller one.
  RegexId digits_beyond(std::string_view bound, bool greater) {
    RegexId rest = Regexes::kNothing;
    for (size_t i = bound.size(); i-- > 0;) {
      const char c = bound[i];
      const RegexId differs =
          greater ? digits_between(static_cast<char>(c + 1), '9') : digits_between('0', static_cast<char>(c - 1));
      rest = r_.either(r_.concat(differs, as_many_digits(bound.size() - 1 - i)), r_.concat(one(c), rest));
    }
    return rest;
  }

  RegexId magnitude_at_least(const Written& bound, bool strict) {
    const RegexId longer = r_.concat(digits_between('1', '9'), r_.repeat(digit_, static_cast<int>(bound.whole.size())));
    const RegexId greater = digits_beyond(bound.whole, true);
    RegexId fraction = strict ? r_.concat(std::array{digits_, digits_between('1', '9'), digits_}) : digits_;
    for (size_t i = bound.fraction.size(); i-- > 0;) {
      const char c = bound.fraction[i];
      fraction =
          r_.either(r_.concat(digits_between(static_cast<char>(c + 1), '9'), digits_), r_.concat(one(c), fraction));
    }
    fraction = r_.concat(point_, fraction);
    if (bound.fraction.empty() && !strict) fraction = r_.optional(fraction);
    return r_.either(r_.concat(r_.either(longer, greater), any_fraction()),
                     r_.concat(r_.literal(bound.whole), fraction));
  }

  RegexId magnitude_at_most(const Written& bound, bool strict) {
    const RegexId shorter = r_.repeat(digit_, 0, static_cast<int>(bound.whole.size()) - 1);
    const RegexId smaller = digits_beyond(bound.whole, false);
    // What is over before the bound's decimals are is smaller: they do not end in zeros.
    RegexId fraction = strict ? Regexes::kNothing : r_.repeat(zero_, 0);
    for (size_t i = bound.fraction.size(); i-- > 0;) {
      const char c = bound.fraction[i];
      const RegexId below = r_.concat(digits_between('0', static_cast<char>(c - 1)), digits_);
      fraction = r_.either(std::array{Regexes::kEmpty, below, r_.concat(one(c), fraction)});
    }
    fraction = r_.concat(point_, fraction);
    if (!bound.fraction.empty() || !strict) fraction = r_.optional(fraction);
    return r_.either(r_.concat(r_.either(shorter, smaller), any_fraction()),
                     r_.concat(r_.literal(bound.whole), fraction));
  }

  RegexId magnitude_multiple(uint32_t modulus, int exponent) {
    if (exponent <= 0) return r_.multiple(modulus, -exponent);
    const RegexId tens = r_.concat(r_.both(r_.multiple(modulus, 0), digits_), r_.repeat(zero_, exponent, exponent));
    return r_.concat(r_.either(zero_, tens), r_.optional(r_.concat(point_, r_.repeat(zero_, 1))));
  }

  Regexes& r_;
  const RegexId any_ = Regexes::kAnything;
  const RegexId digit_ = digits_between('0', '9');
  const RegexId digits_ = r_.repeat(digit_, 0);
  const RegexId zero_ = one('0');
  const RegexId point_ = one('.');
  const RegexId exponent_ = r_.bytes(ByteSet{}.set('e').set('E'));
};

bool is_zero_or_none(const std::optional<Decimal>& bound) { return !bound || bound->digits.empty(); }

}  // namespace

Decimal Decimal::parse(std::string_view json_number) { return DecimalReader(json_number).read(); }

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int order = compare_magnitudes(a, b);
  return a.negative ? -order : order;
}

RegexId number(Regexes& regexes, const NumberRule& rule) {
  NumberTexts texts(regexes);
  const bool may_have_exponent = is_zero_or_none(rule.minimum) && is_zero_or_none(rule.maximum) && !rule.multiple_of;
  std::vector<RegexId> parts = {rule.integer ? texts.integer() : may_have_exponent ? texts.any() : texts.decimal()};
  if (rule.minimum) parts.push_back(texts.at_least(*rule.minimum, rule.exclusive_minimum));
  if (rule.maximum) parts.push_back(texts.at_most(*rule.maximum, rule.exclusive_maximum));
  if (rule.multiple_of) parts.push_back(texts.multiple_of(*rule.multiple_of));
  const RegexId all = regexes.both(parts);
  return regexes.is_nothing(all) ? Regexes::kNothing : all;
}

RegexId any_number(Regexes& regexes) { return NumberTexts(regexes).any(); }

}  // namespace facet::constraint
