// Asks a dialect's routes for what a client would, without a listener. For tests of dialects.
#pragma once

#include "http/exchange.h"
#include "server/json_reading.h"
#include "server/test_service.h"

namespace facet::server {

// The exchange after the route that the request belongs to has answered it, errors in the dialect's words; status 0:
// there is no such route.
inline std::shared_ptr<TestExchange> ask_routes(const http::Routes& routes, http::Request request) {
  auto exchange = std::make_shared<TestExchange>(std::move(request));
  const http::Request& asked = exchange->request();
  for (const http::Route& route : routes) {
    const std::string_view path = route.path;
    const bool fits = path.ends_with('*') ? std::string_view(asked.path).starts_with(path.substr(0, path.size() - 1))
                                          : asked.path == path;
    if (route.method != asked.method || !fits) continue;
    try {
      route.handler(exchange);
    } catch (...) {
      reply_error(*exchange, dialect_of(asked), to_api_error(std::current_exception()));
    }
    break;
  }
  return exchange;
}

inline std::shared_ptr<TestExchange> ask_routes(const http::Routes& routes, const std::string& method,
                                                const std::string& path, const std::string& body = {},
                                                const std::string& client = "tester") {
  http::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.id = "req_1";
  request.client = client;
  return ask_routes(routes, std::move(request));
}

// The JSON objects of a stream: one in each line, without SSE's "data: "; event lines and comments are left out.
inline std::vector<Json> json_lines(const std::string& body) {
  std::vector<Json> lines;
  for (size_t at = 0; at < body.size();) {
    const size_t end = std::min(body.find('\n', at), body.size());
    std::string line = body.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("data: ")) line.erase(0, 6);
    if (line.starts_with('{')) lines.push_back(Json::parse(line));
  }
  return lines;
}

// An answer with a thought, a text and a call, as a service tells it.
inline std::vector<Event> example_answer() {
  Usage usage;
  usage.n_prompt = 20;
  usage.n_cached = 12;
  usage.n_generated = 9;
  usage.n_thought = 3;
  usage.decode_seconds = 0.5;
  usage.prompt_seconds = 0.25;
  usage.total_seconds = 1;
  return {event::Started{"nano", 20, 12},
          event::Thought{0, "hm"},
          event::Thought{0, "."},
          event::Text{0, "Hel", {}},
          event::Text{0, "lo", {}},
          event::CallBegin{0, 0, "call_abc", "add"},
          event::CallArguments{0, 0, "{\"a\":"},
          event::CallArguments{0, 0, "1}"},
          event::CallEnd{0, 0, "call_abc", "add", {{"a", 1}}},
          event::Finished{0, Finish::Calls, "", {}},
          event::Done{usage}};
}

// One that only says "Hi" and ends for `reason`.
inline std::vector<Event> short_answer(Finish reason, const std::string& stop_string = {}) {
  Usage usage;
  usage.n_prompt = 5;
  usage.n_generated = 1;
  return {event::Started{"nano", 5, 0}, event::Text{0, "Hi", {}}, event::Finished{0, reason, stop_string, {}},
          event::Done{usage}};
}

}  // namespace facet::server
