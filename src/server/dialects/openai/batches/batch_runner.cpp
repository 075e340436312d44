#include "server/dialects/openai/batches/batch_runner.h"

#include <fmt/format.h>

#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>

#include "base/error.h"
#include "server/dialects/openai/handlers.h"
#include "server/dialects/stamps.h"

namespace facet::server {
namespace {

constexpr const char* kClaim = "batch_claim";  // kind of the store's claims to batches under way
constexpr size_t kLinesAtOnce = 2;             // few: others come first
constexpr int kMaxTries = 60;                  // of a line that is sent away: then the queue does not empty

// Finished lines are stored under a kind of the batch's own.
std::string lines_kind(const std::string& batch) { return "batch_line:" + batch; }

bool has_failed(const Json& reply) { return reply.at("response").at("status_code") >= 400; }

bool is_under_way(const Json& batch) {
  for (const char* status : {"validating", "in_progress", "finalizing", "cancelling"})
    if (batch["status"] == status) return true;
  return false;
}

[[noreturn]] void throw_no_batch(const std::string& id) {
  throw ApiError(ApiError::Kind::NotFound, fmt::format("no batch '{}'", id), "batch_id");
}

}  // namespace

struct BatchRunner::Shared {
  struct LineResult {
    std::string batch;
    size_t index;
    int status;
    std::string body;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<BatchId> queue;
  std::set<std::string> cancelled;
  std::deque<LineResult> results;
  std::weak_ptr<LineExchange> asked;  // the last one, whose handler may not have returned
  bool stops = false;
};

// One batch under way.
struct BatchRunner::LineRun {
  std::string batch, endpoint;
  std::vector<BatchLine> lines;
  std::map<size_t, Json> replies;  // by line
  size_t n_failed = 0;             // of these
  std::deque<size_t> waiting;
  std::map<size_t, int> n_refused;  // of lines that were sent away
  std::map<size_t, std::shared_ptr<LineExchange>> running;

