// / and /page/assets: the files of web/, with what a browser has to know to run nothing else and to ask nobody else.
#include <memory>

#include "server/page/files.h"
#include "server/page/handlers.h"

namespace facet::server {
namespace {

constexpr std::string_view kAssets = "/page/assets/";
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; worker-src "
    "'self'; manifest-src 'self'";

// Whether a list such as `gzip, br;q=0.5` has the word, and does not exclude it.
bool accepts(std::string_view list, std::string_view word) {
  for (size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const std::string_view rest = list.substr(at + word.size(), list.find(',', at) - at - word.size());
    const bool begins = at == 0 || list[at - 1] == ' ' || list[at - 1] == ',';
    if (begins && (rest.empty() || rest[0] == ';' || rest[0] == ' ')) return rest.find("q=0") == rest.find("q=0.");
  }
  return false;
}

void send_file(http::Exchange& exchange, const PageFiles& files, const std::string& name) {
  const http::Request& request = exchange.request();
  auto file = files.find(name, accepts(request.header("accept-encoding"), "gzip"));
  if (!file) throw_no_path(request);
  http::Headers headers{{"ETag", file->etag},
                        {"Cache-Control", "no-cache"},
                        {"Vary", "Accept-Encoding"},
                        {"Content-Security-Policy", kPolicy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Permissions-Policy", "camera=(self), microphone=(self)"}};
  if (request.header("if-none-match").find(file->etag) != std::string_view::npos)
    return exchange.reply(304, {}, {}, std::move(headers));
  if (file->is_compressed) headers.emplace_back("Content-Encoding", "gzip");
  exchange.reply(200, file->type, std::move(file->bytes), std::move(headers));
}

}  // namespace

http::Routes file_routes_of_page(const std::string& folder) {
  const auto files = std::make_shared<PageFiles>(folder);
  const auto index = [files](const ExchangePtr& exchange) { send_file(*exchange, *files, "index.html"); };
  const auto asset = [files](const ExchangePtr& exchange) {
    send_file(*exchange, *files, exchange->request().path.substr(kAssets.size()));
  };
  // For everyone: who has no key yet is asked for it by the page.
  return {{"GET", "/", index, http::Scope::Public, true},
          {"GET", std::string(kAssets) + "*", asset, http::Scope::Public, true}};
}

}  // namespace facet::server
