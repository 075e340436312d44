// WebSockets over real sockets: what is accepted and refused, what ends a session, and that the server outlives it.
#include <atomic>
#include <filesystem>
#include <mutex>
#include <vector>

#include "http/test_web_socket.h"
#include "http/web_socket.h"
#ifdef FACET_TLS
#include "http/test_tls.h"
#endif

namespace facet::http {
namespace {

using std::chrono::milliseconds;
using PlainSocket = TestWebSocket<TestClient>;

// Says hello, then what it hears; and keeps turns or throws when it is told to.
class Parrot : public WebSocketHandler {
 public:
  explicit Parrot(std::atomic<int>& n_alive) : n_alive_(n_alive) { ++n_alive_; }
  ~Parrot() override { --n_alive_; }

  void on_open(const std::shared_ptr<WebSocket>& socket) override {
    socket_ = socket;
    socket_->send("hello");
  }
  void on_message(WebSocketMessage message) override {
    if (message.bytes == "throw") throw ResourceError("told to");
    if (message.bytes == "end") return socket_->close(CloseCode::Refused, "told to");
    if (message.bytes == "much") return send_much();
    if (message.bytes == "wait") turn_ = std::move(message.turn);
    socket_->send((message.is_text ? "text " : "binary ") + message.bytes);
  }

 private:
  void send_much() {
    for (int i = 0; i < 100; ++i) socket_->send(std::string(1 << 20, 'x'));
  }

  std::atomic<int>& n_alive_;
  std::shared_ptr<WebSocket> socket_;
  std::shared_ptr<void> turn_;
};

struct Records {
  std::mutex mutex;
  std::vector<RequestRecord> all;
};

class ServerSocket : public testing::Test {
 protected:
  ~ServerSocket() override {
    server_ = nullptr;
    EXPECT_EQ(n_alive_, 0) << "a handler that was not destroyed with its session";
  }

  void start(ServerOptions options = {}) {
    options.on_done = [this](const RequestRecord& record) {
      const std::lock_guard lock(records_.mutex);
      records_.all.push_back(record);
    };
    server_ = std::make_unique<TestServer>(
        Routes{
            route("GET", "/s", [this](const auto& e) { e->accept_web_socket(std::make_unique<Parrot>(n_alive_), ""); }),
            route("GET", "/picky",
                  [this](const auto& e) { e->accept_web_socket(std::make_unique<Parrot>(n_alive_), "parrot"); }),
            route("GET", "/deaf", [](const auto&) { throw StatusError(400, "no parrot here"); }),
            route("GET", "/a", says("text"))},
        std::move(options));
  }
  static ServerOptions with(const Limits& limits) {
    ServerOptions options;
    options.limits = limits;
    return options;
  }
  PlainSocket open(const std::string& path = "/s", const std::string& headers = {}) {
    PlainSocket socket(server_->connect(), path, headers);
    EXPECT_TRUE(socket.is_open()) << socket.head();
    EXPECT_EQ(socket.read_text(), "hello");
    return socket;
  }
  int code_after(const std::string& bytes) {
    PlainSocket socket = open();
    socket.client().send(bytes);
    return socket.read_close();
  }
  std::vector<RequestRecord> records(size_t n) {
    for (int i = 0; i < 2000; ++i) {
      std::this_thread::sleep_for(milliseconds(5));
      const std::lock_guard lock(records_.mutex);
      if (records_.all.size() >= n) return records_.all;
    }
    ADD_FAILURE() << "fewer than " << n << " requests were recorded";
    return std::vector<RequestRecord>(n);
  }

