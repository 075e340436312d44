#include "server/mcp/http_post.h"

#include <fmt/format.h>

#include "base/ascii_case.h"
#include "base/error.h"
#include "server/mcp/messages.h"

#ifdef FACET_MCP_CLIENT
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <sys/socket.h>

#include "media/shared_library.h"

namespace facet::server {
namespace {

constexpr long kConnectMs = 5'000, kRequestMs = 60'000;
constexpr size_t kMaxErrorBytes = 500;

struct Curl {
#ifdef FACET_LINK_CURL
#define FACET_CURL_FUNCTION(function) ::function
#else
  media::SharedLibrary library{"curl", 4, FACET_CURL_FOLDER};
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
  static const Curl functions = [] {
    try {
      return Curl();
    } catch (const ResourceError&) {
      throw ApiError(ApiError::Kind::Unsupported,
                     "servers of MCP cannot be asked: libcurl.so.4 is not here; install the package libcurl4");
    }
  }();
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

HttpPlace http_place(const std::string& url, const std::string& parameter) {
  const UrlParser parser;
  const bool is_url = url.find_first_of(" \t\r\n") == std::string::npos &&
                      curl().url_set(parser.url, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  const std::string scheme = is_url ? parser.part(CURLUPART_SCHEME) : "";
  if (scheme != "http" && scheme != "https") throw_invalid(parameter, "expected the URL of an http or https server");
  if (!parser.part(CURLUPART_USER).empty() || !parser.part(CURLUPART_PASSWORD).empty())
    throw_invalid(parameter, "has a user's name or password: send it in headers or authorization");
  std::string host = ascii_lower(parser.part(CURLUPART_HOST));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.pop_back();
  return {host, std::stoi(parser.part(CURLUPART_PORT, CURLU_DEFAULT_PORT))};
}

struct HttpPoster::State {
  std::string url;
  McpReach reach;
  std::function<bool()> is_cancelled;
  CURL* handle;
  // Of the request under way:
  McpReplyReader* reader = nullptr;
  std::string content_type, error_text;
  HttpPostReply reply;
  bool has_begun = false, is_done = false, was_refused = false;
  std::exception_ptr thrown;

  // libcurl opens every connection by this, with the address that it resolved.
  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& state = *static_cast<State*>(self);
    if (!may_connect(state.reach, address->addr)) {
      state.was_refused = true;
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& state = *static_cast<State*>(self);
    return state.is_cancelled && state.is_cancelled() ? 1 : 0;
  }

  // Nothing may be thrown through libcurl.
  static size_t header(char* text, size_t size, size_t n, void* self) {
    auto& state = *static_cast<State*>(self);
    try {
      state.take_header({text, size * n});
      return size * n;
    } catch (...) {
      state.thrown = std::current_exception();
      return 0;
    }
  }

  void take_header(std::string_view line) {
    const size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) reply.session.clear();
    if (colon == std::string_view::npos) return;
    const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const std::string value(line.substr(begin, line.find_last_not_of(" \t\r\n") + 1 - std::min(begin, line.size())));
    if (equals_ignoring_case(line.substr(0, colon), "content-type")) content_type = value;
    if (equals_ignoring_case(line.substr(0, colon), "mcp-session-id")) reply.session = value;
  }

  static size_t body(char* text, size_t size, size_t n, void* self) {
    auto& state = *static_cast<State*>(self);
    try {
      return state.take_body({text, size * n}) ? size * n : 0;
    } catch (...) {
      state.thrown = std::current_exception();
      return 0;
    }
  }

  bool take_body(std::string_view bytes) {
    long status = 0;
    curl().easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) {
      error_text += bytes.substr(0, kMaxErrorBytes - std::min(kMaxErrorBytes, error_text.size()));
      return error_text.size() < kMaxErrorBytes;
    }
    if (reader == nullptr) return false;  // nobody asked
    if (!std::exchange(has_begun, true)) reader->begin(content_type);
    is_done = !reader->push(bytes);
    return !is_done;
  }

