#include "constraint/regex/numbers.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/error.h"

namespace facet::constraint {
namespace {

bool is_number(Regexes& r, RegexId a, std::string_view text) { return r.is_nullable(r.derive(a, text)); }

TEST(Numbers, DecimalsAreExact) {
  const auto order = [](std::string_view a, std::string_view b) {
    return compare(Decimal::parse(a), Decimal::parse(b));
  };
  EXPECT_EQ(order("1.50", "15e-1"), 0);
  EXPECT_EQ(order("-0.0", "0"), 0);
  EXPECT_LT(order("-2", "-1.99"), 0);
  EXPECT_LT(order("9007199254740992", "9007199254740993"), 0);
  EXPECT_GT(order("0.1", "0.09999999999999999999"), 0);
  EXPECT_GT(order("1E+3", "999.999"), 0);
  EXPECT_LT(order("1e-300", "1e-299"), 0);
  for (const char* bad : {"", "-", "01", ".5", "5.", "1e", "+1", "1x", "1e401", "1e-401", "1e99999999999999", "NaN"})
    EXPECT_THROW(Decimal::parse(bad), RequestError) << bad;
}

TEST(Numbers, AnyNumberIsJsons) {
  Regexes r;
  const RegexId a = any_number(r);
  for (const char* good : {"0", "-0", "10", "-1.50", "1e5", "1E+05", "0.1e-7"})
    EXPECT_TRUE(is_number(r, a, good)) << good;
  for (const char* bad : {"", "-", "01", "-01", "1.", ".1", "1e", "+1", "1.e5", " 1", "1 "})
    EXPECT_FALSE(is_number(r, a, bad)) << bad;
}

// Values of up to three decimals, in thousandths.
std::string spelled(int64_t thousandths, int n_decimals) {
  const int64_t magnitude = std::abs(thousandths);
  std::string fraction = std::to_string(1000 + magnitude % 1000).substr(1);
  return (thousandths < 0 ? "-" : "") + std::to_string(magnitude / 1000) +
         (n_decimals == 0 ? "" : "." + (fraction + "00").substr(0, static_cast<size_t>(n_decimals)));
}
int n_decimals_needed(int64_t thousandths) {
  return thousandths % 1000 == 0 ? 0 : thousandths % 100 == 0 ? 1 : thousandths % 10 == 0 ? 2 : 3;
}

struct ThousandthsRule {
  bool integer = false, has_min = false, has_max = false, open_min = false, open_max = false;
  int64_t min = 0, max = 0, factor = 0;

