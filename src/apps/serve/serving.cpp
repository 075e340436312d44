#include "apps/serve/serving.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/model_options.h"
#include "apps/serve/replies.h"
#include "apps/serve/routes.h"
#include "base/error.h"
#include "base/file.h"
#include "http/metrics.h"
#include "http/request_log.h"
#include "http/server.h"
#include "server/api_error.h"
#include "server/key_models.h"
#include "server/page/page.h"
#include "server/store.h"

namespace facet::apps {

#ifdef FACET_HAS_COROUTINES

namespace {

std::shared_ptr<http::Keys> keys_of(const ServeFlags& flags) {
  auto keys = std::make_shared<http::Keys>();
  if (!flags.keys_file.empty())
    for (http::Key& key : http::parse_keys(read_file(flags.keys_file), flags.keys_file)) keys->add(std::move(key));
  if (!flags.api_key.empty()) {
    http::Key key;
    key.name = "api-key";
    key.hash = http::sha256(flags.api_key);
    key.may_administrate = true;
    keys->add(std::move(key));
  }
  return keys;
}

// Null: requests are not logged.
std::shared_ptr<http::RequestLog> log_of(const ServeFlags& flags) {
  if (flags.log == "off") return nullptr;
  const auto level = flags.log_level == "error"     ? http::LogLevel::Error
                     : flags.log_level == "warning" ? http::LogLevel::Warning
                                                    : http::LogLevel::Information;
  return std::make_shared<http::RequestLog>(
      flags.log == "json" ? http::LogFormat::Json : http::LogFormat::Text, level,
      [](std::string_view line) { std::fwrite(line.data(), 1, line.size(), stderr); });
}

// The server, once there is one: routes are made before it.
struct Running {
  enum class Place : uint8_t { Unknown, Local, Reachable };

