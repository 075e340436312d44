// link: facet_runtime
#include <cstdint>

#include "base/error.h"
#include "model/gemma.h"
#include "model/work.h"
#include "ops/cpu/cpu_ops.h"
#include "runtime/generation_defaults.h"
#include "runtime/tokenizer_loader.h"

namespace {

using namespace facet;

// One token through the whole model, unless it is large.
void run_a_token(const model::Config& config, const model::Weights& weights) {
  constexpr size_t kMaxBytes = 16 << 20;
  constexpr int kPageTokens = 64;
  const model::KvLayout layout(config, ops::KvType::F16, kPageTokens);
  if (model::Scratch::count_bytes(config, 1) > kMaxBytes || layout.page_bytes[0] + layout.page_bytes[1] > kMaxBytes ||
      model::product_flops(config, weights, 1, 1) > 1e7)
    return;
  ThreadPool threads(1);
  ops::cpu::Ops op(threads, *kernels::available().front());
  model::Scratch scratch(config, 1);
  std::vector<std::byte> memory(layout.page_bytes[0] + layout.page_bytes[1]);
  std::byte* const pages[] = {memory.data(), memory.data() + layout.page_bytes[0]};
  const int32_t token = config.n_vocab - 1;
  const int position = 0, wanted = 0;
  const model::Segment segment{0, 1, {&pages[0], &pages[1]}, {}};
  const model::Step step{{{&token, 1}, {&position, 1}, {&segment, 1}}, {&wanted, 1}};
  const ops::ConstMat hidden = model::forward(op, config, weights, layout, step, scratch);
  std::vector<float> logits(static_cast<size_t>(config.n_vocab));
  model::head(op, config, weights, ops::Mat(logits.data(), 1, config.n_vocab), hidden);
  [[maybe_unused]] volatile float sink = logits.back();
}

}  // namespace

// Bytes -> a GGUF file -> all that is made of it: configuration, tokenizer, defaults, bound weights, a step.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    auto file = gguf::File::parse(std::as_bytes(std::span(data, size)), "fuzz");
    const auto config = model::read_config(file);
    const auto tokenizer = runtime::load_tokenizer(file, config.n_vocab);
    (void)runtime::read_defaults(file, *tokenizer);
    (void)runtime::read_chat_family(file, config, *tokenizer);
    const auto weights = model::bind_weights(config, model::make_tensor_source(std::move(file)));
    [[maybe_unused]] volatile int64_t sink = model::count_bytes(config, weights).per_token;
    run_a_token(config, weights);
  } catch (const FormatError&) {
  }
  return 0;
}