  void stop() {
    for (const auto& [index, exchange] : running) exchange->close();
    running.clear();
    waiting.clear();
  }
  void add(size_t index, Json reply) {
    n_failed += has_failed(reply);
    replies[index] = std::move(reply);
  }
  Json counts() const {
    return {{"total", lines.size()}, {"completed", replies.size() - n_failed}, {"failed", n_failed}};
  }
};

BatchRunner::BatchRunner(http::Routes endpoints, Store& store, std::chrono::milliseconds busy_pause)
    : endpoints_(std::move(endpoints)), store_(&store), busy_pause_(busy_pause), shared_(std::make_shared<Shared>()) {
  for (const StoredItem& item : store.all("batch")) {
    const Json batch = Json::parse(item.json, nullptr, false);
    if (batch.is_object() && is_under_way(batch))
      take_up({item.owner, item.id});
    else if (store.get(kClaim, item.id, item.owner))
      forget_run({item.owner, item.id});  // a server was killed when it had ended the batch
  }
}

void BatchRunner::take_up(BatchId batch) {
  try {
    if (store_->claim(kClaim, batch.id, batch.owner)) enqueue(std::move(batch));  // else another server runs it
  } catch (const ResourceError&) {
    // The disk is full: it goes on when the server starts again.
  }
}

// Handlers may compute until they see that their exchange is closed (embeddings).
BatchRunner::~BatchRunner() {
  std::shared_ptr<LineExchange> asked;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stops = true;
    asked = shared_->asked.lock();
  }
  if (asked) asked->close();
  shared_->changed.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool BatchRunner::has_endpoint(const std::string& path) const {
  for (const http::Route& route : endpoints_)
    if (route.method == "POST" && route.path == path) return true;
  return false;
}

void BatchRunner::enqueue(BatchId batch) {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->queue.push_back(std::move(batch));
    if (!thread_.joinable()) thread_ = std::thread([this] { run_all(); });
  }
  shared_->changed.notify_all();
}

void BatchRunner::add(const std::string& owner, const Json& batch) {
  const std::string id = batch["id"];
  store_->claim(kClaim, id, owner);  // first: no other server takes it up
  store_->put({"batch", id, owner, batch["created_at"], to_json_text(batch), {}});
  enqueue({owner, id});
}

Json BatchRunner::load(const std::string& owner, const std::string& id) const {
  const auto item = store_->get("batch", id, owner);
  if (!item) throw_no_batch(id);
  return Json::parse(item->json);
}

Json BatchRunner::update(const BatchId& batch, const std::function<void(Json&)>& change) {
  Json json;
  const bool is_there = store_->change("batch", batch.id, batch.owner, [&](std::string& text) {
    json = Json::parse(text);
    change(json);
    text = to_json_text(json);
  });
  if (!is_there) throw_no_batch(batch.id);
  return json;
}

Json BatchRunner::cancel(const std::string& owner, const std::string& id) {
  Json batch = update({owner, id}, [](Json& json) {
    if (!is_under_way(json)) return;
    json["status"] = "cancelling";
    json["cancelling_at"] = unix_time();
  });
  if (batch["status"] == "cancelling") {
    const std::lock_guard lock(shared_->mutex);
    shared_->cancelled.insert(id);
  }
  shared_->changed.notify_all();
  return batch;
}

void BatchRunner::run_all() {
  while (true) {
    BatchId batch;
    {
      std::unique_lock lock(shared_->mutex);
      shared_->changed.wait(lock, [this] { return shared_->stops || !shared_->queue.empty(); });
      if (shared_->stops) return;
      batch = std::move(shared_->queue.front());
      shared_->queue.pop_front();
    }
    try {
      run_batch(batch);
    } catch (const ResourceError&) {
      // The disk is full: what was done stays, and the batch goes on when the server starts again.
    } catch (const std::exception&) {
      // It is not there any more, or what was stored of it is damaged.
    }
    const std::lock_guard lock(shared_->mutex);
    shared_->cancelled.erase(batch.id);
  }
}

void BatchRunner::run_batch(const BatchId& batch) {
  const Json json = load(batch.owner, batch.id);
  if (!is_under_way(json)) {  // another server ended it, just before this one claimed it
    forget_run(batch);
    return;
  }
  LineRun run;
  run.batch = batch.id;
  run.endpoint = json["endpoint"];
  Json errors = Json::array();
  const auto file = store_->get("file", json["input_file_id"], batch.owner, true);
  if (file)
    run.lines = parse_batch_lines(file->bytes, run.endpoint, errors);
  else
    errors.push_back({{"code", "no_input"}, {"message", "the input file is not there any more"}, {"line", nullptr}});
  if (!errors.empty()) {
    update(batch, [&](Json& b) {
      b["status"] = "failed";
      b["failed_at"] = unix_time();
      b["errors"] = {{"object", "list"}, {"data", errors}};
    });
    forget_run(batch);
    return;
  }
  for (const StoredItem& line : store_->all(lines_kind(batch.id))) run.add(std::stoul(line.id), Json::parse(line.json));
  for (size_t i = 0; i < run.lines.size(); ++i)
    if (!run.replies.contains(i)) run.waiting.push_back(i);
  update(batch, [&](Json& b) {
    if (b["status"] == "validating") b["status"] = "in_progress";
    if (b["status"] == "cancelling") run.waiting.clear();
    b["in_progress_at"] = unix_time();
    b["request_counts"] = run.counts();  // a server may have been killed after it stored a reply, before it counted it
  });
  if (!run_lines(batch, run)) return;
  finish(batch, run);
}

bool BatchRunner::run_lines(const BatchId& batch, LineRun& run) {
  bool is_busy = false;
  while (!run.waiting.empty() || !run.running.empty()) {
    while (!is_busy && run.running.size() < kLinesAtOnce && !run.waiting.empty()) {
      const size_t index = run.waiting.front();
      run.waiting.pop_front();
      ask(run, batch.owner, index);
    }
    std::deque<Shared::LineResult> results;
    {
      std::unique_lock lock(shared_->mutex);
      const auto has_news = [&] {
        return shared_->stops || shared_->cancelled.contains(batch.id) || !shared_->results.empty();
      };
      if (is_busy)
        shared_->changed.wait_for(lock, busy_pause_, has_news);
      else
        shared_->changed.wait(lock, has_news);
      is_busy = false;
      if (shared_->stops || shared_->cancelled.contains(batch.id)) {
        const bool goes_on = !shared_->stops;
        lock.unlock();
        run.stop();
        return goes_on;
      }
      results.swap(shared_->results);
    }
    for (const Shared::LineResult& result : results) {
      if (result.batch != batch.id || run.running.erase(result.index) == 0) continue;
      const bool is_refused = result.status == 503 || result.status == 429;
      if (is_refused && ++run.n_refused[result.index] < kMaxTries) {
        run.waiting.push_front(result.index);
        is_busy = true;
        continue;
      }
      keep_reply(batch, run, result.index, batch_reply(run.lines[result.index].custom_id, result.status, result.body));
    }
  }
  return true;
}

void BatchRunner::keep_reply(const BatchId& batch, LineRun& run, size_t index, Json reply) {
  store_->put({lines_kind(batch.id), std::to_string(index), batch.owner, unix_time(), to_json_text(reply), {}});
  run.add(index, std::move(reply));
  const Json now = update(batch, [&](Json& b) { b["request_counts"] = run.counts(); });
  if (now["status"] != "cancelling") return;  // by another server that shares the store
  const std::lock_guard lock(shared_->mutex);
  shared_->cancelled.insert(batch.id);
}

void BatchRunner::ask(LineRun& run, const std::string& owner, size_t index) {
  http::Request request;
  request.method = "POST";
  request.path = run.endpoint;
  request.headers["content-type"] = "application/json";
  request.body = run.lines[index].body;
  request.client = owner;
  const auto done = [shared = shared_, batch = run.batch, index](int status, std::string body) {
    {
      const std::lock_guard lock(shared->mutex);
      shared->results.push_back({batch, index, status, std::move(body)});
    }
    shared->changed.notify_all();
  };
  const auto exchange = std::make_shared<LineExchange>(std::move(request), done);
  run.running[index] = exchange;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stops) return;
    shared_->asked = exchange;
  }
  call_handler(run.endpoint, exchange);
}

