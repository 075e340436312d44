// Live transcripts over real sockets, with the built-in model: a spoken word goes in, and its transcript comes out.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "http/keys.h"
#include "http/test_web_socket.h"
#include "media/sound.h"
#include "server/base64.h"
#include "server/dialects/dialects.h"
#include "server/dialects/test_routes.h"
#include "server/engine_service.h"
#include "server/json_reading.h"
#include "server/store.h"
#ifdef FACET_TLS
#include "http/test_tls.h"
#endif

namespace facet::server {
namespace {

using http::TestClient;
using http::TestFrame;
using http::TestServer;
using Plain = http::TestWebSocket<TestClient>;

constexpr const char* kNanoModel = "models/nano/nano-q8_0.gguf";
constexpr const char* kSpokenStreet = "models/nano/eval/media/spoken_word-4-0.opus";
const std::string kPath = "/v1/realtime?intent=transcription";

// The word "street", and a second of silence, as 16 bits at 16 kHz.
std::string spoken_word() {
  auto samples = media::decode_sound(media::Source::from_path(kSpokenStreet));
  samples.resize(samples.size() + media::kSampleRate);
  std::string bytes;
  for (const float sample : samples) {
    const auto value = static_cast<int16_t>(std::lround(std::clamp(sample * 32768, -32768.f, 32767.f)));
    bytes += {static_cast<char>(value & 0xff), static_cast<char>(value >> 8)};
  }
  return bytes;
}

template <class Client>
Json read_event(http::TestWebSocket<Client>& socket) {
  const TestFrame frame = socket.read();
  return frame.opcode == 1 ? Json::parse(frame.payload) : Json{{"type", "closed"}, {"code", frame.close_code()}};
}
// The first of this type, or what the session ended with.
template <class Client>
Json read_event_of(http::TestWebSocket<Client>& socket, const std::string& type) {
  for (;;) {
    Json event = read_event(socket);
    if (event["type"] == type || event["type"] == "closed") return event;
  }
}

// Of a transcript: nano was never taught the instruction that is sent with the sound, and may go on.
std::string first_word(const Json& event) {
  const std::string text = event.value("transcript", event.dump());
  return text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
}

template <class Client>
std::string transcript(http::TestWebSocket<Client>& socket, bool is_binary = false) {
  EXPECT_EQ(read_event(socket)["type"], "session.created");
  socket.send(R"({"type": "session.update", "session": {"type": "transcription",
                  "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}})");
  EXPECT_EQ(read_event(socket)["type"], "session.updated");
  const std::string sound = spoken_word();
  constexpr size_t kPiece = 6401;  // samples are cut in two
  for (size_t i = 0; i < sound.size(); i += kPiece) {
    const std::string piece = sound.substr(i, kPiece);
    if (is_binary)
      socket.send(TestFrame{true, 2, piece});
    else
      socket.send(to_json_text({{"type", "input_audio_buffer.append"}, {"audio", to_base64(piece)}}));
  }
  return first_word(read_event_of(socket, "conversation.item.input_audio_transcription.completed"));
}

class RealtimeSocket : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kNanoModel)) GTEST_SKIP() << "models/nano is not in this checkout";
  }
  void start(http::ServerOptions options = {}) {
    runtime::EngineOptions engine;
    engine.n_threads = 1;
    engine.context = 2048;
    EngineServiceOptions how;
    how.load = [engine](const std::string& path, int64_t) { return runtime::Engine::load(path, engine); };
    const auto list = [] { return std::vector<ServedModel>{{"nano", kNanoModel}}; };
    service_ = std::make_unique<EngineService>(std::make_unique<ModelCatalog>(list, engine), how);
    server_ = std::make_unique<TestServer>(openai_routes(*service_, store_), std::move(options));
  }
  Plain connect(const std::string& headers = {}) { return Plain(server_->connect(), kPath, headers); }

  Store store_{":memory:"};
  std::unique_ptr<EngineService> service_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(RealtimeSocket, ASpokenWordGivesItsTranscript) {
  start();
  Plain socket = connect();
  EXPECT_EQ(transcript(socket), "street");
  Plain binary = connect();
  EXPECT_EQ(transcript(binary, true), "street");
}

#ifdef FACET_SOXR
TEST_F(RealtimeSocket, AtTheUsualRate) {
  start();
  Plain socket = connect();
  read_event(socket);
  socket.send(R"({"type": "session.update", "session": {"audio": {"input": {"turn_detection": null}}}})");
  const std::string sound = spoken_word();
  std::string faster;  // each two samples become three
  const auto at = [&](size_t i) {
    return static_cast<int16_t>(static_cast<unsigned char>(sound[2 * i]) | sound[2 * i + 1] << 8);
  };
  const auto put = [&](double value) {
    const auto sample = static_cast<int16_t>(std::lround(value));
    faster += {static_cast<char>(sample & 0xff), static_cast<char>(sample >> 8)};
  };
  for (size_t i = 0; 2 * (i + 2) < sound.size(); i += 2) {
    put(at(i));
    put(at(i) / 3.0 + at(i + 1) * 2 / 3.0);
    put(at(i + 1) * 2 / 3.0 + at(i + 2) / 3.0);
  }
  socket.send(TestFrame{true, 2, faster});
  socket.send(R"({"type": "input_audio_buffer.commit"})");
  EXPECT_EQ(first_word(read_event_of(socket, "conversation.item.input_audio_transcription.completed")), "street");
}
#endif