  std::atomic<int> n_alive_{0};
  Records records_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(ServerSocket, MessagesGoBothWaysAndAreCounted) {
  start();
  {
    PlainSocket socket = open();
    EXPECT_TRUE(has(socket.head(), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) << "RFC 6455's example";
    EXPECT_TRUE(has(socket.head(), "X-Request-Id: "));
    socket.send("héllo");
    EXPECT_EQ(socket.read_text(), "text héllo");
    socket.send(TestFrame{true, 2, std::string("\0\xff", 2)});
    EXPECT_EQ(socket.read_text(), std::string("binary \0\xff", 9));
    socket.send(std::string(70'000, 'x'));
    EXPECT_EQ(socket.read_text().size(), 70'005u);
    EXPECT_EQ(server_->server().n_web_sockets(), 1u);
    socket.send(TestFrame{true, 8, "\x03\xe8"});
    EXPECT_EQ(socket.read_close(), 1000);
  }
  const RequestRecord record = records(1)[0];
  EXPECT_EQ(record.status, 101);
  EXPECT_EQ(record.route, "/s");
  EXPECT_TRUE(record.is_complete);
  EXPECT_EQ(record.received_bytes, 6u + 2 + 70'000);
  EXPECT_EQ(record.sent_bytes, 5u + 11 + 9 + 70'005);
}

TEST_F(ServerSocket, FragmentsArePutTogetherAndPingsAnsweredBetweenThem) {
  start();
  PlainSocket socket = open();
  socket.send(TestFrame{false, 1, "a"});
  socket.send(TestFrame{true, 9, "ping"});
  socket.send(TestFrame{false, 0, ""});
  socket.send(TestFrame{true, 0, "b"});
  const TestFrame pong = socket.read();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "ping");
  EXPECT_EQ(socket.read_text(), "text ab");
}

TEST_F(ServerSocket, FramesBehindTheRequestAreNotLost) {
  start();
  TestClient client = server_->connect();
  client.send(upgrade("/s") + frame_bytes({true, 1, "early"}));
  client.read_until("\r\n\r\n");
  client.read_bytes(2);
  EXPECT_EQ(client.read_bytes(5), "hello");
  client.read_bytes(2);
  EXPECT_EQ(client.read_bytes(10), "text early");
}

TEST_F(ServerSocket, WhatBreaksTheRulesEndsTheSession) {
  start(with({.message_bytes = 1000}));
  const std::string text = "text";
  EXPECT_EQ(code_after(frame_bytes({true, 1, text}, false)), 1002) << "not masked";
  EXPECT_EQ(code_after(frame_bytes({true, 1, "\xff\xfe"})), 1007) << "no UTF-8";
  EXPECT_EQ(code_after(frame_bytes({true, 1, "\xe2\x82"})), 1007) << "half a character";
  EXPECT_EQ(code_after(frame_bytes({true, 1, std::string(1001, 'x')})), 1009);
  EXPECT_EQ(code_after(frame_bytes({false, 1, std::string(600, 'x')}) + frame_bytes({true, 0, std::string(600, 'x')})),
            1009);
  EXPECT_EQ(code_after(frame_bytes({true, 0, text})), 1002) << "goes on with nothing";
  EXPECT_EQ(code_after(frame_bytes({false, 1, text}) + frame_bytes({true, 1, text})), 1002) << "begins within another";
  EXPECT_EQ(code_after(frame_bytes({false, 9, text})), 1002) << "a control frame in pieces";
  EXPECT_EQ(code_after(frame_bytes({true, 9, std::string(126, 'x')})), 1002) << "a control frame that is too long";
  EXPECT_EQ(code_after(frame_bytes({true, 3, text})), 1002) << "no such frame";
  EXPECT_EQ(code_after(std::string("\xc1\x80mask", 6)), 1002) << "a reserved bit";
  EXPECT_EQ(code_after(frame_bytes({true, 8, "\x03"})), 1002) << "half a close code";
  EXPECT_EQ(open().is_open(), true) << "the server goes on";
}

TEST_F(ServerSocket, TheHandlerEndsItOrFails) {
  start();
  PlainSocket ended = open(), failed = open();
  ended.send("end");
  const TestFrame frame = ended.read();
  EXPECT_EQ(frame.close_code(), 1008);
  EXPECT_EQ(frame.payload.substr(2), "told to");
  failed.send("throw");
  EXPECT_EQ(failed.read_close(), 1011);
}

TEST_F(ServerSocket, NothingIsReadWhileTheHandlerKeepsItsTurn) {
  start();
  PlainSocket socket = open();
  socket.send("wait");
  EXPECT_EQ(socket.read_text(), "text wait");
  socket.send("more");
  pollfd waiting{socket.client().fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 200), 0);
}

TEST_F(ServerSocket, ClientsThatAreSilentOrDoNotReadAreClosed) {
  start(with({.waiting_bytes = 8 << 20, .write = milliseconds(500), .silence = milliseconds(600)}));
  PlainSocket silent = open(), answers = open(), slow = open();
  slow.send("much");
  const auto start_time = std::chrono::steady_clock::now();
  EXPECT_EQ(silent.read().opcode, 9) << "a ping";
  while (std::chrono::steady_clock::now() < start_time + milliseconds(1500)) {
    const TestFrame ping = answers.read();
    ASSERT_EQ(ping.opcode, 9);
    answers.send(TestFrame{true, 10, ping.payload});
  }
  EXPECT_EQ(silent.read_close(), 0);
  for (int i = 0; i < 2000 && server_->server().n_web_sockets() > 1; ++i) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(server_->server().n_web_sockets(), 1u) << "the one that answers";
}

TEST_F(ServerSocket, OtherRequestsForItAreRefusedAndTheConnectionGoesOn) {
  start();
  TestClient client = server_->connect();
  EXPECT_TRUE(client.ask(get("/s")).first.starts_with("HTTP/1.1 426 "));
  std::string old = upgrade("/s");
  old.replace(old.find("Version: 13"), 11, "Version: 8 ");
  const std::string head = client.ask(old).first;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 426 ") && has(head, "Sec-WebSocket-Version: 13\r\n")) << head;
  std::string bad_key = upgrade("/s");
  bad_key.replace(bad_key.find("dGhl"), 4, "");
  EXPECT_TRUE(client.ask(bad_key).first.starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(client.ask(upgrade("/deaf")).second, "400: no parrot here");
  EXPECT_TRUE(client.ask(upgrade("/nowhere")).first.starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(client.ask(upgrade("/a")).second, "text") << "who asks for what is none gets a reply";
  EXPECT_EQ(client.ask(get("/a")).second, "text");
  client.send(upgrade("/s"));
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
  TestClient pipelined = server_->connect();
  pipelined.send(get("/a") + upgrade("/s"));
  EXPECT_EQ(pipelined.read_reply().second, "text");
}

TEST_F(ServerSocket, PagesOfStrangersAndStrangersWithoutAKeyAreRefused) {
  ServerOptions options;
  options.access.keys = std::make_shared<Keys>();
  for (Key& key : parse_keys(R"([{"name": "laptop", "key": "secret"}])", "keys.json"))
    options.access.keys->add(std::move(key));
  start(std::move(options));
  const auto status = [&](const std::string& headers) {
    return PlainSocket(server_->connect(), "/picky", headers).head().substr(9, 3);
  };
  EXPECT_EQ(status(""), "401");
  EXPECT_EQ(status("Sec-WebSocket-Protocol: parrot, openai-insecure-api-key.wrong\r\n"), "401");
  EXPECT_EQ(status("Origin: https://evil.example\r\nX-Api-Key: secret\r\n"), "403");
  const PlainSocket page(server_->connect(), "/picky",
                         "Origin: http://localhost:3000\r\n"
                         "Sec-WebSocket-Protocol: parrot, openai-insecure-api-key.secret\r\n");
  EXPECT_TRUE(page.is_open()) << page.head();
  EXPECT_TRUE(has(page.head(), "Sec-WebSocket-Protocol: parrot\r\n")) << page.head();
  EXPECT_FALSE(has(page.head(), "secret"));
}

TEST_F(ServerSocket, AKeyWithAnyCharacterComesAsBase64url) {
  ServerOptions options;
  options.access.keys = std::make_shared<Keys>();
  for (Key& key : parse_keys(R"([{"name": "laptop", "key": "a/b=?>"}])", "keys.json"))
    options.access.keys->add(std::move(key));
  start(std::move(options));
  const auto status = [&](const std::string& coded) {
    const std::string protocols = "Sec-WebSocket-Protocol: parrot, facet-api-key.base64url." + coded + "\r\n";
    return PlainSocket(server_->connect(), "/picky", protocols).head().substr(9, 3);
  };
  EXPECT_EQ(status("YS9iPT8-"), "101");
  for (const char* wrong : {"YS9iPT8", "YS9iPT8-Y", "YS9i.PT8", ""}) EXPECT_EQ(status(wrong), "401") << wrong;
}

TEST_F(ServerSocket, TheServersEndIsTold) {
  start();
  PlainSocket socket = open(), kept = open();
  kept.send("wait");
  EXPECT_EQ(kept.read_text(), "text wait");
  server_->server().stop();
  EXPECT_EQ(socket.read_close(), 1001);
  EXPECT_EQ(kept.read_close(), 1001);
  socket.send(TestFrame{true, 8, "\x03\xe9"});
  server_->join();
}

TEST_F(ServerSocket, OverAUnixSocket) {
  const std::string path = std::filesystem::path(testing::TempDir()) / ("facet-ws-" + std::to_string(getpid()));
  ServerOptions options;
  options.unix_sockets = {path};
  start(std::move(options));
  PlainSocket socket(TestClient(path), "/s");
  EXPECT_EQ(socket.read_text(), "hello");
}

#ifdef FACET_TLS
TEST_F(ServerSocket, OverTls) {
  const std::string folder = testing::TempDir(), name = folder + "/facet-ws-" + std::to_string(getpid());
  write_test_certificate(name + ".crt", name + ".key");
  ServerOptions options;
  options.tls = std::make_unique<TlsFiles>(TlsFiles{name + ".crt", name + ".key"});
  start(std::move(options));
  TestWebSocket<TestTlsClient> socket(TestTlsClient(server_->connect(), TLS1_3_VERSION), "/s");
  EXPECT_EQ(socket.read_text(), "hello");
  socket.send(std::string(300'000, 'x'));
  EXPECT_EQ(socket.read_text().size(), 300'005u);
  socket.send(TestFrame{true, 8, "\x03\xe8"});
  EXPECT_EQ(socket.read_close(), 1000);
}
#endif

}  // namespace
}  // namespace facet::http
