// A model in memory, and what belongs to it: its scheduler, the grammars compiled for it, what it thought. Internal to
// server/.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "runtime/chat_format.h"
#include "runtime/embedding_cache.h"
#include "runtime/live_transcriber.h"
#include "runtime/scheduler.h"
#include "server/grammars.h"
#include "server/memory_share.h"
#include "server/model_catalog.h"
#include "server/thought_memory.h"

namespace facet::server {

struct LoadedModel {
  using Clock = std::chrono::steady_clock;

  LoadedModel(ServedModel m, MemoryBudget::Claim c, std::shared_ptr<const runtime::Engine> e,
              const runtime::SchedulerOptions& options, std::shared_ptr<runtime::EmbeddingCache> media)
      : claim(std::move(c)),
        model(std::move(m)),
        engine(std::move(e)),
        media_cache(std::move(media)),
        grammars(runtime::can_think(runtime::chat_format_or_familys(engine->chat_family(), engine->tokenizer()))
                     ? constraint::CallOptions::Form::Tokens
                     : constraint::CallOptions::Form::Json),
        scheduler(engine, options),
        last_used(Clock::now()) {}

  const MemoryBudget::Claim claim;  // of all that it may come to take; ends last
  const ServedModel model;
  const std::shared_ptr<const runtime::Engine> engine;
  const std::shared_ptr<runtime::EmbeddingCache> media_cache;
  Grammars grammars;
  ThoughtMemory thoughts;
  runtime::Scheduler scheduler;

  // Of the loader, under its lock.
  double keep_alive = 0;  // seconds; negative: for ever
  Clock::time_point last_used;
  int n_uses = 0;

  // Seconds until it may be let go of; negative: never.
  double expires_in() const {
    if (keep_alive < 0) return -1;
    const double idle = std::chrono::duration<double>(Clock::now() - last_used).count();
    return n_uses > 0 ? keep_alive : std::max(0.0, keep_alive - idle);
  }
};

EmbeddingResult embed_inputs(LoadedModel& model, const EmbeddingRequest& request);  // without its seconds
TranscriptionResult transcribe_sound(const LoadedModel& model, const TranscriptionRequest& request,
                                     const std::function<bool(const TranscriptionSegment&)>& on_segment);
runtime::LiveOptions live_options(const LiveRequest& request);

}  // namespace facet::server
