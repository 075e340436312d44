// The routes of each part of the page, which page_routes() puts together, and what they have in common. Internal to
// server/page/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "server/page/events.h"
#include "server/request.h"

namespace facet::server {

class Database;
class PageMediaStore;
class Service;

using ExchangePtr = std::shared_ptr<http::Exchange>;

http::Routes file_routes_of_page(const std::string& folder);
http::Routes conversation_routes(Database& database, std::shared_ptr<PageMediaStore> media,
                                 std::shared_ptr<PageEvents> events);
http::Routes document_routes_of_page();
http::Routes media_routes_of_page(Service& service, std::shared_ptr<PageMediaStore> store);
http::Routes settings_routes(Database& database, std::shared_ptr<PageEvents> events);
http::Routes model_routes_of_page(Service& service);

// Whose conversations a request is about: those of its key; without keys there is one owner.
std::string page_owner(const http::Request& request);
// What follows `prefix` in the request's path, between its slashes.
std::vector<std::string> path_segments(const http::Request& request, std::string_view prefix);
[[noreturn]] void throw_no_path(const http::Request& request);
void reply_page_json(http::Exchange& exchange, std::string json, http::Headers headers = {});

}  // namespace facet::server
