// What a connection may not do: too large, too slow, too many, and gone.
#include <sys/resource.h>

#include <atomic>
#include <fstream>

#include "http/test_client.h"

namespace facet::http {
namespace {

using std::chrono::milliseconds;

ServerOptions with_limits(const Limits& limits) {
  ServerOptions options;
  options.limits = limits;
  return options;
}

// Until it is true, or ten seconds.
template <class Condition>
bool comes_true(Condition condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

TEST(ServerLimits, BodiesThatAreTooLargeAreRefusedUnread) {
  const TestServer server({route("POST", "/b", echo())}, with_limits({.body_bytes = 1000}));
  for (const std::string& request :
       {std::string("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n"),
        post("/b", std::string(3'000'000, 'x')),
        "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
            "\r\n0\r\n\r\n"}) {
    TestClient client = server.connect();
    client.send(request);
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 413 "));
  }
  TestClient client = server.connect();
  EXPECT_EQ(client.ask(post("/b", std::string(1000, 'x'))).second.size(), 1000u);
}

TEST(ServerLimits, MemoryForBodiesIsSharedByAll) {
  const TestServer server({route("POST", "/b", echo())}, with_limits({.all_body_bytes = 100'000}));
  TestClient holds = server.connect();
  holds.send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 90001\r\n\r\n" + std::string(90'000, 'x'));
  std::this_thread::sleep_for(milliseconds(100));
  TestClient other = server.connect();
  EXPECT_TRUE(other.ask(post("/b", std::string(20'000, 'x'))).first.starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(holds.ask("x").second.size(), 90'001u);
  TestClient later = server.connect();
  EXPECT_EQ(later.ask(post("/b", std::string(20'000, 'x'))).second.size(), 20'000u);
}

TEST(ServerLimits, HeadsThatAreTooLarge) {
  const TestServer server({route("GET", "/a", says("text"))}, with_limits({.head_bytes = 2000}));
  for (const std::string& request :
       {get("/a", "X: " + std::string(3000, 'x') + "\r\n"), "GET /" + std::string(3000, 'x')}) {
    TestClient client = server.connect();
    client.send(request);
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 431 "));
  }
}

TEST(ServerLimits, ChunkHeadsWithoutAnEnd) {
  const TestServer server({route("POST", "/b", echo())});
  TestClient client = server.connect();
  client.send("POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20'000, 'x'));
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 400 "));
}

TEST(ServerLimits, SlowHeadsAndIdleConnectionsAreClosedSlowBodiesTold) {
  const TestServer server(
      {route("GET", "/a", says("text")), route("POST", "/b", echo())},
      with_limits({.head = milliseconds(700), .body = milliseconds(700), .idle = milliseconds(700)}));
  TestClient silent = server.connect(), slow_head = server.connect(), slow_body = server.connect(),
             idle = server.connect();
  slow_head.send("GET /a HTTP/1.1\r\n");
  slow_body.send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nbo");
  EXPECT_EQ(idle.ask(get("/a")).second, "text");
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(slow_head.read_to_end(), "");
  EXPECT_TRUE(slow_body.read_to_end().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(idle.read_to_end(), "");
}

TEST(ServerLimits, AReaderThatIsTooSlowIsClosedAndTheExchangeTold) {
  std::promise<std::shared_ptr<Exchange>> handed_over;
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
                          with_limits({.waiting_bytes = 1 << 20}));
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  std::promise<void> closed;
  exchange->on_close([&] { closed.set_value(); });
  exchange->begin(200, "text/plain");
  for (int i = 0; i < 1000 && !exchange->is_closed(); ++i) exchange->write(std::string(100'000, 'x'));
  EXPECT_TRUE(exchange->is_closed());
  EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(ServerLimits, AReaderThatTakesNothingIsClosedInTime) {
  std::promise<std::shared_ptr<Exchange>> handed_over;
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
                          with_limits({.waiting_bytes = 1 << 30, .write = milliseconds(300)}));
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  exchange->begin(200, "text/plain");
  exchange->write(std::string(12'000'000, 'x'));
  EXPECT_TRUE(comes_true([&] { return exchange->is_closed(); }));
}

// What it takes is in time, and a little.
TEST(ServerLimits, AReaderThatTakesALittleNowAndThenIsClosedToo) {
  for (const size_t drain_bytes : {size_t{1} << 10, size_t{1} << 30}) {
    std::promise<std::shared_ptr<Exchange>> handed_over;
    const TestServer server(
        {route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
        with_limits({.waiting_bytes = 1 << 30, .write = milliseconds(1000), .drain_bytes = drain_bytes}));
    TestClient client = server.connect();
    client.send(get("/s"));
    const auto exchange = handed_over.get_future().get();
    exchange->begin(200, "text/plain");
    exchange->write(std::string(30'000'000, 'x'));
    for (int i = 0; i < 60 && !exchange->is_closed(); ++i) {
      client.read_bytes(256 << 10);
      std::this_thread::sleep_for(milliseconds(50));
    }
    EXPECT_EQ(exchange->is_closed(), drain_bytes > 1 << 20);
  }
}

TEST(ServerLimits, AClientThatGoesAwayIsNoticedWithoutWriting) {
  std::promise<std::shared_ptr<Exchange>> handed_over;
  std::promise<RequestRecord> done;
  ServerOptions options;
  options.on_done = [&](const RequestRecord& record) { done.set_value(record); };
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
                          std::move(options));
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  std::atomic<int> n_calls{0};
  exchange->on_close([&] { ++n_calls; });
  exchange->begin(200, "text/plain");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(n_calls, 0);
  client.close();
  EXPECT_TRUE(comes_true([&] { return n_calls == 1; }));
  EXPECT_TRUE(exchange->is_closed());
  exchange->write("into the void");
  exchange->end();
  exchange->on_close([&] { ++n_calls; });
  EXPECT_EQ(n_calls, 2) << "at once, when it has happened";
  const RequestRecord record = done.get_future().get();
  EXPECT_EQ(record.status, 200);
  EXPECT_FALSE(record.is_complete);
}

TEST(ServerLimits, BeyondTheLimitTheConnectionGoesThatAskedForNothingForLongest) {
  const TestServer server({route("GET", "/a", says("text"))}, with_limits({.connections = 3}));
  TestClient half_open = server.connect();
  half_open.send("GET /a HTTP");
  std::this_thread::sleep_for(milliseconds(20));
  TestClient first = server.connect(), second = server.connect();
  EXPECT_EQ(first.ask(get("/a")).second, "text");
  EXPECT_EQ(second.ask(get("/a")).second, "text");
  TestClient third = server.connect();
  EXPECT_EQ(third.ask(get("/a")).second, "text");
  EXPECT_EQ(half_open.read_to_end(), "");
  EXPECT_EQ(second.ask(get("/a")).second, "text");
  TestClient fourth = server.connect();
  EXPECT_EQ(fourth.ask(get("/a")).second, "text");
  EXPECT_EQ(first.read_to_end(), "");
  EXPECT_EQ(third.ask(get("/a")).second, "text");
}

TEST(ServerLimits, ConnectionsBeyondTheLimitAreClosedWhereAllAreAtWork) {
  std::promise<std::shared_ptr<Exchange>> handed_over;
  const TestServer server({route("GET", "/s", [&](const auto& exchange) { handed_over.set_value(exchange); })},
                          with_limits({.connections = 1}));
  TestClient client = server.connect();
  client.send(get("/s"));
  const auto exchange = handed_over.get_future().get();
  EXPECT_EQ(server.connect().read_to_end(), "");
  exchange->reply(200, "text/plain", "text");
  EXPECT_EQ(client.read_reply().second, "text");
}

TEST(ServerLimits, InstantRoutesAnswerWhileAllWorkersAreBusy) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  Route health = route("GET", "/health", says("ok"));
  health.is_instant = true;
  const TestServer server({health, route("GET", "/waits", [released](const auto& exchange) {
                             released.wait();
                             exchange->reply(200, "text/plain", "waited");
                           })});
  std::vector<TestClient> clients;
  for (int i = 0; i < 4; ++i) {  // two workers
    clients.push_back(server.connect());
    clients.back().send(get("/waits"));
  }
  EXPECT_EQ(server.connect().ask(get("/health")).second, "ok");
  release.set_value();
  for (TestClient& client : clients) EXPECT_EQ(client.read_reply().second, "waited");
}

size_t resident_bytes() {
  size_t n_pages = 0, n_resident = 0;
  std::ifstream("/proc/self/statm") >> n_pages >> n_resident;
  return n_resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(ServerLimits, AThousandIdleConnectionsTakeLittleMemory) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2100) GTEST_SKIP() << "this system allows " << limit.rlim_cur << " descriptors";
  const TestServer server({route("GET", "/a", says("text"))});
  const size_t before = resident_bytes();
  std::vector<TestClient> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(server.connect());
    ASSERT_EQ(clients.back().ask(get("/a")).second, "text");
  }
  const size_t taken = resident_bytes() - before;
  RecordProperty("bytes_per_connection", static_cast<int>(taken / 1000));
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(taken, size_t{64} << 20);
#endif
  EXPECT_EQ(clients.front().ask(get("/a")).second, "text");
}

}  // namespace
}  // namespace facet::http
