// Runs batches, one after the other, a few lines at a time, so that whoever waits for an answer hardly notices. Every
// finished line is stored, so a batch goes on where it was when the server starts again.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "http/exchange.h"
#include "server/dialects/openai/batches/batch_lines.h"
#include "server/json_reading.h"
#include "server/store.h"

namespace facet::server {

class BatchRunner {
 public:
  // endpoints: the routes that lines may ask; busy_pause: until a line is asked again that was sent away, 60 times in
  // all. Batches that were under way go on.
  BatchRunner(http::Routes endpoints, Store& store, std::chrono::milliseconds busy_pause = std::chrono::seconds(1));
  ~BatchRunner();  // stops; what is under way is asked again the next time

  bool has_endpoint(const std::string& path) const;
  void add(const std::string& owner, const Json& batch);             // a new one
  Json cancel(const std::string& owner, const std::string& id);      // the batch as it is now
  Json load(const std::string& owner, const std::string& id) const;  // ApiError (NotFound)

 private:
  struct BatchId {
    std::string owner, id;
  };
  struct Shared;  // what lines under way report to; outlives the runner
  struct LineRun;

  void take_up(BatchId batch);
  void enqueue(BatchId batch);
  void run_all();
  void run_batch(const BatchId& batch);
  bool run_lines(const BatchId& batch, LineRun& run);  // false: the runner stops
  void keep_reply(const BatchId& batch, LineRun& run, size_t index, Json reply);
  void ask(LineRun& run, const std::string& owner, size_t index);
  void call_handler(const std::string& endpoint, const std::shared_ptr<LineExchange>& exchange) const;
  void finish(const BatchId& batch, const LineRun& run);
  // The changed batch, when it is still there.
  Json update(const BatchId& batch, const std::function<void(Json&)>& change);
  void forget_run(const BatchId& batch);

  http::Routes endpoints_;
  Store* store_;
  const std::chrono::milliseconds busy_pause_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace facet::server
