// link: facet_runtime
#include <cstdint>

#include "base/error.h"
#include "model/weights.h"
#include "runtime/generation_defaults.h"
#include "runtime/tokenizer_loader.h"

// Bytes -> a GGUF file -> all that is made of it before it runs: configuration, tokenizer, defaults, bound weights.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet;
  try {
    auto file = gguf::File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    const auto config = model::read_config(file);
    const auto tokenizer = runtime::load_tokenizer(file, config.n_vocab);
    (void)runtime::read_defaults(file, *tokenizer);
    (void)runtime::read_chat_family(file, config, *tokenizer);
    const auto weights = model::bind_weights(config, model::make_tensor_source(std::move(file)));
    [[maybe_unused]] volatile int64_t sink = model::count_bytes(config, weights).per_token;
    // A row of every matrix can be decoded.
    std::vector<float> row;
    for (const auto& layer : weights.layers)
      for (const model::Weight* w : {&layer.attn_q, &layer.attn_k, &layer.ffn_down, &layer.proj}) {
        if (w->empty()) continue;
        row.resize(static_cast<size_t>(w->n_in));
        quant::decode_row(w->type, w->data + w->row_bytes() * static_cast<size_t>(w->n_out - 1), row.data(),
                          row.size());
        sink = static_cast<int64_t>(row.size());
      }
  } catch (const FormatError&) {
  }
  return 0;
}
