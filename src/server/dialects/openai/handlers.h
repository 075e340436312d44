// The routes of each endpoint, which openai_routes() puts together. They refer to the service and the store.
#pragma once

#include "http/exchange.h"
#include "server/dialects/openai/content.h"
#include "server/dialects/openai/reply_head.h"
#include "server/mcp/access.h"
#include "server/service.h"
#include "server/store.h"

namespace facet::server {

http::Routes chat_routes(Service& service, Store& store);
http::Routes completion_routes(Service& service);
http::Routes embedding_routes(Service& service);
http::Routes responses_routes(Service& service, Store& store, McpAccess mcp);  // mcp: whom it may ask for clients
http::Routes file_routes(Store& store);
http::Routes audio_routes(Service& service);
// endpoints: the routes that the lines of a batch may ask.
http::Routes batch_routes(http::Routes endpoints, Store& store);

// Looks into the uploaded files of a client.
FindFile find_file_in(Store& store, const std::string& owner);
// Stores an upload and returns its object.
Json put_file(Store& store, const std::string& owner, const std::string& name, const std::string& purpose,
              std::string_view content);
// Of a new answer by this model. ApiError (NotFound) where there is none of this name.
ReplyHead reply_head(Service& service, const std::string& model, std::string_view id_prefix);
// What follows `prefix` in the request's path: "/v1/files/" and an id; from `suffix` on it is cut: "/content".
std::string path_id(const http::Request& request, std::string_view prefix, std::string_view suffix = {});

void reply_json(http::Exchange& exchange, const Json& body);

}  // namespace facet::server
