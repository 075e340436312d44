// Where a server listens, and how it ends.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "http/test_client.h"
#ifdef FACET_TLS
#include "http/test_tls.h"
#endif

namespace facet::http {
namespace {

namespace fs = std::filesystem;

// A folder that goes with the test.
class ServerListen : public testing::Test {
 protected:
  ServerListen() : folder_(fs::path(testing::TempDir()) / ("facet-http-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ServerListen() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_;
};

ServerOptions at_path(const std::string& path) {
  ServerOptions options;
  options.unix_sockets = {path};
  return options;
}

Handler says_client() {
  return [](const std::shared_ptr<Exchange>& e) { e->reply(200, "text/plain", e->request().client); };
}

// Hands its exchange to the test, which replies when it likes.
struct Held {
  std::promise<std::shared_ptr<Exchange>> exchange;
  Handler handler() {
    return [this](const std::shared_ptr<Exchange>& e) { exchange.set_value(e); };
  }
};

TEST_F(ServerListen, AUnixSocketIsForItsGroupAndGoesWithTheServer) {
  const std::string socket = path("s");
  {
    const TestServer server({route("GET", "/a", says_client())}, at_path(socket));
    struct stat status {};
    ASSERT_EQ(stat(socket.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
    EXPECT_EQ(TestClient(socket).ask(get("/a")).second, "local");
    EXPECT_TRUE(
        TestClient(socket).ask("GET /a HTTP/1.1\r\nHost: any.example\r\n\r\n").first.starts_with("HTTP/1.1 200 "));
    EXPECT_THROW(TestServer({}, at_path(socket)), ResourceError) << "in use";
  }
  EXPECT_FALSE(fs::exists(socket));
}

TEST_F(ServerListen, WhatACrashedServerLeftIsReplacedAndAFileIsNot) {
  const std::string socket = path("s");
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(left);
  const TestServer server({route("GET", "/a", says_client())}, at_path(socket));
  EXPECT_EQ(TestClient(socket).ask(get("/a")).second, "local");
  std::ofstream(path("file")) << "mine";
  EXPECT_THROW(TestServer({}, at_path(path("file"))), ResourceError);
  EXPECT_THROW(TestServer({}, at_path(path(std::string(200, 'x')))), RequestError);
}

TEST_F(ServerListen, SeveralAddressesAndOneThatIsTaken) {
  ServerOptions options = at_path(path("s"));
  options.addresses = {{"127.0.0.1", 0}, {"127.0.0.1", 0}};
  TestServer server({route("GET", "/a", says("text"))}, std::move(options));
  ASSERT_EQ(server.server().urls().size(), 3u);
  EXPECT_EQ(server.connect().ask(get("/a")).second, "text");
  EXPECT_EQ(TestClient(path("s")).ask(get("/a")).second, "text");
  ServerOptions taken;
  taken.addresses = {{"127.0.0.1", server.port()}};
  try {
    const TestServer second({}, std::move(taken));
    ADD_FAILURE() << "two servers on one port";
  } catch (const ResourceError& e) {
    EXPECT_TRUE(has(e.what(), "in use")) << e.what();
  }
}

// As systemd does it, but for the number of the process.
TEST_F(ServerListen, SocketsThatWereHandedOver) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(fd, 10), 0);
  const int saved = dup(3);  // whatever this process has there
  ASSERT_EQ(dup2(fd, 3), 3);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "1", 1);
  {
    ServerOptions options = at_path(path("s"));
    options.takes_inherited = true;
    const TestServer server({route("GET", "/a", says("text"))}, std::move(options));
    EXPECT_EQ(server.connect().ask(get("/a")).second, "text");
  }
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  close(fd);
  if (saved >= 0) dup2(saved, 3);
  if (saved >= 0) close(saved);
}

TEST_F(ServerListen, StoppingLetsRepliesFinish) {
  Held held;
  TestServer server({route("GET", "/s", held.handler()), route("GET", "/a", says("text"))});
  TestClient busy = server.connect(), idle = server.connect();
  idle.ask(get("/a"));
  busy.send(get("/s"));
  const auto exchange = held.exchange.get_future().get();
  exchange->begin(200, "text/plain");
  exchange->write("begun, ");
  server.server().stop();
  EXPECT_EQ(idle.read_to_end(), "") << "idle connections are closed";
  EXPECT_TRUE(server.server().is_stopping());
  exchange->write("and finished");
  exchange->end();
  EXPECT_EQ(busy.read_reply().second, "begun, and finished");
  EXPECT_EQ(busy.read_to_end(), "");
  server.join();
}

TEST_F(ServerListen, StoppingTwiceOrTooLateEndsRepliesAtOnce) {
  for (const bool twice : {false, true}) {
    Held held;
    ServerOptions options;
    options.grace = std::chrono::milliseconds(twice ? 100'000 : 50);
    TestServer server({route("GET", "/s", held.handler())}, std::move(options));
    TestClient client = server.connect();
    client.send(get("/s"));
    const auto exchange = held.exchange.get_future().get();
    server.server().stop();
    if (twice) server.server().stop();
    server.join();
    EXPECT_TRUE(exchange->is_closed());
    EXPECT_EQ(client.read_to_end(), "");
    exchange->reply(200, "text/plain", "too late");
  }
}

TEST_F(ServerListen, SignalsStopIt) {
  ServerOptions options;
  options.stops_on_signals = true;
  TestServer server({route("GET", "/a", says("text"))}, std::move(options));
  EXPECT_EQ(server.connect().ask(get("/a")).second, "text");
  kill(getpid(), SIGTERM);
  server.join();
}

#ifdef FACET_TLS

TEST_F(ServerListen, Tls) {
  write_test_certificate(path("cert.pem"), path("key.pem"));
  ServerOptions options;
  options.tls = std::make_unique<TlsFiles>(TlsFiles{path("cert.pem"), path("key.pem")});
  TestServer server({route("POST", "/b", echo())}, std::move(options));
  EXPECT_TRUE(server.server().urls().front().starts_with("https://"));
  TestTlsClient client(server.connect(), TLS1_2_VERSION);
  EXPECT_TRUE(client.ask(post("/b", "first")).ends_with("\r\n\r\nfirst"));
  EXPECT_TRUE(client.ask(post("/b", std::string(300'000, 'x'))).ends_with("xxx"));
  EXPECT_FALSE(TestTlsClient(server.connect(), TLS1_1_VERSION).is_connected());
  TestClient plain = server.connect();
  plain.send(get("/b"));
  EXPECT_FALSE(has(plain.read_to_end(), "HTTP/1.1")) << "nothing is answered in the clear";
}

TEST_F(ServerListen, TlsFilesThatAreNone) {
  write_test_certificate(path("cert.pem"), path("key.pem"));
  write_test_certificate(path("other.pem"), path("other-key.pem"));
  for (const auto& [certificate, key] :
       {std::pair{"none.pem", "key.pem"}, {"cert.pem", "none.pem"}, {"cert.pem", "other-key.pem"}}) {
    ServerOptions options;
    options.tls = std::make_unique<TlsFiles>(TlsFiles{path(certificate), path(key)});
    EXPECT_THROW(TestServer({}, std::move(options)), ResourceError) << certificate << ", " << key;
  }
}

#endif

}  // namespace
}  // namespace facet::http
