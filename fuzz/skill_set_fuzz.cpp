// link: facet_evaluation
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "evaluation/skill_set.h"

// A file of questions: refused with its name and a line, or every question can be rendered and its answer judged.
// (Python functions are left out: they would run programs.)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace facet;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    for (const evaluation::Item& item : evaluation::parse_items(bytes, "fuzz.jsonl", "folder")) {
      if (item.max_tokens < 1 || !item.where.starts_with("fuzz.jsonl:")) std::abort();
      (void)text::render_chat(item.messages, item.tools, {text::ChatTemplate::Gemma4Small, item.think});
      if (item.expect.kind == evaluation::Expectation::Kind::Python) continue;
      evaluation::Answer answer;
      if (item.expect.kind == evaluation::Expectation::Kind::Calls)
        answer.calls = item.expect.value;
      else
        answer.content = to_line(item.expect);
      if (judge(item.expect, answer).result != evaluation::Result::Right) std::abort();
    }
  } catch (const FormatError& e) {
    if (!std::string_view(e.what()).starts_with("fuzz.jsonl")) std::abort();
  }
  return 0;
}