  void set_up() {
    const Curl& c = curl();
    c.easy_setopt(handle, CURLOPT_URL, url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    c.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    c.easy_setopt(handle, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    c.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    c.easy_setopt(handle, CURLOPT_PROXY, "");  // nor one of the environment: the address would be the proxy's
    c.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    c.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    c.easy_setopt(handle, CURLOPT_TIMEOUT_MS, kRequestMs);
    c.easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &State::open);
    c.easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    c.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    c.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &State::progress);
    c.easy_setopt(handle, CURLOPT_XFERINFODATA, this);
    c.easy_setopt(handle, CURLOPT_HEADERFUNCTION, &State::header);
    c.easy_setopt(handle, CURLOPT_HEADERDATA, this);
    c.easy_setopt(handle, CURLOPT_WRITEFUNCTION, &State::body);
    c.easy_setopt(handle, CURLOPT_WRITEDATA, this);
    c.easy_setopt(handle, CURLOPT_POST, 1L);
  }

  void check(CURLcode code) {
    using Kind = McpError::Kind;
    if (thrown) std::rethrow_exception(thrown);
    if (code == CURLE_ABORTED_BY_CALLBACK) throw CancelledError();
    if (was_refused && reply.status == 0)
      throw McpError(Kind::Http, 0, "the server's address is not one that may be reached (--allow-mcp)");
    if (reply.status == 0)
      throw McpError(Kind::Http, 0, fmt::format("the server cannot be asked: {}", curl().easy_strerror(code)));
    if (reply.status >= 300 && reply.status <= 399)
      throw McpError(Kind::Http, reply.status, "the server answers with a redirect, which is not followed");
    if (reply.status > 399 && reply.status != 404)
      throw McpError(Kind::Http, reply.status,
                     fmt::format("the server answers with status {}: {}", reply.status, error_text));
    if (code != CURLE_OK && reply.status < 300 && !is_done && reader != nullptr)
      throw McpError(Kind::Http, 0, fmt::format("the reply ended early: {}", curl().easy_strerror(code)));
  }
};

HttpPoster::HttpPoster(std::string url, McpReach reach, std::function<bool()> is_cancelled)
    : state_(new State{std::move(url),
                       reach,
                       std::move(is_cancelled),
                       curl().easy_init(),
                       nullptr,
                       {},
                       {},
                       {},
                       false,
                       false,
                       false,
                       nullptr}) {
  if (state_->handle == nullptr) throw std::bad_alloc();
  state_->set_up();
}

HttpPoster::~HttpPoster() { curl().easy_cleanup(state_->handle); }

HttpPostReply HttpPoster::post(const Headers& headers, const std::string& body, McpReplyReader* reader) {
  State& state = *state_;
  state.reader = reader;
  state.content_type.clear();
  state.error_text.clear();
  state.reply = {};
  state.has_begun = state.is_done = state.was_refused = false;
  state.thrown = nullptr;
  HeaderList list;
  for (const auto& [name, value] : headers) list.add(name + ": " + value);
  list.add("Expect:");  // a body is sent at once
  curl().easy_setopt(state.handle, CURLOPT_HTTPHEADER, list.list);
  curl().easy_setopt(state.handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl().easy_setopt(state.handle, CURLOPT_POSTFIELDS, body.c_str());
  const CURLcode code = curl().easy_perform(state.handle);
  long status = 0;
  curl().easy_getinfo(state.handle, CURLINFO_RESPONSE_CODE, &status);
  state.reply.status = static_cast<int>(status);
  state.check(code);
  return state.reply;
}

}  // namespace facet::server

#else

namespace facet::server {

struct HttpPoster::State {};

// Comes before all else, so that nothing is posted.
HttpPlace http_place(const std::string&, const std::string& parameter) {
  throw ApiError(ApiError::Kind::Unsupported,
                 parameter + ": this build cannot ask servers of MCP: it was made with -DFACET_MCP_CLIENT=OFF",
                 parameter);
}
HttpPoster::HttpPoster(std::string, McpReach, std::function<bool()>) {}
HttpPoster::~HttpPoster() = default;
HttpPostReply HttpPoster::post(const Headers&, const std::string&, McpReplyReader*) { return {}; }

}  // namespace facet::server

#endif