  std::shared_ptr<http::RequestLog> log;
  http::Metrics metrics;
  std::unique_ptr<server::Store> store;
  std::unique_ptr<server::EngineService> service;
  std::atomic<Place> place{Place::Unknown};  // by whom its addresses can be reached
  std::unique_ptr<http::Server> server;      // ends first: it uses all of these
};

http::ServerOptions options_of(const ServeFlags& flags, Running& running) {
  http::ServerOptions options;
  for (const std::string& host : flags.hosts) options.addresses.push_back({host, flags.port});
  if (flags.hosts.empty() && !http::Server::inherits_sockets()) options.addresses.push_back({"127.0.0.1", flags.port});
  options.unix_sockets = flags.sockets;
  options.takes_inherited = true;
  if (flags.certificate.empty() != flags.private_key.empty())
    throw RequestError("--tls-cert and --tls-key go together: the certificate and its private key, in PEM files");
  if (!flags.certificate.empty())
    options.tls = std::make_unique<http::TlsFiles>(http::TlsFiles{flags.certificate, flags.private_key});
  options.allows_anyone = flags.insecure;
  options.access = {flags.allowed_hosts, flags.allowed_origins, keys_of(flags)};
  options.access.hosts.insert(options.access.hosts.end(), flags.hosts.begin(), flags.hosts.end());
  options.limits.body_bytes = static_cast<size_t>(flags.max_body_mib) << 20;
  options.n_workers = flags.workers;
  options.grace = std::chrono::seconds(flags.grace);
  options.stops_on_signals = true;
  options.on_error = reply_with_error;
  options.on_done = [&running](const http::RequestRecord& record) {
    running.metrics.record(record);
    if (running.log) running.log->record(record);
  };
  return options;
}

bool is_local_url(const std::string& url) {
  if (url.starts_with("unix:")) return true;
  const std::string_view address = std::string_view(url).substr(url.find("://") + 3);
  return address.starts_with("127.") || address.starts_with("[::1]:");
}

// Batches go on before it is known where the server listens.
server::McpAccess mcp_access_of(const ServeFlags& flags, const Running& running) {
  return {flags.allowed_mcp, [&running] {
            const Running::Place place = running.place;
            if (place == Running::Place::Unknown)
              throw server::ApiError(server::ApiError::Kind::Busy, "the server is being started", {}, 1);
            return place == Running::Place::Local;
          }};
}

http::Route instant(const std::string& path, http::Scope scope, http::Handler handler) {
  return {"GET", path, std::move(handler), scope, true};
}

// What the server says about itself.
http::Routes own_routes(Running& running, bool has_keys) {
  using Exchange = std::shared_ptr<http::Exchange>;
  const auto health = [](const Exchange& e) { e->reply(200, "application/json", R"({"status":"ok"})"); };
  const auto ready = [&running](const Exchange& e) {
    const bool is_ready = running.server && !running.server->is_stopping();
    e->reply(is_ready ? 200 : 503, "application/json", is_ready ? R"({"status":"ready"})" : R"({"status":"stopping"})");
  };
  const auto metrics = [&running](const Exchange& e) {
    e->reply(200, http::Metrics::kContentType, running.metrics.text());
  };
  const auto about = [has_keys](const Exchange& e) {
    const nlohmann::json json = {{"program", "facet"}, {"version", FACET_VERSION}, {"keys", has_keys}};
    e->reply(200, "application/json", json.dump());
  };
  const auto status = [&running](const Exchange& e) {
    std::vector<std::string> names;
    for (const server::ModelInfo& model : running.service->models())
      if (server::is_key_for(e->request(), model.name)) names.push_back(model.name);
    e->reply(200, "text/html; charset=utf-8", status_page(names), {{"Content-Security-Policy", "default-src 'none'"}});
  };
  return {instant("/health", http::Scope::Public, health),
          instant("/ready", http::Scope::Public, ready),
          instant("/metrics", http::Scope::Use, metrics),
          instant("/page/about", http::Scope::Public, about),
          {"GET", "/status", status, http::Scope::Use}};
}

std::unique_ptr<server::Store> open_store_in(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_error<ResourceError>("{}: cannot be made ({})", folder, error.message());
  constexpr int64_t kMaxBytes = int64_t{4} << 30, kKeptSeconds = 30 * 86400;
  auto store = std::make_unique<server::Store>(folder + "/state.db", kMaxBytes);
  try {
    store->remove_older("response", std::time(nullptr) - kKeptSeconds);
  } catch (const ResourceError&) {  // at the next start then; what has to be stored is refused meanwhile
  }
  return store;
}

// Where it cannot be used, what it would hold lives as long as the server: answers need nothing of it.
std::unique_ptr<server::Store> open_store() {
  try {
    return open_store_in(facet_home() + "/server");
  } catch (const ResourceError& e) {
    fmt::print(stderr, "facet: {}: conversations, stored responses, files and batches are kept in memory\n", e.what());
    return std::make_unique<server::Store>(":memory:");
  }
}

// Each connection is a descriptor, and 1024 is what a shell usually allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // what it cannot have, the server does without
}

void say_where(const http::Server& server) {
  for (const std::string& url : server.urls()) fmt::print(stderr, "facet: listening on {}\n", url);
  const std::string& url = server.urls().front();
  const std::string target =
      url.starts_with("unix:") ? fmt::format("--unix-socket {} http://localhost", url.substr(5)) : url;
  fmt::print(stderr, "facet: try: curl {}/health\n", target);
}

}  // namespace

int serve(const ServeFlags& flags) {
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads any more ends no server
  std::signal(SIGXFSZ, SIG_IGN);  // nor does a limit on what a file may hold: writing fails then
  raise_descriptor_limit();
  Running running;
  running.log = log_of(flags);
  running.store = open_store();
  running.service = make_service(flags.served);
  http::Routes routes = all_routes(*running.service, *running.store, mcp_access_of(flags, running));
  server::PageRoutes page = server::page_routes(*running.service, *running.store, flags.page_files);
  std::ranges::move(page.routes, std::back_inserter(routes));
  http::ServerOptions options = options_of(flags, running);
  std::ranges::move(own_routes(running, !options.access.keys->empty()), std::back_inserter(routes));
  options.on_stop = page.end;
  running.server = std::make_unique<http::Server>(std::move(options), std::move(routes));
  running.place =
      std::ranges::all_of(running.server->urls(), is_local_url) ? Running::Place::Local : Running::Place::Reachable;
  add_figures(running.metrics, *running.service);
  running.metrics.add_gauge("facet_http_connections", "Open connections",
                            [&running] { return static_cast<double>(running.server->n_connections()); });
  running.metrics.add_gauge("facet_http_web_sockets", "Open WebSocket sessions",
                            [&running] { return static_cast<double>(running.server->n_web_sockets()); });
  if (flags.on_listening)
    flags.on_listening(running.server->urls());
  else
    say_where(*running.server);
  running.server->run();
  return 0;
}

#else

int serve(const ServeFlags&) {
  throw ResourceError(
      "this build has no server: it was made by a compiler without coroutines; GCC 11 and clang 15 have them");
}

#endif

}  // namespace facet::apps
