#include <algorithm>

#include "http/web_socket_handshake.h"
#include "server/dialects/openai/realtime/realtime.h"
#include "server/dialects/openai/realtime/realtime_session.h"
#include "server/key_models.h"

namespace facet::server {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;

// Says why there is no session. Clients show events, and seldom what a handshake was answered with.
class RefusedSession : public http::WebSocketHandler {
 public:
  explicit RefusedSession(ApiError error) : error_(std::move(error)) {}
  void on_open(const std::shared_ptr<http::WebSocket>& socket) override {
    socket->send(realtime_text(realtime_error(error_, {})));
    socket->close(http::CloseCode::Refused, error_.what());
  }
  void on_message(http::WebSocketMessage) override {}

 private:
  ApiError error_;
};

bool offers(const http::Request& request, std::string_view protocol) {
  const auto offered = http::offered_protocols(request);
  return std::find(offered.begin(), offered.end(), protocol) != offered.end();
}

void open_realtime(const ExchangePtr& exchange, Service& service, RealtimeSeats& seats) {
  const http::Request& request = exchange->request();
  const std::string protocol = offers(request, "realtime") ? "realtime" : "";
  const std::string_view intent = request.parameter("intent");
  if (!intent.empty() && intent != "transcription") {
    const ApiError error(ApiError::Kind::Unsupported,
                         "intent: the models here make no sound: only \"transcription\" is spoken", "intent");
    return exchange->accept_web_socket(std::make_unique<RefusedSession>(error), protocol);
  }
  RealtimeSettings settings;
  settings.model = check_listener(service, request, std::string(request.parameter("model")));
  settings.is_beta = request.header("openai-beta") == "realtime=v1" || offers(request, "openai-beta.realtime-v1");
  exchange->accept_web_socket(std::make_unique<RealtimeSession>(service, request, settings, seats.take()), protocol);
}

}  // namespace

std::string check_listener(Service& service, const http::Request& request, const std::string& model) {
  const ModelInfo info = service.model(model);
  if (!model.empty()) check_key_model(request, service, model);
  if (!info.hears)
    throw ApiError(ApiError::Kind::Unsupported,
                   "model: " + info.name + " does not hear: name one that does, by ?model=NAME", "model");
  return info.name;
}

http::Routes realtime_routes(Service& service) {
  const auto seats = std::make_shared<RealtimeSeats>();
  return {{"GET", "/v1/realtime",
           [&service, seats](const ExchangePtr& exchange) { open_realtime(exchange, service, *seats); }}};
}

}  // namespace facet::server