void BatchRunner::call_handler(const std::string& endpoint, const std::shared_ptr<LineExchange>& exchange) const {
  for (const http::Route& route : endpoints_)
    if (route.method == "POST" && route.path == endpoint) {
      try {
        route.handler(exchange);
      } catch (...) {
        reply_error(*exchange, Dialect::OpenAi, to_api_error(std::current_exception()));
      }
      return;
    }
  exchange->reply(404, {}, "the endpoint is not there any more", {});
}

void BatchRunner::finish(const BatchId& batch, const LineRun& run) {
  std::string output, failures;
  for (const auto& [index, reply] : run.replies) (has_failed(reply) ? failures : output) += to_json_text(reply) + "\n";
  const auto file = [&](const std::string& content, const char* name) {
    return content.empty() ? Json() : put_file(*store_, batch.owner, batch.id + name, "batch_output", content)["id"];
  };
  const Json output_id = file(output, "_output.jsonl"), error_id = file(failures, "_error.jsonl");
  update(batch, [&](Json& b) {
    const std::string status = b["status"] == "cancelling" ? "cancelled" : "completed";
    b["status"] = status;
    b[status + "_at"] = unix_time();
    b["output_file_id"] = output_id;
    b["error_file_id"] = error_id;
  });
  forget_run(batch);
}

void BatchRunner::forget_run(const BatchId& batch) {
  store_->remove_older(lines_kind(batch.id), std::numeric_limits<int64_t>::max());
  store_->remove(kClaim, batch.id, batch.owner);
}

}  // namespace facet::server
