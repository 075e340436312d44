// facet app: the page in the browser, of the server that runs here already or of one that is started for it.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "apps/browser.h"
#include "apps/commands.h"
#include "apps/serve/serving.h"
#include "base/error.h"
#include "http/client.h"

namespace facet::apps {
namespace {

struct AppFlags {
  ServeFlags serve;
  int port = 0;  // 0: the server's own, or any that is free
  bool no_browser = false;
};

std::string local_url(int port) { return fmt::format("http://127.0.0.1:{}", port); }

bool is_free(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_bound;
}

// Whether what answers there has the page, and not another program, or an older server.
bool has_page(int port) {
  constexpr size_t kMostBytes = 4096;
  std::string body;
  try {
    http::Client client({.may_connect = {},
                         .is_cancelled = {},
                         .connect_limit = std::chrono::milliseconds(1000),
                         .limit = std::chrono::milliseconds(3000)});
    const http::ClientReply reply = client.ask("GET", local_url(port) + "/page/about", {}, {},
                                               [&](const http::ClientReply&, std::string_view bytes) {
                                                 body += bytes;
                                                 return body.size() < kMostBytes;
                                               });
    if (reply.status != 200) return false;
  } catch (const ResourceError&) {  // nothing, or nothing that speaks HTTP; or there is no client
    return false;
  }
  const auto about = nlohmann::json::parse(body, nullptr, false);
  return about.is_object() && about.contains("program") && about["program"] == "facet";
}

void show(const std::string& url, bool no_browser) {
  if (!no_browser && open_in_browser(url))
    fmt::print("facet: {} is opened in the browser\n", url);
  else
    fmt::print("facet: open {} in a browser\n", url);
  std::fflush(stdout);
}

int run_app(AppFlags& flags) {
  const int wanted = flags.port > 0 ? flags.port : kDefaultPort;
  if (!is_free(wanted)) {
    if (has_page(wanted)) {
      if (!flags.serve.served.models.empty())
        fmt::print(stderr, "facet: a server runs at port {} already and has its own models: -m means nothing\n",
                   wanted);
      show(local_url(wanted), flags.no_browser);
      return 0;
    }
    if (flags.port > 0)
      throw_error<ResourceError>("port {} is taken by something else than facet: leave --port out for a free one",
                                 wanted);
    flags.serve.port = 0;
  } else {
    flags.serve.port = wanted;
  }
  flags.serve.hosts = {"127.0.0.1"};
  flags.serve.log = "off";
  flags.serve.on_listening = [no_browser = flags.no_browser](const std::vector<std::string>& urls) {
    show(urls.front(), no_browser);
    fmt::print(stderr, "facet: it runs until Ctrl-C\n");
  };
  return serve(flags.serve);
}

}  // namespace

void add_app(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("app", "Chat with the models of this machine in the browser");
  const auto flags = std::make_shared<AppFlags>();
  command->add_option("--port", flags->port, "Port [11434; another where that is taken by another program]")
      ->check(CLI::Range(1, 65535))
      ->type_name("N");
  command->add_flag("--no-browser", flags->no_browser, "Print the page's address, and open nothing");
  flags->serve.served.add_to(*command);
  command->footer("Example:\n  facet app\n  facet app --no-browser -m gemma-4-E2B-it-Q4_0.gguf");
  command->callback([flags, &action] { action = [flags] { return run_app(*flags); }; });
}

}  // namespace facet::apps
