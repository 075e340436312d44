#include "constraint/regex/regexes.h"

#include <algorithm>

#include "base/error.h"
#include "constraint/regex/store.h"

namespace facet::constraint {

Regexes::Regexes(size_t max_expressions) : store_(std::make_unique<Store>(max_expressions)), table_(store_.get()) {}
Regexes::~Regexes() = default;
Regexes::Regexes(Regexes&&) noexcept = default;
Regexes& Regexes::operator=(Regexes&&) noexcept = default;

RegexId Regexes::bytes(const ByteSet& set) { return store_->with_rows(store_->expressions.bytes(set)); }
RegexId Regexes::literal(std::string_view text) { return store_->with_rows(store_->expressions.literal(text)); }

RegexId Regexes::control(uint8_t index) {
  const char spelling[] = {static_cast<char>(kControlByte), static_cast<char>(index)};
  return literal({spelling, 2});
}

RegexId Regexes::concat(RegexId first, RegexId second) { return store_->with_rows(store_->concat(first, second)); }

RegexId Regexes::concat(std::span<const RegexId> parts) {
  RegexId chain = kEmpty;
  for (size_t i = parts.size(); i-- > 0;) chain = store_->concat(parts[i], chain);
  return store_->with_rows(chain);
}

RegexId Regexes::either(std::span<const RegexId> parts) { return store_->with_rows(store_->either(parts)); }
RegexId Regexes::either(RegexId a, RegexId b) { return either(std::array{a, b}); }
RegexId Regexes::both(std::span<const RegexId> parts) { return store_->with_rows(store_->both(parts)); }
RegexId Regexes::both(RegexId a, RegexId b) { return both(std::array{a, b}); }
RegexId Regexes::complement(RegexId a) { return store_->with_rows(store_->complement(a)); }

RegexId Regexes::repeat(RegexId a, int min, int max) {
  if (min < 0 || max < -1 || (max >= 0 && max < min) || std::max(min, max) > kMaxCount)
    throw_error<RequestError>("repetition {{{},{}}}: expected a minimum of 0 to {} and no smaller maximum", min, max,
                              kMaxCount);
  return store_->with_rows(store_->repeat(a, min, max));
}

RegexId Regexes::multiple(uint32_t modulus, int decimals) {
  return store_->with_rows(store_->expressions.multiple({modulus, 0, decimals, false}));
}

RegexId Regexes::derive_unmet(RegexId a, uint8_t byte) { return store_->derive(a, byte); }

RegexId Regexes::derive(RegexId a, std::string_view text) {
  for (const char c : text) a = derive(a, static_cast<uint8_t>(c));
  return a;
}

bool Regexes::is_nullable(RegexId a) const noexcept { return store_->expressions[a].nullable; }
bool Regexes::is_nothing(RegexId a) { return !store_->is_live(a); }
bool Regexes::has_continuation(RegexId a) { return first_bytes(a).any(); }
size_t Regexes::n_texts(RegexId a, size_t limit) { return store_->n_texts(a, limit); }
std::vector<std::string> Regexes::texts(RegexId a) { return store_->texts(a); }
uint32_t Regexes::least_bytes(RegexId a) { return store_->least_bytes(a); }
uint8_t Regexes::first_of_shortest(RegexId a) { return store_->first_of_shortest(a); }
bool Regexes::ends_with(RegexId a, uint8_t byte) const noexcept { return store_->expressions.ends_with(a, byte); }
const ByteSet& Regexes::first_bytes(RegexId a) { return store_->first_bytes(a); }

void Regexes::keep() noexcept { store_->expressions.keep(); }
void Regexes::forget() { store_->forget(); }
size_t Regexes::n_made() const noexcept { return store_->expressions.n_made(); }
size_t Regexes::max_made() const noexcept { return store_->expressions.max_made(); }

size_t Regexes::size() const noexcept { return store_->expressions.size(); }
size_t Regexes::n_bytes() const noexcept { return store_->n_bytes(); }

}  // namespace facet::constraint
