// Host, Origin and keys as a client meets them.
#include "http/test_client.h"

namespace facet::http {
namespace {

int status_of(const TestServer& server, const std::string& request) {
  TestClient client = server.connect();
  return std::atoi(client.ask(request).first.substr(9, 3).c_str());
}
std::string with_host(const std::string& host, const std::string& headers = {}) {
  return "GET /a HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n";
}

ServerOptions with_keys(const std::string& json) {
  ServerOptions options;
  options.access.keys = std::make_shared<Keys>();
  for (Key& key : parse_keys(json, "keys.json")) options.access.keys->add(std::move(key));
  return options;
}

TEST(ServerAccess, ReboundNamesAreRefused) {
  ServerOptions options;
  options.access.hosts = {"Chat.Example"};
  const TestServer server({route("GET", "/a", says("text"))}, std::move(options));
  for (const char* host : {"localhost", "LOCALHOST:11434", "127.0.0.1:1", "[::1]:8080", "chat.example", "app.localhost",
                           "x", "192.168.1.7", "localhost."})
    EXPECT_EQ(status_of(server, with_host(host)), 200) << host;
  for (const char* host : {"evil.example", "evil.example:11434", "127.0.0.1.evil.example", "localhost.evil.example"})
    EXPECT_EQ(status_of(server, with_host(host)), 403) << host;
  for (const char* host : {"a b", "x:port", "[::1", "x, y", "user@localhost", ""})
    EXPECT_EQ(status_of(server, with_host(host)), 400) << host;
  EXPECT_EQ(status_of(server, with_host("x", "User-Agent: Mozilla/5.0\r\n")), 403) << "a browser";
  EXPECT_EQ(status_of(server, with_host("x", "Accept-Language: en\r\n")), 403) << "a browser";
}

TEST(ServerAccess, PagesOfOtherOriginsAreRefusedOwnOnesAreTold) {
  ServerOptions options;
  options.access.origins = {"https://chat.example", "chrome-extension://*"};
  const TestServer server({route("GET", "/a", says("text"))}, std::move(options));
  for (const char* origin :
       {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:5", "app://obsidian.md", "tauri://localhost",
        "vscode-webview://abc", "https://chat.example", "chrome-extension://abc", "http://tauri.localhost"}) {
    TestClient client = server.connect();
    const std::string head = client.ask(get("/a", std::string("Origin: ") + origin + "\r\n")).first;
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << origin;
    EXPECT_TRUE(has(head, std::string("Access-Control-Allow-Origin: ") + origin + "\r\n")) << head;
  }
  for (const char* origin :
       {"https://evil.example", "null", "http://localhost.evil.example", "https://chat.example.evil.example",
        "http://evil.example/localhost", "moz-extension://abc", "http://localhost@evil.example"})
    EXPECT_EQ(status_of(server, get("/a", std::string("Origin: ") + origin + "\r\n")), 403) << origin;
}

TEST(ServerAccess, PreflightsNameTheHeadersAndNeedNoKey) {
  const TestServer server({route("POST", "/a", echo())}, with_keys(R"([{"name": "n", "key": "k"}])"));
  TestClient client = server.connect();
  const std::string head = client
                               .ask(
                                   "OPTIONS /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n"
                                   "Access-Control-Request-Method: POST\r\n"
                                   "Access-Control-Request-Headers: authorization,x-stainless-lang\r\n\r\n")
                               .first;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 204 ")) << head;
  EXPECT_TRUE(has(head, "Access-Control-Allow-Headers: authorization,x-stainless-lang\r\n")) << head;
  EXPECT_TRUE(has(head, "Access-Control-Allow-Methods: OPTIONS, POST\r\n")) << head;
  EXPECT_TRUE(has(head, "Access-Control-Max-Age: ")) << head;
  EXPECT_FALSE(has(head, "Content-Length")) << head;
  EXPECT_EQ(status_of(server,
                      "OPTIONS /a HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n"
                      "Access-Control-Request-Method: POST\r\n\r\n"),
            403);
}

TEST(ServerAccess, KeysInEveryPlaceThatClientsPutThem) {
  const TestServer server(
      {route("GET", "/a",
             [](const auto& e) {
               e->reply(
                   200, "text/plain",
                   e->request().client + e->request().key->models.at(0) + std::string(e->request().parameter("key")));
             }),
       route("GET", "/open", says("open"), Scope::Public), route("GET", "/admin", says("admin"), Scope::Admin)},
      with_keys(R"([{"name": "laptop", "key": "secret", "models": ["m"]},
                                        {"name": "root", "key": "other", "scopes": ["use", "admin"], "models": ["m"]}])"));
  TestClient client = server.connect();
  for (const char* header : {"Authorization: Bearer secret", "authorization: bearer secret", "X-Api-Key: secret",
                             "api-key: secret", "x-goog-api-key: secret"})
    EXPECT_EQ(client.ask(get("/a", std::string(header) + "\r\n")).second, "laptopm") << header;
  EXPECT_EQ(client.ask(get("/a?key=secret&x=1")).second, "laptopm") << "and the key is not passed on";
  for (const char* header : {"Authorization: Bearer wrong", "X-Api-Key: secre", "Accept: */*"}) {
    const std::string head = client.ask(get("/a", std::string(header) + "\r\n")).first;
    EXPECT_TRUE(head.starts_with("HTTP/1.1 401 ") && has(head, "WWW-Authenticate: Bearer\r\n")) << head;
  }
  EXPECT_EQ(client.ask(get("/open")).second, "open");
  EXPECT_EQ(status_of(server, get("/admin", "X-Api-Key: secret\r\n")), 403);
  EXPECT_EQ(status_of(server, get("/admin", "X-Api-Key: other\r\n")), 200);
  EXPECT_EQ(status_of(server, with_host("evil.example", "X-Api-Key: secret\r\n")), 200)
      << "a stranger's page has no key";
}

TEST(ServerAccess, RefusedBodiesAreNotRead) {
  const TestServer server({route("POST", "/a", echo())}, with_keys(R"([{"name": "n", "key": "k"}])"));
  TestClient client = server.connect();
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 401 "));
}

TEST(ServerAccess, RatesAreEachKeysOwn) {
  const TestServer server(
      {route("GET", "/a", says("text"))},
      with_keys(R"([{"name": "few", "key": "k", "requests_per_minute": 2}, {"name": "n", "key": "other"}])"));
  TestClient client = server.connect();
  const std::string request = get("/a", "X-Api-Key: k\r\n");
  EXPECT_EQ(client.ask(request).second, "text");
  EXPECT_EQ(client.ask(request).second, "text");
  const std::string head = client.ask(request).first;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 429 ") && has(head, "Retry-After: 30\r\n")) << head;
  EXPECT_EQ(client.ask(get("/a", "X-Api-Key: other\r\n")).second, "text");
}

TEST(ServerAccess, OpenToOtherMachinesOnlyWithKeysOrOnPurpose) {
  ServerOptions open;
  open.addresses = {{"0.0.0.0", 0}};
  EXPECT_THROW(TestServer({}, std::move(open)), RequestError);
  ServerOptions keyed = with_keys(R"([{"name": "n", "key": "k"}])");
  keyed.addresses = {{"0.0.0.0", 0}};
  const TestServer with_key({route("GET", "/a", says("text"))}, std::move(keyed));
  EXPECT_EQ(status_of(with_key, get("/a", "X-Api-Key: k\r\n")), 200);
}

}  // namespace
}  // namespace facet::http
