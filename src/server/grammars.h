// The grammar that a request asks of its answer, compiled once for all requests that ask the same.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "constraint/calls/call_grammar.h"
#include "constraint/matcher/matcher.h"
#include "runtime/engine.h"
#include "server/request.h"

namespace facet::server {

using SharedGrammar = std::shared_ptr<const constraint::CompiledGrammar>;

// For requests to one model: what grammars remember of masks belongs to its vocabulary. Thread-safe.
class Grammars {
 public:
  // What is remembered is forgotten, longest unused first, beyond this many bytes.
  // form: how the model writes calls.
  explicit Grammars(constraint::CallOptions::Form form, size_t max_bytes = size_t{128} << 20)
      : form_(form), max_bytes_(max_bytes) {}

  // Null: any text may come. Throws ApiError naming the field: a schema that cannot be enforced, a function that is not
  // declared, a format that contradicts the calls asked for.
  SharedGrammar find(const GenerationRequest& request);
  size_t n_bytes() const;

 private:
  struct Entry {
    std::string key;
    SharedGrammar grammar;
  };
  void shrink();

  constraint::CallOptions::Form form_;
  size_t max_bytes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // last used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

// Works out what the first answer under a grammar waits for: the vocabulary as grammars see it, and how far the end is.
// On the scheduler's thread every other answer would wait as well.
void look_ahead(const SharedGrammar& grammar, const runtime::Engine& engine);

}  // namespace facet::server
