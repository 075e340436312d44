#include "server/engine_job.h"

#include "server/api_error.h"

namespace facet::server {

EngineJob::EngineJob(const text::Tokenizer& tokenizer, Setup setup, EventSink sink)
    : setup_(std::move(setup)), sink_(std::move(sink)) {
  readers_.reserve(static_cast<size_t>(setup_.n_choices));
  for (int choice = 0; choice < setup_.n_choices; ++choice)
    readers_.emplace_back(tokenizer, setup_.facts, choice, [this](const Event& event) { pass(event); });
}

// It may have been cancelled before the scheduler knew it.
void EngineJob::submit(const std::shared_ptr<LoadedModel>& model, runtime::Job job) {
  model_ = model;
  job.listener = std::shared_ptr<runtime::JobListener>(shared_from_this());
  try {
    id_ = model->scheduler.submit(std::move(job));
  } catch (...) {
    end();
    throw;
  }
  if (is_cancelled_) model->scheduler.cancel(id_);
}

void EngineJob::cancel() {
  is_cancelled_ = true;
  if (const auto model = model_.lock(); model && id_ != 0) model->scheduler.cancel(id_);
}

void EngineJob::on_started(const runtime::JobStart& start) {
  usage_.n_prompt = setup_.n_prompt;
  usage_.n_cached = start.prompt.n_reused;
  usage_.queue_seconds = start.queue_seconds;
  usage_.load_seconds = setup_.load_seconds;
  sink_(event::Started{setup_.model, usage_.n_prompt, usage_.n_cached});
}

bool EngineJob::on_event(int choice, const runtime::GenerateEvent& event) {
  return readers_[static_cast<size_t>(choice)].push(event);
}

void EngineJob::pass(const Event& event) {
  if (const auto* thought = std::get_if<event::Thought>(&event); thought != nullptr && thought->choice == 0)
    thought_ += thought->text;
  if (const auto* call = std::get_if<event::CallEnd>(&event); call != nullptr && call->choice == 0)
    calls_.push_back({{"name", call->name}, {"arguments", call->arguments}});
  sink_(event);
}

void EngineJob::on_finished(int choice, runtime::GenerateResult result) {
  AnswerReader& reader = readers_[static_cast<size_t>(choice)];
  reader.finish(result);
  usage_.n_generated += result.stats.n_generated;
  usage_.n_thought += reader.n_thought();
  usage_.prompt_seconds = std::max(usage_.prompt_seconds, result.stats.prompt_seconds);
  usage_.decode_seconds = std::max(usage_.decode_seconds, result.stats.decode_seconds);
  if (++n_finished_ < setup_.n_choices) return;
  if (setup_.remember && !calls_.empty() && !thought_.empty()) setup_.remember(calls_, thought_);
  usage_.total_seconds = std::chrono::duration<double>(Clock::now() - setup_.start).count();
  sink_(event::Done{usage_});
  end();
}

void EngineJob::on_failed(std::exception_ptr error) {
  try {
    sink_(event::Failed{std::move(error)});
  } catch (...) {
    end();
    throw;
  }
  end();
}

void EngineJob::end() {
  if (auto on_end = std::exchange(setup_.on_end, nullptr)) on_end();
}

}  // namespace facet::server
