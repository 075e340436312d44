#include "http/client.h"

#include "base/ascii_case.h"

#ifdef FACET_HTTP_CLIENT
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/shared_library.h"

namespace facet::http {
namespace {

struct Curl {
#ifdef FACET_LINK_CURL
#define FACET_CURL_FUNCTION(function) ::function
#else
  SharedLibrary library{"curl", 4, FACET_CURL_FOLDER};
#define FACET_CURL_FUNCTION(function) library.get<decltype(::function)>(#function)
#endif
  decltype(&::curl_easy_init) easy_init = FACET_CURL_FUNCTION(curl_easy_init);
  decltype(&::curl_easy_setopt) easy_setopt = FACET_CURL_FUNCTION(curl_easy_setopt);
  decltype(&::curl_easy_perform) easy_perform = FACET_CURL_FUNCTION(curl_easy_perform);
  decltype(&::curl_easy_getinfo) easy_getinfo = FACET_CURL_FUNCTION(curl_easy_getinfo);
  decltype(&::curl_easy_cleanup) easy_cleanup = FACET_CURL_FUNCTION(curl_easy_cleanup);
  decltype(&::curl_easy_strerror) easy_strerror = FACET_CURL_FUNCTION(curl_easy_strerror);
  decltype(&::curl_slist_append) slist_append = FACET_CURL_FUNCTION(curl_slist_append);
  decltype(&::curl_slist_free_all) slist_free_all = FACET_CURL_FUNCTION(curl_slist_free_all);
  decltype(&::curl_url) url = FACET_CURL_FUNCTION(curl_url);
  decltype(&::curl_url_set) url_set = FACET_CURL_FUNCTION(curl_url_set);
  decltype(&::curl_url_get) url_get = FACET_CURL_FUNCTION(curl_url_get);
  decltype(&::curl_url_cleanup) url_cleanup = FACET_CURL_FUNCTION(curl_url_cleanup);
  decltype(&::curl_free) free = FACET_CURL_FUNCTION(curl_free);

  Curl() {
    if (FACET_CURL_FUNCTION(curl_global_init)(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      throw ResourceError("libcurl cannot be initialised");
  }
#undef FACET_CURL_FUNCTION
};

const Curl& curl() {
  static const Curl functions;
  return functions;
}

struct UrlParser {
  CURLU* url = curl().url();
  UrlParser() = default;
  UrlParser(const UrlParser&) = delete;
  UrlParser& operator=(const UrlParser&) = delete;
  ~UrlParser() { curl().url_cleanup(url); }

  std::string part(CURLUPart which, unsigned flags = 0) const {
    char* text = nullptr;
    if (curl().url_get(url, which, &text, flags) != CURLUE_OK) return {};
    std::string out = text;
    curl().free(text);
    return out;
  }
};

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl().slist_free_all(list); }
  void add(const std::string& line) { list = curl().slist_append(list, line.c_str()); }
};

}  // namespace

UrlPlace place_of_url(const std::string& url) {
  const UrlParser parser;
  const bool is_url = url.find_first_of(" \t\r\n") == std::string::npos &&
                      curl().url_set(parser.url, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  const std::string scheme = is_url ? parser.part(CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https")
    throw_error<RequestError>("{}: expected the URL of an http or https server", url);
  if (!parser.part(CURLUPART_USER).empty() || !parser.part(CURLUPART_PASSWORD).empty())
    throw RequestError("the URL has a user's name or password: send it in headers");
  std::string host = ascii_lower(parser.part(CURLUPART_HOST));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.pop_back();
  return {host, std::stoi(parser.part(CURLUPART_PORT, CURLU_DEFAULT_PORT))};
}

struct Client::State {
  ClientOptions options;
  std::unique_ptr<CURL, void (*)(CURL*)> handle{curl().easy_init(), curl().easy_cleanup};
  // Of the request under way:
  const TakeBody* take = nullptr;
  ClientReply reply;
  bool has_enough = false, was_refused = false;
  std::exception_ptr thrown;

  // libcurl opens every connection by this, with the address that it resolved.
  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& state = *static_cast<State*>(self);
    const bool may =
        state.guard([&] { return !state.options.may_connect || state.options.may_connect(address->addr); });
    if (!may) {
      state.was_refused = true;
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& state = *static_cast<State*>(self);
    return state.guard([&] { return !state.options.is_cancelled || !state.options.is_cancelled(); }) ? 0 : 1;
  }
  static size_t header(char* text, size_t size, size_t n, void* self) {
    auto& state = *static_cast<State*>(self);
    return state.guard([&] {
      state.take_header({text, size * n});
      return true;
    })
               ? size * n
               : 0;
  }
  static size_t body(char* text, size_t size, size_t n, void* self) {
    auto& state = *static_cast<State*>(self);
    return state.guard([&] { return state.take_body({text, size * n}); }) ? size * n : 0;
  }

  // Nothing may be thrown through libcurl.
  template <class Work>
  bool guard(Work&& work) noexcept {
    try {
      return work();
    } catch (...) {
      thrown = std::current_exception();
      return false;
    }
  }

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) reply = {};  // "100 Continue" has a head of its own
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    reply.headers[ascii_lower(line.substr(0, colon))] =
        line.substr(begin, line.find_last_not_of(" \t\r\n") + 1 - std::min(begin, line.size()));
  }

  bool take_body(std::string_view bytes) {
    reply.status = status();
    has_enough = !(*take)(reply, bytes);
    return !has_enough;
  }

  int status() const {
    long code = 0;
    curl().easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &code);
    return static_cast<int>(code);
  }

