// A WebSocket's client that says exactly what a test wants, on top of TestClient or TestTlsClient. For tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "http/test_client.h"

namespace facet::http {

struct TestFrame {
  bool is_last = true;
  int opcode = 1;  // 0: goes on, 1: text, 2: binary, 8: close, 9: ping, 10: pong
  std::string payload;
  // Of a close frame; 0: none.
  int close_code() const {
    return payload.size() < 2 ? 0
                              : static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

// As it is on the wire. Clients mask what they send; one that does not breaks the rules.
inline std::string frame_bytes(const TestFrame& frame, bool is_masked = true) {
  std::string bytes{static_cast<char>((frame.is_last ? 0x80 : 0) | frame.opcode)};
  const size_t n = frame.payload.size();
  const int mask_bit = is_masked ? 0x80 : 0;
  const int n_length_bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;
  bytes += static_cast<char>(mask_bit | (n_length_bytes == 0 ? static_cast<int>(n) : n_length_bytes == 2 ? 126 : 127));
  for (int i = n_length_bytes - 1; i >= 0; --i) bytes += static_cast<char>(n >> (8 * i));
  constexpr std::string_view kMask = "mask";
  if (is_masked) bytes += kMask;
  for (size_t i = 0; i < n; ++i) bytes += static_cast<char>(frame.payload[i] ^ (is_masked ? kMask[i % 4] : 0));
  return bytes;
}

inline std::string upgrade(const std::string& path, const std::string& headers = {}) {
  return get(path,
             "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 headers);
}

template <class Client>
class TestWebSocket {
 public:
  TestWebSocket(Client client, const std::string& path, const std::string& headers = {}) : client_(std::move(client)) {
    client_.send(upgrade(path, headers));
    head_ = client_.read_until("\r\n\r\n");
  }

  const std::string& head() const { return head_; }  // of the reply
  bool is_open() const { return head_.starts_with("HTTP/1.1 101 "); }
  Client& client() { return client_; }

  bool send(const std::string& text) { return client_.send(frame_bytes({true, 1, text})); }
  bool send(const TestFrame& frame) { return client_.send(frame_bytes(frame)); }
  // Pings are answered by the test, or not. An opcode of -1: the connection has ended.
  TestFrame read() {
    const std::string start = client_.read_bytes(2);
    if (start.size() < 2) return {true, -1, {}};
    size_t n = static_cast<unsigned char>(start[1]) & 0x7f;
    if (n >= 126) {
      const std::string length = client_.read_bytes(n == 126 ? 2 : 8);
      n = 0;
      for (const char c : length) n = n << 8 | static_cast<unsigned char>(c);
    }
    return {(start[0] & 0x80) != 0, start[0] & 0x0f, client_.read_bytes(n)};
  }
  std::string read_text() { return read().payload; }
  // The code that the other side ends with, after what else comes; 0: without any.
  int read_close() {
    for (TestFrame frame = read(); frame.opcode != -1; frame = read())
      if (frame.opcode == 8) return frame.close_code();
    return 0;
  }

 private:
  Client client_;
  std::string head_;
};

}  // namespace facet::http
