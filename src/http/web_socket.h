// A WebSocket (RFC 6455) as those see it who know what its messages mean: no socket, no thread, no library. The handler
// of a route opens one by Exchange::accept_web_socket(), after its own checks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace facet::http {

// Of RFC 6455, 7.4.1, those that a session ends with for its own reasons.
enum class CloseCode : uint16_t { GoingAway = 1001, Refused = 1008, Internal = 1011 };

// Any thread; nothing blocks. When the client reads too slowly the session is closed.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  virtual void send(std::string text) = 0;  // one text message, in UTF-8
  // After what was sent. reason: at most 123 bytes are told.
  virtual void close(CloseCode code, std::string_view reason) = 0;
};

struct WebSocketMessage {
  std::string bytes;
  bool is_text = false;  // valid UTF-8
  // Nothing more is read before this is dropped: who has enough keeps it until more may come.
  std::shared_ptr<void> turn;
};

// What a session does with what comes: called on workers, one call at a time, and destroyed on one when the session has
// ended. What computes for long does so on a thread of its own, so that workers are free for others.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open(const std::shared_ptr<WebSocket>& socket) = 0;  // once, before any message
  virtual void on_message(WebSocketMessage message) = 0;
};

}  // namespace facet::http
