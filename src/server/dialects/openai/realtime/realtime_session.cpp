#include "server/dialects/openai/realtime/realtime_session.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

// Of sound that waits to be heard: some minutes. Beyond it, nothing more is read.
constexpr size_t kMostWaiting = 16 << 20;
constexpr size_t kEventBytes = 256;  // that an event takes beside its sound, for the sum

RealtimeEvent sound_event(std::string_view bytes) {
  RealtimeEvent event;
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  event.sound.assign(begin, begin + bytes.size());
  return event;
}

// Its event_id, where it has one.
std::string event_id_of(const Json& event) {
  const auto found = event.find("event_id");
  return found != event.end() && found->is_string() ? printable(found->get<std::string>(), 200) : std::string();
}

}  // namespace

std::shared_ptr<void> RealtimeSeats::take() {
  if (++n_taken_ > kMost) {
    --n_taken_;
    throw ApiError(ApiError::Kind::Busy, fmt::format("{} realtime sessions are open, and no more are taken", kMost), {},
                   10);
  }
  return {this, [seats = shared_from_this()](void*) { --seats->n_taken_; }};
}

RealtimeSession::RealtimeSession(Service& service, const http::Request& request, const RealtimeSettings& settings,
                                 std::shared_ptr<void> seat)
    : seat_(std::move(seat)), dialog_(service, request, settings, is_ended_, [this](Json event) {
        socket_->send(realtime_text(std::move(event)));
      }) {}

RealtimeSession::~RealtimeSession() {
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RealtimeSession::on_open(const std::shared_ptr<http::WebSocket>& socket) {
  socket_ = socket;
  dialog_.begin();
  thread_ = std::thread([this] { run(); });
}

void RealtimeSession::on_message(http::WebSocketMessage message) {
  Command command;
  command.turn = std::move(message.turn);
  command.n_bytes = message.bytes.size() + kEventBytes;
  try {
    if (message.is_text) {
      const Json event = parse_body(message.bytes);
      command.id = event_id_of(event);
      command.event = parse_realtime_event(event);
    } else {
      command.event = sound_event(message.bytes);
    }
  } catch (...) {
    return socket_->send(realtime_text(realtime_error(to_api_error(std::current_exception()), command.id)));
  }
  add(std::move(command));
}

void RealtimeSession::add(Command command) {
  std::shared_ptr<void> turn;  // ends when the lock has been left
  const std::lock_guard lock(mutex_);
  waiting_bytes_ += command.n_bytes;
  if (waiting_bytes_ <= kMostWaiting) turn = std::move(command.turn);
  commands_.push_back(std::move(command));
  changed_.notify_all();
}

// False: the session has ended.
bool RealtimeSession::next(Command& command) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_ended_ || !commands_.empty(); });
  if (is_ended_) return false;
  command = std::move(commands_.front());
  commands_.pop_front();
  waiting_bytes_ -= command.n_bytes;
  return true;
}

void RealtimeSession::run() {
  try {
    for (Command command; next(command);) {
      command.turn.reset();
      dialog_.take(command.event, command.id);
      if (dialog_.is_over()) return socket_->close(http::CloseCode::Internal, "the model cannot be had");
    }
  } catch (const CancelledError&) {
  } catch (const std::exception&) {
    socket_->close(http::CloseCode::Internal, "internal error");
  }
}

}  // namespace facet::server
