// /v1/batches: many requests in a file, answered when there is time.
#include <fmt/format.h>

#include "server/dialects/openai/batches/batch_runner.h"
#include "server/dialects/openai/handlers.h"
#include "server/dialects/openai/pages.h"
#include "server/dialects/stamps.h"
#include "server/ids.h"

namespace facet::server {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;
constexpr std::string_view kBatchesPath = "/v1/batches/";

Json new_batch(const Fields& body, int64_t now) {
  Json batch = {{"id", new_id("batch_")},
                {"object", "batch"},
                {"endpoint", body.required_string("endpoint")},
                {"errors", nullptr},
                {"input_file_id", body.required_string("input_file_id")},
                {"completion_window", body.string_or("completion_window", "24h")},
                {"status", "validating"},
                {"output_file_id", nullptr},
                {"error_file_id", nullptr},
                {"created_at", now},
                {"request_counts", {{"total", 0}, {"completed", 0}, {"failed", 0}}}};
  for (const char* key : {"in_progress_at", "finalizing_at", "completed_at", "failed_at", "expires_at", "expired_at",
                          "cancelling_at", "cancelled_at"})
    batch[key] = nullptr;
  batch["metadata"] = body.object("metadata") ? body.require("metadata") : Json();
  return batch;
}

void create_batch(http::Exchange& exchange, BatchRunner& runner, Store& store) {
  const http::Request& request = exchange.request();
  const Json json = parse_body(request.body);
  const Json batch = new_batch(Fields(json), unix_time());
  if (const std::string endpoint = batch["endpoint"]; !runner.has_endpoint(endpoint))
    throw_invalid("endpoint", fmt::format("'{}' is no endpoint for batches", endpoint));
  const std::string file = batch["input_file_id"];
  if (!store.get("file", file, request.client))
    throw ApiError(ApiError::Kind::NotFound, fmt::format("no file '{}'", file), "input_file_id");
  runner.add(request.client, batch);
  reply_json(exchange, batch);
}

void list_batches(http::Exchange& exchange, Store& store) {
  const http::Request& request = exchange.request();
  const int limit = page_limit(request, 20, 100);
  const auto items = store.list("batch", request.client, limit + 1, std::string(request.parameter("after")));
  Json data = Json::array();
  for (const StoredItem& item : items)
    if (static_cast<int>(data.size()) < limit) data.push_back(Json::parse(item.json));
  reply_json(exchange, page_json(std::move(data), static_cast<int>(items.size()) > limit));
}

void cancel_batch(http::Exchange& exchange, BatchRunner& runner) {
  const http::Request& request = exchange.request();
  if (!request.path.ends_with("/cancel")) throw ApiError(ApiError::Kind::NotFound, request.path + ": no such path");
  reply_json(exchange, runner.cancel(request.client, path_id(request, kBatchesPath, "/cancel")));
}

}  // namespace

http::Routes batch_routes(http::Routes endpoints, Store& store) {
  const auto runner = std::make_shared<BatchRunner>(std::move(endpoints), store);
  const std::string one = std::string(kBatchesPath) + "*";
  return {{"POST", "/v1/batches",
           [runner, &store](const ExchangePtr& exchange) { create_batch(*exchange, *runner, store); }},
          {"GET", "/v1/batches", [&store](const ExchangePtr& exchange) { list_batches(*exchange, store); }},
          {"GET", one,
           [runner](const ExchangePtr& exchange) {
             const http::Request& request = exchange->request();
             reply_json(*exchange, runner->load(request.client, path_id(request, kBatchesPath)));
           }},
          {"POST", one, [runner](const ExchangePtr& exchange) { cancel_batch(*exchange, *runner); }}};
}

}  // namespace facet::server
