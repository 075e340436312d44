// Lists that are told in pages.
#pragma once

#include "http/exchange.h"
#include "server/json_reading.h"

namespace facet::server {

// The query's "limit", from 1 to `most`. ApiError for what is no number.
int page_limit(const http::Request& request, int otherwise, int most);

// {object: list, data, first_id, last_id, has_more}; each entry of `data` has an id.
Json page_json(Json data, bool has_more);
// The page that "after" and "limit" of the query ask for.
Json page_of(const Json& items, const http::Request& request);

}  // namespace facet::server
