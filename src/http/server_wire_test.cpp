// HTTP as it is on the wire: what clients rely on without knowing.
#include "http/test_client.h"

namespace facet::http {
namespace {

TEST(ServerWire, KeepsAliveAndAnswersPipelinedRequestsInOrder) {
  const TestServer server({route("GET", "/a", says("first")), route("POST", "/b", echo())});
  TestClient client = server.connect();
  client.send(get("/a") + post("/b", "second") + get("/a"));
  EXPECT_EQ(client.read_reply().second, "first");
  EXPECT_EQ(client.read_reply().second, "second");
  const auto [head, body] = client.read_reply();
  EXPECT_EQ(body, "first");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_TRUE(has(head, "\r\nDate: ") && has(head, "\r\nX-Request-Id: req_")) << head;
  EXPECT_FALSE(has(head, "Connection: close")) << head;
}

TEST(ServerWire, ARequestMayComeByteByByte) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  for (const char c : post("/b", "slow")) {
    client.send(std::string(1, c));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_EQ(client.read_reply().second, "slow");
  client.send("\r");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(client.ask("\n" + post("/b", "behind an empty line")).second, "behind an empty line");
}

TEST(ServerWire, ChunkedBodies) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  const std::string head = "POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask(head + "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nTrailer: ignored\r\n\r\n").second,
            "hello, world");
  EXPECT_EQ(client.ask(post("/b", "again")).second, "again");
  EXPECT_EQ(client.ask(head + "4\r\n0\r\n0\r\n0\r\n\r\n").second, "0\r\n0");
}

TEST(ServerWire, ChunkedBodiesByteByByte) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  const std::string head = "POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body : {"", "0\r\n0", "hello"}) {
    std::string chunks = head;
    if (!body.empty()) chunks += std::to_string(body.size()) + "\r\n" + body + "\r\n";
    chunks += "0\r\n\r\n";
    for (const char c : chunks) {
      client.send(std::string(1, c));
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    EXPECT_EQ(client.read_reply().second, body);
  }
}

TEST(ServerWire, LargeBodiesGoThroughBothWays) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  std::string body(1'000'000, 'x');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
  std::thread sender([&] { client.send(post("/b", body)); });
  const std::string reply = client.read_reply().second;
  sender.join();
  EXPECT_TRUE(reply == body);
}

TEST(ServerWire, ExpectContinueIsAnsweredBeforeTheBody) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  client.send("POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("body").second, "body");
}

TEST(ServerWire, StreamsAreChunkedAndEachPieceIsSentAtOnce) {
  std::promise<std::shared_ptr<Exchange>> handed_over;
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })});
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  exchange->begin(200, "text/event-stream");
  EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "Transfer-Encoding: chunked"));
  exchange->write("data: one\n\n");
  EXPECT_EQ(client.read_until("one\n\n\r\n"), "b\r\ndata: one\n\n\r\n");
  exchange->write("data: two\n\n");
  EXPECT_TRUE(has(client.read_until("two\n\n\r\n"), "data: two"));
  exchange->end();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
  exchange->write("nobody sees this");
  exchange->end();
  EXPECT_TRUE(has(client.ask(get("/none")).first, "404"));
}

// Heads may have been sent long before; nothing is said of replies that are whole, nor behind a stream's end.
TEST(ServerWire, QuietStreamsAreKeptAlive) {
  ServerOptions options;
  options.limits.quiet = std::chrono::milliseconds(20);
  std::promise<std::shared_ptr<Exchange>> handed_over;
  std::promise<void> has_ended;
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
                          std::move(options));
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  std::atomic<int> n_beats{0};
  exchange->on_quiet([&, weak = std::weak_ptr(exchange)] {
    ++n_beats;
    weak.lock()->write(": beat\n\n");
    if (n_beats == 3) {
      weak.lock()->end();
      has_ended.set_value();
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(n_beats, 0) << "before the head, there is no stream";
  exchange->begin(200, "text/event-stream");
  EXPECT_EQ(client.read_reply().second, ": beat\n\n: beat\n\n: beat\n\n");
  has_ended.get_future().get();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(n_beats, 3);
}

TEST(ServerWire, HttpOneZero) {
  const TestServer server({route("GET", "/a", says("text")), route("GET", "/s", [](const auto& exchange) {
                             exchange->begin(200, "text/plain");
                             exchange->write("a stream");
                             exchange->end();
                           })});
  TestClient plain = server.connect();
  plain.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has(plain.read_to_end(), "Connection: close\r\n\r\ntext"));
  TestClient kept = server.connect();
  EXPECT_TRUE(has(kept.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").first, "Connection: keep-alive"));
  const std::string stream = (kept.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), kept.read_to_end());
  EXPECT_TRUE(stream.ends_with("\r\n\r\na stream")) << stream;
  EXPECT_FALSE(has(stream, "chunked"));
}

TEST(ServerWire, HeadHasTheHeadersOfGetAndNoBody) {
  const TestServer server({route("GET", "/a", says("text"))});
  TestClient client = server.connect();
  client.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/a"));
  EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "Content-Length: 4\r\n"));
  EXPECT_EQ(client.read_reply().second, "text");
}

