// /page/settings: presets and what else the page remembers of its owner, one JSON document with a version.
#include <fmt/format.h>

#include "http/sha256.h"
#include "server/api_error.h"
#include "server/database.h"
#include "server/json_reading.h"
#include "server/page/handlers.h"

namespace facet::server {
namespace {

constexpr size_t kMaxPageSettingsBytes = size_t{4} << 20;

struct Settings {
  int64_t version = 0;
  std::string json = "{}";
};

// A tab whose key was changed has another owner's: no two owners share one.
std::string etag_of_settings(const std::string& owner, const Settings& settings) {
  return fmt::format("\"{}-{}\"", http::hex_digits(http::sha256(owner)).substr(0, 16), settings.version);
}

class SettingsEndpoint {
 public:
  SettingsEndpoint(Database& database, std::shared_ptr<PageEvents> events)
      : database_(database), events_(std::move(events)) {}

  void get(http::Exchange& exchange) {
    const std::lock_guard lock(database_.mutex());
    reply(exchange, read(page_owner(exchange.request())));
  }

  // Without If-Match it is written whatever is there.
  void put(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    Settings settings;
    settings.json = to_json_text(parse_body(request.body));
    if (settings.json.size() > kMaxPageSettingsBytes)
      throw ApiError(ApiError::Kind::TooLarge, fmt::format("settings of more than {} bytes", kMaxPageSettingsBytes));
    if (!write(page_owner(request), std::string(request.header("if-match")), settings)) {
      const ApiError error(ApiError::Kind::Conflict, "the settings were changed elsewhere: read them again");
      return exchange.reply(412, "application/json", error_body(Dialect::OpenAi, error));
    }
    events_->tell(page_owner(request), {{"type", "settings"}, {"version", settings.version}});
    reply(exchange, settings);
  }

 private:
  static void reply(http::Exchange& exchange, const Settings& settings) {
    reply_page_json(exchange, settings.json, {{"ETag", etag_of_settings(page_owner(exchange.request()), settings)}});
  }

  Settings read(const std::string& owner) {
    Query row(database_, "SELECT version, json FROM page_settings WHERE owner = ?");
    return row.text(owner).step() ? Settings{row.number_at(0), row.text_at(1)} : Settings{};
  }

  // False: they are not those that were wanted.
  bool write(const std::string& owner, const std::string& wanted, Settings& settings) {
    const std::lock_guard lock(database_.mutex());
    return database_.alone([&] {
      const Settings old = read(owner);
      if (!wanted.empty() && wanted != etag_of_settings(owner, old)) return false;
      settings.version = old.version + 1;
      Query row(database_, "INSERT OR REPLACE INTO page_settings VALUES (?, ?, ?)");
      row.text(owner).number(settings.version).text(settings.json).step();
      return true;
    });
  }

  Database& database_;
  const std::shared_ptr<PageEvents> events_;
};

}  // namespace

http::Routes settings_routes(Database& database, std::shared_ptr<PageEvents> events) {
  const auto endpoint = std::make_shared<SettingsEndpoint>(database, std::move(events));
  return {{"GET", "/page/settings", [endpoint](const ExchangePtr& exchange) { endpoint->get(*exchange); }},
          {"PUT", "/page/settings", [endpoint](const ExchangePtr& exchange) { endpoint->put(*exchange); }}};
}

}  // namespace facet::server