  bool holds(int64_t value, int n_decimals) const {
    if (integer && n_decimals > 0) return false;
    if (has_min && (value < min || (open_min && value == min))) return false;
    if (has_max && (value > max || (open_max && value == max))) return false;
    return factor == 0 || value % factor == 0;
  }
  NumberRule rule() const {
    const auto decimal = [](int64_t value) { return Decimal::parse(spelled(value, 3)); };
    NumberRule out{.integer = integer, .exclusive_minimum = open_min, .exclusive_maximum = open_max};
    if (has_min) out.minimum = decimal(min);
    if (has_max) out.maximum = decimal(max);
    if (factor != 0) out.multiple_of = decimal(factor);
    return out;
  }
};

class RandomRules {
 public:
  explicit RandomRules(uint32_t seed) : random_(seed) {}
  int64_t value() {
    const int64_t unit = std::array{1, 10, 100, 1000, 1000}[random_() % 5];
    const int64_t range = std::array{3, 30, 300, 30'000}[random_() % 4];
    return unit * std::uniform_int_distribution<int64_t>(-range, range)(random_);
  }
  ThousandthsRule rule() {
    ThousandthsRule out{one_in(3), one_in(2), one_in(2), one_in(3), one_in(3), value(), value(), 0};
    if (one_in(2)) out.max = out.min + std::abs(value()) / 10;
    if (one_in(3))
      out.factor = std::array{1, 10, 50, 250, 500, 1000, 1500, 7000, 12'000, 100'000, 30'000}[random_() % 11];
    return out;
  }
  bool one_in(uint32_t n) { return random_() % n == 0; }

 private:
  std::mt19937 random_;
};

TEST(Numbers, RulesHoldExactly) {
  RandomRules random(1);
  size_t n_good = 0, n_empty = 0;
  for (int round = 0; round < 500; ++round) {
    const ThousandthsRule rule = random.rule();
    Regexes r;
    const RegexId a = number(r, rule.rule());
    n_empty += a == Regexes::kNothing;
    std::vector<int64_t> values = {0, rule.min - 1, rule.min, rule.min + 1, rule.max - 1, rule.max, rule.max + 1};
    for (int i = 0; i < 150; ++i) values.push_back(random.value());
    for (int i = 0; i < 50; ++i) values.push_back(rule.min + random.value() / 100);
    for (const int64_t value : values)
      for (int n = n_decimals_needed(value); n < 6; ++n) {
        const bool expected = rule.holds(value, n);
        n_good += expected;
        ASSERT_EQ(is_number(r, a, spelled(value, n)), expected)
            << spelled(value, n) << (rule.integer ? ", integer" : "") << ", minimum "
            << (rule.has_min ? spelled(rule.min, 3) : "-") << rule.open_min << ", maximum "
            << (rule.has_max ? spelled(rule.max, 3) : "-") << rule.open_max << ", multiple of " << rule.factor;
        ASSERT_FALSE(a == Regexes::kNothing && expected);
      }
  }
  EXPECT_GT(n_good, 20'000u);
  EXPECT_GT(n_empty, 10u);
}

TEST(Numbers, ZeroMayBeNegative) {
  Regexes r;
  NumberRule rule{.integer = true, .minimum = Decimal::parse("0")};
  EXPECT_TRUE(is_number(r, number(r, rule), "-0"));
  rule.exclusive_minimum = true;
  EXPECT_FALSE(is_number(r, number(r, rule), "-0"));
  EXPECT_FALSE(is_number(r, number(r, rule), "0"));
  EXPECT_FALSE(is_number(r, number(r, {.minimum = Decimal::parse("0.5")}), "-0"));
}

TEST(Numbers, ExponentsAreAllowedWhereTheyAreEasy) {
  Regexes r;
  const NumberRule above_zero{.minimum = Decimal::parse("0"), .exclusive_minimum = true};
  EXPECT_TRUE(is_number(r, number(r, above_zero), "1e-5"));
  EXPECT_TRUE(is_number(r, number(r, above_zero), "0.10E5"));
  EXPECT_FALSE(is_number(r, number(r, above_zero), "0.0e5"));
  EXPECT_FALSE(is_number(r, number(r, above_zero), "-1e5"));
  const NumberRule not_above_zero{.maximum = Decimal::parse("0")};
  EXPECT_TRUE(is_number(r, number(r, not_above_zero), "-1e5"));
  EXPECT_TRUE(is_number(r, number(r, not_above_zero), "0e5"));
  EXPECT_FALSE(is_number(r, number(r, not_above_zero), "0.1e-5"));
  EXPECT_FALSE(is_number(r, number(r, {.minimum = Decimal::parse("1")}), "1e5"));
  EXPECT_FALSE(is_number(r, number(r, {.integer = true}), "1e5"));
}

TEST(Numbers, LargeBoundsAreExact) {
  Regexes r;
  const RegexId a = number(r, {.integer = true,
                               .minimum = Decimal::parse("9007199254740993"),
                               .maximum = Decimal::parse("18446744073709551615")});
  EXPECT_FALSE(is_number(r, a, "9007199254740992"));
  EXPECT_TRUE(is_number(r, a, "9007199254740993"));
  EXPECT_TRUE(is_number(r, a, "18446744073709551615"));
  EXPECT_FALSE(is_number(r, a, "18446744073709551616"));
  const RegexId tiny = number(r, {.minimum = Decimal::parse("1e-30"), .maximum = Decimal::parse("1e300")});
  EXPECT_TRUE(is_number(r, tiny, "0." + std::string(29, '0') + "1"));
  EXPECT_FALSE(is_number(r, tiny, "0." + std::string(30, '0') + "9"));
  EXPECT_TRUE(is_number(r, tiny, "1" + std::string(300, '0')));
}

TEST(Numbers, OnlyWhatCanBeFinishedIsBegun) {
  Regexes r;
  const RegexId a = number(r, {.integer = true,
                               .minimum = Decimal::parse("100"),
                               .maximum = Decimal::parse("299"),
                               .multiple_of = Decimal::parse("97")});  // 194, 291
  EXPECT_EQ(r.first_bytes(a), ByteSet{}.set('1').set('2'));
  EXPECT_EQ(r.first_bytes(r.derive(a, "1")), ByteSet{}.set('9'));
  EXPECT_EQ(number(r, {.minimum = Decimal::parse("5"), .maximum = Decimal::parse("4")}), Regexes::kNothing);
  EXPECT_EQ(number(r, {.integer = true,
                       .minimum = Decimal::parse("1"),
                       .maximum = Decimal::parse("96"),
                       .multiple_of = Decimal::parse("97")}),
            Regexes::kNothing);
  EXPECT_NE(number(r, {.integer = true,
                       .minimum = Decimal::parse("1"),
                       .maximum = Decimal::parse("999999999"),
                       .multiple_of = Decimal::parse("9973")}),
            Regexes::kNothing);
}

TEST(Numbers, BadFactorsAreRefused) {
  Regexes r;
  for (const char* bad : {"0", "-1", "10001", "1.0001"})
    EXPECT_THROW(number(r, {.multiple_of = Decimal::parse(bad)}), RequestError) << bad;
  EXPECT_NO_THROW(number(r, {.multiple_of = Decimal::parse("1e20")}));
  EXPECT_NO_THROW(number(r, {.multiple_of = Decimal::parse("1e-8")}));
}

}  // namespace
}  // namespace facet::constraint
