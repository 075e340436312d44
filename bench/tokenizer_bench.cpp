// link: facet_text facet_base
// The tokenizer on the real vocabularies that scripts/fetch-test-assets.sh brings: how fast English text becomes ids on
// one thread (wanted: 5 MB/s), and how long a vocabulary takes to load (wanted: 150 ms).
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "base/mapped_file.h"
#include "base/test_data.h"
#include "text/tokenizer.h"

namespace {

using facet::MappedFile;
using facet::text::Specials;
using facet::text::Tokenizer;

std::shared_ptr<const Tokenizer> load(const std::string& path) {
  const MappedFile map(path);
  return Tokenizer::from_json({reinterpret_cast<const char*>(map.bytes().data()), map.bytes().size()}, path);
}

// The project's own documents: 70 kB of English, tables and code among it.
std::string english() {
  std::stringstream text;
  for (const char* path : {"README.md", "CONTRIBUTING.md", "LICENSE", "docs/architecture.md", "docs/cli.md",
                           "docs/dependencies.md", "docs/formats.md", "docs/model.md"})
    if (std::ifstream in(path); in) text << in.rdbuf();
  return text.str();
}

void encode_english(benchmark::State& state, const std::string& vocabulary) {
  const std::string path = facet::asset_path(vocabulary), text = english();
  if (!std::ifstream(path) || text.empty()) return state.SkipWithError("vocabulary or documents are not there");
  const auto tokenizer = load(path);
  int64_t n_tokens = 0;
  for (auto _ : state) n_tokens = static_cast<int64_t>(tokenizer->encode(text, Specials::Forbid).size());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  state.counters["bytes_per_token"] = static_cast<double>(text.size()) / static_cast<double>(n_tokens);
}

void load_vocabulary(benchmark::State& state, const std::string& vocabulary) {
  const std::string path = facet::asset_path(vocabulary);
  if (!std::ifstream(path)) return state.SkipWithError("the vocabulary is not there");
  for (auto _ : state) benchmark::DoNotOptimize(load(path));
}

BENCHMARK_CAPTURE(encode_english, gemma4, "gemma4-tokenizer.json")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode_english, gemma3, "gemma3-tokenizer.json")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(load_vocabulary, gemma4, "gemma4-tokenizer.json")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(load_vocabulary, gemma3, "gemma3-tokenizer.json")->Unit(benchmark::kMillisecond);

}  // namespace
