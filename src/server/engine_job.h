// A generation under way: what the scheduler tells of it becomes events. Internal to server/.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/job.h"
#include "server/answer_reader.h"
#include "server/loaded_model.h"
#include "server/service.h"

namespace facet::server {

class EngineJob : public Job, public runtime::JobListener, public std::enable_shared_from_this<EngineJob> {
 public:
  using Clock = std::chrono::steady_clock;

  struct Setup {
    std::string model;  // its name
    AnswerFacts facts;
    int n_choices = 1, n_prompt = 0;
    Json messages;  // prepared, of a chat
    double load_seconds = 0;
    Clock::time_point start;
    std::function<void(const Json& calls, const std::string& thought)> remember;  // what was thought before calls
    std::function<void()> on_end;                                                 // once, whatever happens
  };
  EngineJob(const text::Tokenizer& tokenizer, Setup setup, EventSink sink);

  // Hands the job to the scheduler; throws as that does.
  void submit(const std::shared_ptr<LoadedModel>& model, runtime::Job job);
  void cancel() override;

  void on_started(const runtime::JobStart& start) override;
  bool on_event(int choice, const runtime::GenerateEvent& event) override;
  void on_finished(int choice, runtime::GenerateResult result) override;
  void on_failed(std::exception_ptr error) override;

 private:
  void pass(const Event& event);  // to the client, and into what is remembered
  void end();

  Setup setup_;
  EventSink sink_;
  std::vector<AnswerReader> readers_;  // of each choice
  int n_finished_ = 0;
  Usage usage_;
  std::string thought_;         // of the first choice
  Json calls_ = Json::array();  // likewise
  std::weak_ptr<LoadedModel> model_;
  std::atomic<runtime::JobId> id_{0};
  std::atomic<bool> is_cancelled_{false};
};

}  // namespace facet::server
