#include "server/dialects/openai/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace facet::server {

int page_limit(const http::Request& request, int otherwise, int most) {
  const std::string_view text = request.parameter("limit");
  if (text.empty()) return otherwise;
  int limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit < 1 || limit > most)
    throw_invalid("limit", fmt::format("expected a whole number from 1 to {}", most));
  return limit;
}

Json page_json(Json data, bool has_more) {
  Json page = {{"object", "list"}};
  page["first_id"] = data.empty() ? Json() : data.front()["id"];
  page["last_id"] = data.empty() ? Json() : data.back()["id"];
  page["has_more"] = has_more;
  page["data"] = std::move(data);
  return page;
}

Json page_of(const Json& items, const http::Request& request) {
  const auto limit = static_cast<size_t>(page_limit(request, 20, 100));
  const std::string_view after = request.parameter("after");
  auto at = items.begin();
  if (!after.empty()) {
    at = std::find_if(items.begin(), items.end(), [after](const Json& item) { return item["id"] == after; });
    if (at != items.end()) ++at;
  }
  Json data = Json::array();
  for (; at != items.end() && data.size() < limit; ++at) data.push_back(*at);
  return page_json(std::move(data), at != items.end());
}

}  // namespace facet::server
