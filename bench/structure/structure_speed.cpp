// How long the constraint engine takes on real schemas: for each token of the valid instances of a conformance file,
// the time of one mask, and the time from a schema to its first mask, on one thread and a real vocabulary.
//
// usage: structure_speed SCHEMAS.jsonl TOKENIZER.json [SLOW_MS]
// Prints one line of JSON, and on standard error the masks that took longer than SLOW_MS. compare.py beside it runs
// other engines.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "constraint/matcher/matcher.h"
#include "constraint/schema/json_schema.h"
#include "runtime/token_table.h"
#include "text/chat.h"
#include "text/tokenizer.h"

namespace {

using namespace facet;

// The process's own time, as in compare.py: other programs on the machine do not count.
double now_us() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}
double micros_since(double start) { return now_us() - start; }

std::shared_ptr<const text::Tokenizer> load(const std::string& path) {
  const MappedFile map(path);
  return text::Tokenizer::from_json({reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()}, path);
}

class Times {
 public:
  void add(double value) { values_.push_back(value); }
  size_t size() const { return values_.size(); }
  nlohmann::ordered_json json() {
    if (values_.empty()) return nullptr;
    std::sort(values_.begin(), values_.end());
    double sum = 0;
    for (const double v : values_) sum += v;
    const auto at = [&](double share) {
      return values_[static_cast<size_t>(share * static_cast<double>(values_.size() - 1))];
    };
    return {{"mean", sum / static_cast<double>(values_.size())}, {"p50", at(0.5)}, {"p99", at(0.99)}, {"max", at(1)}};
  }

 private:
  std::vector<double> values_;
};

struct Figures {
  int n_schemas = 0, n_refused = 0, n_valid = 0, n_valid_rejected = 0, n_invalid = 0, n_invalid_accepted = 0;
  Times mask_us, first_mask_us, commit_us;
  size_t most_bytes = 0;
};

class Speed {
 public:
  Speed(std::shared_ptr<const text::Tokenizer> tokenizer, double slow_ms)
      : slow_us_(slow_ms * 1e3),
        tokenizer_(std::move(tokenizer)),
        tokens_(constraint::TokenTable::make(runtime::token_table_parts(*tokenizer_, tokenizer_->stop_tokens()))) {}

  void schema(const text::ChatJson& line) {
    ++figures_.n_schemas;
    id_ = line.at("id");
    const auto start = now_us();
    std::shared_ptr<const constraint::CompiledGrammar> grammar;
    try {
      constraint::Grammar g;
      g.set_root(constraint::add_schema(g, line.at("schema"), {}));
      grammar = std::make_shared<constraint::CompiledGrammar>(std::move(g));
    } catch (const RequestError&) {
      ++figures_.n_refused;
      return;
    }
    constraint::Matcher first(grammar, tokens_);
    first.mask(mask_);
    figures_.first_mask_us.add(micros_since(start));
    for (const auto& test : line.at("tests")) instance(grammar, test);
    figures_.most_bytes = std::max(figures_.most_bytes, grammar->n_bytes());
  }

  Figures& figures() { return figures_; }

 private:
  bool accepts(constraint::Matcher& matcher, const std::string& text) {
    size_t n_read = 0;
    for (const text::TokenId token : tokenizer_->encode(text, text::Specials::Forbid)) {
      const auto start = now_us();
      matcher.mask(mask_);
      const double took = micros_since(start);
      figures_.mask_us.add(took);
      if (took > slow_us_) fmt::print(stderr, "{}: {:.1f} ms behind {}\n", id_, took * 1e-3, text.substr(0, n_read));
      n_read += tokens_->bytes(token).size();
      const auto taken = now_us();
      const bool ok = matcher.accept(token);
      figures_.commit_us.add(micros_since(taken));
      if (ok != mask_.has(token)) throw_error<RequestError>("mask and matcher differ at token {} of {}", token, text);
      if (!ok) return false;
    }
    return matcher.may_end();
  }

  void instance(const std::shared_ptr<const constraint::CompiledGrammar>& grammar, const text::ChatJson& test) {
    constraint::Matcher matcher(grammar, tokens_);
    const bool accepted = accepts(matcher, text::chat_json_text(test.at("data")));
    if (test.at("valid").get<bool>()) {
      ++figures_.n_valid;
      figures_.n_valid_rejected += !accepted;
    } else {
      ++figures_.n_invalid;
      figures_.n_invalid_accepted += accepted;
    }
  }

  double slow_us_;
  std::string id_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::shared_ptr<const constraint::TokenTable> tokens_;
  constraint::TokenMask mask_;
  Figures figures_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    fmt::print(stderr, "usage: structure_speed SCHEMAS.jsonl TOKENIZER.json [SLOW_MS]\n");
    return 2;
  }
  try {
    Speed speed(load(argv[2]), argc == 4 ? std::stod(argv[3]) : HUGE_VAL);
    std::ifstream in(argv[1]);
    for (std::string line; std::getline(in, line);) speed.schema(text::parse_chat_json(line));
    Figures& f = speed.figures();
    const nlohmann::ordered_json out{{"schemas", f.n_schemas},
                                     {"refused", f.n_refused},
                                     {"valid", f.n_valid},
                                     {"valid_rejected", f.n_valid_rejected},
                                     {"invalid", f.n_invalid},
                                     {"invalid_accepted", f.n_invalid_accepted},
                                     {"masks", f.mask_us.size()},
                                     {"mask_us", f.mask_us.json()},
                                     {"commit_us", f.commit_us.json()},
                                     {"first_mask_us", f.first_mask_us.json()},
                                     {"grammar_mb_max", static_cast<double>(f.most_bytes) / 1e6}};
    fmt::print("{}\n", out.dump());
  } catch (const std::exception& e) {
    fmt::print(stderr, "structure_speed: {}\n", e.what());
    return 1;
  }
}