  void set_up() {
    const Curl& c = curl();
    CURL* const h = handle.get();
#if LIBCURL_VERSION_NUM >= 0x075500
    c.easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    c.easy_setopt(h, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    c.easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    c.easy_setopt(h, CURLOPT_PROXY, "");  // nor one of the environment: the address would be the proxy's
    c.easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    c.easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_limit.count()));
    c.easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(options.limit.count()));
    c.easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, &State::open);
    c.easy_setopt(h, CURLOPT_OPENSOCKETDATA, this);
    c.easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    c.easy_setopt(h, CURLOPT_XFERINFOFUNCTION, &State::progress);
    c.easy_setopt(h, CURLOPT_XFERINFODATA, this);
    c.easy_setopt(h, CURLOPT_HEADERFUNCTION, &State::header);
    c.easy_setopt(h, CURLOPT_HEADERDATA, this);
    c.easy_setopt(h, CURLOPT_WRITEFUNCTION, &State::body);
    c.easy_setopt(h, CURLOPT_WRITEDATA, this);
    c.easy_setopt(h, CURLOPT_POST, 1L);
  }

  void check(CURLcode code) {
    if (thrown) std::rethrow_exception(thrown);
    if (code == CURLE_ABORTED_BY_CALLBACK) throw CancelledError();
    if (was_refused && reply.status == 0) throw AddressRefused("the server's address is not one that may be reached");
    if (reply.status == 0) throw_error<ResourceError>("the server cannot be asked: {}", curl().easy_strerror(code));
    if (code != CURLE_OK && !has_enough)
      throw_error<ResourceError>("the reply ended early: {}", curl().easy_strerror(code));
  }
};

Client::Client(ClientOptions options) : state_(new State{.options = std::move(options), .reply = {}, .thrown = {}}) {
  if (!state_->handle) throw std::bad_alloc();
  state_->set_up();
}

Client::~Client() = default;

ClientReply Client::ask(const std::string& method, const std::string& url, const Headers& headers,
                        const std::string& body, const TakeBody& take) {
  State& state = *state_;
  CURL* const handle = state.handle.get();
  state.take = &take;
  state.reply = {};
  state.has_enough = state.was_refused = false;
  state.thrown = nullptr;
  HeaderList list;
  for (const auto& [name, value] : headers) list.add(name + ": " + value);
  list.add("Expect:");  // a body is sent at once
  curl().easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl().easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl().easy_setopt(handle, CURLOPT_HTTPHEADER, list.list);
  curl().easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl().easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  const CURLcode code = curl().easy_perform(handle);
  state.reply.status = state.status();
  state.check(code);
  return std::move(state.reply);
}

}  // namespace facet::http

#else

namespace facet::http {

struct Client::State {};

UrlPlace place_of_url(const std::string&) {
  throw ResourceError("this build asks no servers: it was made with -DFACET_HTTP_CLIENT=OFF");
}
Client::Client(ClientOptions) { place_of_url({}); }
Client::~Client() = default;
ClientReply Client::ask(const std::string&, const std::string&, const Headers&, const std::string&, const TakeBody&) {
  return {};
}

}  // namespace facet::http

#endif

namespace facet::http {

std::string ClientReply::header(const std::string& name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string() : at->second;
}

}  // namespace facet::http
