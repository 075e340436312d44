#include "apps/stats.h"

#include <fmt/format.h>

#include "base/system_memory.h"

namespace facet::apps {
namespace {

double rate(int n, double seconds) { return seconds > 0 ? n / seconds : 0.0; }

}  // namespace

nlohmann::ordered_json stats_json(const runtime::Engine& engine, const runtime::GenerateStats& s) {
  return {{"prompt_tokens", s.n_prompt},
          {"reused_tokens", s.prompt.n_reused},
          {"computed_tokens", s.prompt.n_computed},
          {"recomputed_tokens", s.prompt.n_recomputed},
          {"generated_tokens", s.n_generated},
          {"drafted_tokens", s.n_drafted},
          {"accepted_tokens", s.n_accepted},
          {"forced_tokens", s.n_forced},
          {"load_ms", engine.load_seconds() * 1e3},
          {"prompt_ms", s.prompt_seconds * 1e3},
          {"first_token_ms", s.first_token_seconds * 1e3},
          {"prompt_tokens_per_s", rate(s.prompt.n_computed, s.prompt_seconds)},
          {"tokens_per_s", rate(s.n_generated - 1, s.decode_seconds)},
          {"peak_rss_bytes", peak_resident_memory()}};
}

std::string stats_line(const runtime::Engine& engine, const runtime::GenerateStats& s) {
  return fmt::format(
      "load {:.0f} ms; prompt {} tokens ({} reused, {} computed, {} of them again) in {:.0f} ms, {:.1f} tokens/s; "
      "first "
      "token {:.0f} ms; {} tokens at {:.1f} tokens/s{}{}; peak {:.0f} MB",
      engine.load_seconds() * 1e3, s.n_prompt, s.prompt.n_reused, s.prompt.n_computed, s.prompt.n_recomputed,
      s.prompt_seconds * 1e3, rate(s.prompt.n_computed, s.prompt_seconds), s.first_token_seconds * 1e3, s.n_generated,
      rate(s.n_generated - 1, s.decode_seconds),
      s.n_drafted > 0 ? fmt::format(" ({} of {} drafted tokens accepted)", s.n_accepted, s.n_drafted) : "",
      s.n_forced > 0 ? fmt::format(" ({} had no alternative)", s.n_forced) : "",
      static_cast<double>(peak_resident_memory()) / 1e6);
}

}  // namespace facet::apps