TEST_F(RealtimeSocket, TheServerStopsWhileItIsHeard) {
  start();
  Plain socket = connect();
  read_event(socket);
  socket.send(R"({"type": "session.update", "session": {"audio": {"input": {"format": {"rate": 16000}}}}})");
  for (int i = 0; i < 20; ++i) socket.send(TestFrame{true, 2, spoken_word()});
  read_event_of(socket, "input_audio_buffer.speech_started");
  server_->server().stop();
  EXPECT_EQ(socket.read_close(), 1001);
}

TEST_F(RealtimeSocket, WhatIsNoEventIsAnErrorAndTheSessionGoesOn) {
  start();
  Plain socket = connect();
  read_event(socket);
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string("\"text\""), std::string(R"({"type": 5})"),
        std::string(R"({"type": "input_audio_buffer.append", "audio": "A"})"),
        R"({"type": "session.update", "session": )" + std::string(100'000, '[') + "}"}) {
    socket.send(text);
    const Json event = read_event(socket);
    EXPECT_EQ(event["type"], "error") << text.substr(0, 100);
    EXPECT_TRUE(event["event_id"].get<std::string>().starts_with("event_"));
    EXPECT_EQ(event["error"]["type"], "invalid_request_error");
  }
  socket.send(R"({"type": "input_audio_buffer.clear"})");
  EXPECT_EQ(read_event(socket)["type"], "input_audio_buffer.cleared");
  socket.client().send(http::frame_bytes({true, 1, "\xff"}));
  EXPECT_EQ(socket.read_close(), 1007);
  Plain next = connect();
  EXPECT_EQ(read_event(next)["type"], "session.created");
}

TEST_F(RealtimeSocket, AConversationIsRefusedInWords) {
  start();
  Plain socket(server_->connect(), "/v1/realtime?intent=conversation", "Sec-WebSocket-Protocol: realtime\r\n");
  EXPECT_TRUE(http::has(socket.head(), "Sec-WebSocket-Protocol: realtime\r\n"));
  const Json event = read_event(socket);
  EXPECT_EQ(event["type"], "error");
  EXPECT_EQ(event["error"]["param"], "intent");
  EXPECT_EQ(socket.read_close(), 1008);
}

TEST_F(RealtimeSocket, OnlySoManySessions) {
  start();
  std::vector<Plain> sockets;
  for (int i = 0; i < 32; ++i) sockets.push_back(connect());
  EXPECT_TRUE(sockets.back().is_open());
  EXPECT_FALSE(connect().is_open());
  sockets.front().send(TestFrame{true, 8, "\x03\xe8"});
  EXPECT_EQ(sockets.front().read_close(), 1000);
  bool is_open = false;
  for (int i = 0; i < 200 && !is_open; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    is_open = connect().is_open();
  }
  EXPECT_TRUE(is_open) << "the place of one that ended";
}

#ifdef FACET_TLS
TEST_F(RealtimeSocket, OverTls) {
  const std::string name = testing::TempDir() + "/facet-realtime-" + std::to_string(getpid());
  http::write_test_certificate(name + ".crt", name + ".key");
  http::ServerOptions options;
  options.tls = std::make_unique<http::TlsFiles>(http::TlsFiles{name + ".crt", name + ".key"});
  start(std::move(options));
  http::TestWebSocket<http::TestTlsClient> socket(http::TestTlsClient(server_->connect(), TLS1_3_VERSION), kPath);
  EXPECT_EQ(transcript(socket), "street");
}
#endif

TEST(RealtimeRoutes, ModelsThatDoNotHearAreRefusedBeforehand) {
  TestService service;
  service.info.hears = false;
  Store store(":memory:");
  const TestServer server(openai_routes(service, store));
  const Plain socket(server.connect(), kPath);
  EXPECT_FALSE(socket.is_open());
  http::Routes routes = openai_routes(service, store);
  const auto refused = ask_routes(routes, "GET", "/v1/realtime");
  EXPECT_EQ(refused->status(), 400);
  EXPECT_EQ(Json::parse(refused->body())["error"]["param"], "model");
  service.info.hears = true;
  const Plain unknown(server.connect(), kPath + "&model=none");
  EXPECT_FALSE(unknown.is_open());
}

}  // namespace
}  // namespace facet::server