TEST(ServerWire, UnknownPathsAndMethodsAreSaidInTheCallersWords) {
  const TestServer server({route("GET", "/a/*", says("tail")), route("POST", "/b", echo())});
  TestClient client = server.connect();
  EXPECT_EQ(client.ask(get("/a/x%2Fy")).second, "tail");
  EXPECT_EQ(client.ask(get("/nowhere")).second, "404: there is nothing at /nowhere");
  const auto [head, body] = client.ask(get("/b"));
  EXPECT_TRUE(head.starts_with("HTTP/1.1 405 ") && has(head, "Allow: OPTIONS, POST\r\n")) << head;
  EXPECT_EQ(client.ask(get("/a/x")).second, "tail") << "the connection goes on";
}

TEST(ServerWire, ExchangesThatFailOrAreDroppedAreErrors) {
  const TestServer server({route("GET", "/throws", [](const auto&) { throw std::runtime_error("broken"); }),
                           route("GET", "/drops", [](const auto&) {}),
                           route("GET", "/breaks", [](const auto& exchange) {
                             exchange->begin(200, "text/plain");
                             exchange->write("half");
                             throw std::runtime_error("broken");
                           })});
  TestClient client = server.connect();
  EXPECT_EQ(client.ask(get("/throws")).second, "500: broken");
  EXPECT_EQ(client.ask(get("/drops")).second, "500: the request was dropped without a reply");
  client.send(get("/breaks"));
  EXPECT_FALSE(has(client.read_to_end(), "\r\n0\r\n")) << "a stream that broke off must not look whole";
}

TEST(ServerWire, ACallersIdIsKeptWhenItIsPlain) {
  const TestServer server({route("GET", "/a", [](const auto& e) { e->reply(200, "text/plain", e->request().id); })});
  TestClient client = server.connect();
  const auto [head, body] = client.ask(get("/a", "X-Request-Id: my-id.7\r\n"));
  EXPECT_EQ(body, "my-id.7");
  EXPECT_TRUE(has(head, "X-Request-Id: my-id.7\r\n"));
  EXPECT_TRUE(client.ask(get("/a", "X-Request-Id: a b\r\n")).second.starts_with("req_"));
}

TEST(ServerWire, WhatIsNoHttpIsRefusedAndClosed) {
  const TestServer server({route("POST", "/b", echo())});
  const std::pair<const char*, const char*> cases[] = {
      {"\x16\x03\x01 not http\r\n\r\n", "400"},
      {"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
      {"GET /a HTTP/1.1\r\n\r\n", "400"},
      {"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbodyb", "400"},
      {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST /b HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n", "417"}};
  for (const auto& [bytes, status] : cases) {
    TestClient client = server.connect();
    client.send(bytes);
    const std::string reply = client.read_to_end();
    EXPECT_TRUE(reply.starts_with(std::string("HTTP/1.1 ") + status)) << bytes << "\n" << reply;
    EXPECT_TRUE(has(reply, "Connection: close")) << reply;
  }
}

TEST(ServerWire, AFloodOfNonsenseHurtsNobodyElse) {
  const TestServer server({route("GET", "/a", says("text"))});
  TestClient patient = server.connect();
  uint32_t random = 7;
  for (int i = 0; i < 200; ++i) {
    TestClient client = server.connect();
    std::string bytes = i % 2 ? "" : "GET /a HTTP/1.1\r\nHost: ";
    for (int n = 0; n < 300; ++n) bytes += static_cast<char>((random = random * 1664525 + 1013904223) >> 24);
    client.send(bytes);
    if (i % 3 == 0) client.send("\r\n\r\n");
  }
  EXPECT_EQ(patient.ask(get("/a")).second, "text");
}

}  // namespace
}  // namespace facet::http
