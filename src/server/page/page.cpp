#include "server/page/page.h"

#include <fmt/format.h>

#include "base/error.h"
#include "http/keys.h"
#include "server/api_error.h"
#include "server/page/clock.h"
#include "server/page/handlers.h"
#include "server/page/media_store.h"
#include "server/service.h"
#include "server/store.h"

namespace facet::server {

std::string page_owner(const http::Request& request) { return request.key ? request.key->name : std::string(); }

std::vector<std::string> path_segments(const http::Request& request, std::string_view prefix) {
  std::vector<std::string> segments;
  std::string_view rest = std::string_view(request.path).substr(prefix.size());
  for (;;) {
    const size_t slash = rest.find('/');
    segments.emplace_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    rest.remove_prefix(slash + 1);
  }
}

void throw_no_path(const http::Request& request) {
  throw ApiError(ApiError::Kind::NotFound, fmt::format("there is nothing at {}", printable(request.path, 200)));
}

void reply_page_json(http::Exchange& exchange, std::string json, http::Headers headers) {
  headers.emplace_back("Cache-Control", "no-store");
  exchange.reply(200, "application/json", std::move(json), std::move(headers));
}

PageRoutes page_routes(Service& service, Store& store, const std::string& files) {
  const auto events = std::make_shared<PageEvents>();
  PageRoutes page;
  Database& database = store.database();
  const auto media = std::make_shared<PageMediaStore>(database);
  media->forget_unused(now_milliseconds());
  for (http::Routes routes :
       {file_routes_of_page(files), conversation_routes(database, media, events), media_routes_of_page(service, media),
        document_routes_of_page(), settings_routes(database, events), model_routes_of_page(service)})
    page.routes.insert(page.routes.end(), routes.begin(), routes.end());
  page.routes.push_back({"GET", "/page/events", [events](const ExchangePtr& exchange) {
                           events->listen(page_owner(exchange->request()), exchange);
                         }});
  service.on_change([weak = std::weak_ptr(events)] {
    if (const auto known = weak.lock()) known->tell_all({{"type", "models"}});
  });
  page.end = [events] { events->end(); };
  return page;
}

}  // namespace facet::server
