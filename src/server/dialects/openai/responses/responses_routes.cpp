// /v1/responses: asking, and what is done with stored ones.
#include <algorithm>

#include "base/error.h"
#include "server/dialects/openai/handlers.h"
#include "server/dialects/openai/pages.h"
#include "server/dialects/openai/responses/background_responses.h"
#include "server/dialects/openai/responses/response_writer.h"

namespace facet::server {
namespace {

constexpr std::string_view kResponsesPath = "/v1/responses/";

class ResponsesEndpoint {
 public:
  ResponsesEndpoint(Service& service, Store& store, McpAccess mcp)
      : service_(&service),
        store_(&store),
        stored_(store),
        jobs_(service, std::move(mcp)),
        background_(std::make_shared<BackgroundResponses>(jobs_, store)) {}

  void create(const std::shared_ptr<http::Exchange>& exchange) {
    ResponsesRequest request = parse(exchange->request());
    ReplyHead head = reply_head(*service_, request.generation.model, "resp_");
    if (request.is_background) return reply_json(*exchange, background_->start(std::move(request), std::move(head)));
    std::function<void(const Json&)> keep;
    RunEnd at_end;
    if (request.is_stored) {
      keep = keeper(request);
      at_end = [queue = &store_->queue()](std::function<void()> end) { queue->push(std::move(end)); };
    }
    auto writer = response_writer(request, std::move(head), std::move(keep));
    cancel_with(*exchange, request.generation);
    const auto start = [&](EventSink sink) { return jobs_.start(std::move(request), std::move(sink)); };
    answer(exchange, start, std::move(writer), at_end);
  }

  void count_tokens(http::Exchange& exchange) {
    const ResponsesRequest request = parse(exchange.request());
    reply_json(exchange,
               {{"object", "response.input_tokens"}, {"input_tokens", service_->count_tokens(request.generation)}});
  }

  void get(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    if (request.path.ends_with("/input_items")) return list_input(exchange);
    reply_json(exchange, background_->current(request.client, path_id(request, kResponsesPath)));
  }

  void cancel(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const std::string id = path_id(request, kResponsesPath, "/cancel");
    Json response = background_->current(request.client, id);
    if (response["background"] != true) throw_invalid("response_id", "only background responses can be cancelled");
    if (background_->is_running(id))
      response["status"] = "cancelled";
    else if (response["status"] == "in_progress")
      throw ApiError(ApiError::Kind::Conflict, "another server that shares this one's store makes it: ask that one",
                     "response_id");
    background_->cancel(id);
    reply_json(exchange, response);
  }

  void remove(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const std::string id = path_id(request, kResponsesPath);
    stored_.remove(request.client, id);
    background_->cancel(id);
    reply_json(exchange, {{"id", id}, {"object", "response"}, {"deleted", true}});
  }

 private:
  ResponsesRequest parse(const http::Request& http) {
    const std::string& client = http.client;
    ResponseSources sources{find_file_in(*store_, client),
                            [this, client](const std::string& id) { return stored_.history(client, id); },
                            [this, client](const std::string& id) { return stored_.item(client, id); }};
    ResponsesRequest request = parse_responses_request(parse_body(http.body), sources);
    request.generation.client = client;
    return request;
  }

  // What was cut off by its client is not kept. An answer may outlive its route.
  std::function<void(const Json&)> keeper(const ResponsesRequest& request) {
    return [stored = stored_, owner = request.generation.client, input = request.input](const Json& response) mutable {
      if (response["status"] != "cancelled" && response["status"] != "failed")
        stored.save(owner, {response, items_with_ids(input)});
    };
  }

  void list_input(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    Json items = stored_.load(request.client, path_id(request, kResponsesPath, "/input_items")).input;
    if (request.parameter("order") != "asc") std::reverse(items.begin(), items.end());
    reply_json(exchange, page_of(items, request));
  }

  Service* service_;
  Store* store_;
  StoredResponses stored_;
  ResponseJobs jobs_;
  std::shared_ptr<BackgroundResponses> background_;
};

}  // namespace

http::Routes responses_routes(Service& service, Store& store, McpAccess mcp) {
  using ExchangePtr = std::shared_ptr<http::Exchange>;
  const auto endpoint = std::make_shared<ResponsesEndpoint>(service, store, std::move(mcp));
  const std::string one = std::string(kResponsesPath) + "*";
  return {{"POST", "/v1/responses", [endpoint](const ExchangePtr& exchange) { endpoint->create(exchange); }},
          {"POST", "/v1/responses/input_tokens",
           [endpoint](const ExchangePtr& exchange) { endpoint->count_tokens(*exchange); }},
          {"GET", one, [endpoint](const ExchangePtr& exchange) { endpoint->get(*exchange); }},
          {"POST", one,
           [endpoint](const ExchangePtr& exchange) {
             if (!exchange->request().path.ends_with("/cancel"))
               throw ApiError(ApiError::Kind::NotFound, exchange->request().path + ": no such path");
             endpoint->cancel(*exchange);
           }},
          {"DELETE", one, [endpoint](const ExchangePtr& exchange) { endpoint->remove(*exchange); }}};
}

}  // namespace facet::server
