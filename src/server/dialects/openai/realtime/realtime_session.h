// A realtime session on its WebSocket: a thread of its own takes the client's events one after the other, while more of
// them come.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "http/web_socket.h"
#include "server/dialects/openai/realtime/realtime_dialog.h"

namespace facet::server {

// How many sessions there are at the same time. Shared by all of them.
class RealtimeSeats : public std::enable_shared_from_this<RealtimeSeats> {
 public:
  static constexpr int kMost = 32;
  // Taken as long as it lives. ApiError (Busy) when there is none.
  std::shared_ptr<void> take();

 private:
  std::atomic<int> n_taken_{0};
};

class RealtimeSession : public http::WebSocketHandler {
 public:
  RealtimeSession(Service& service, const http::Request& request, const RealtimeSettings& settings,
                  std::shared_ptr<void> seat);
  ~RealtimeSession() override;  // ends what is computed, and waits for that

  void on_open(const std::shared_ptr<http::WebSocket>& socket) override;
  void on_message(http::WebSocketMessage message) override;

 private:
  struct Command {
    RealtimeEvent event;
    std::string id;              // of the client's event
    std::shared_ptr<void> turn;  // of the message, where too many wait
    size_t n_bytes = 0;          // of the message, and what goes with it
  };

  void run();
  bool next(Command& command);
  void add(Command command);

  std::shared_ptr<void> seat_;
  std::shared_ptr<http::WebSocket> socket_;
  std::atomic<bool> is_ended_{false};
  RealtimeDialog dialog_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Command> commands_;
  size_t waiting_bytes_ = 0;
  std::thread thread_;
};

}  // namespace facet::server
