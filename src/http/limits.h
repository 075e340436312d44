// What a connection may take of time and memory, before it is refused or closed.
#pragma once

#include <chrono>
#include <cstddef>

namespace facet::http {

struct Limits {
  size_t head_bytes = 32 << 10;               // 431
  size_t body_bytes = size_t{64} << 20;       // of one request; 413
  size_t all_body_bytes = size_t{1} << 30;    // of all requests that are here at once; 503
  size_t waiting_bytes = size_t{8} << 20;     // of a reply that the client has not taken; closed
  size_t connections = 4096;                  // beyond, the one is closed that has asked for nothing for longest
  std::chrono::milliseconds head{15'000};     // from the first byte of a request to the end of its head; closed
  std::chrono::milliseconds body{30'000};     // and a second for each 64 KiB that have come; 408
  std::chrono::milliseconds idle{120'000};    // between requests; closed
  std::chrono::milliseconds write{30'000};    // in which a client takes nothing of what waits; closed
  size_t drain_bytes = 1 << 10;               // a second, that it takes at least of what waits, `write` aside; closed
  std::chrono::milliseconds quiet{15'000};    // in which nothing is written of a stream; Exchange::on_quiet
  size_t message_bytes = size_t{1} << 20;     // of a WebSocket's message; closed with 1009
  std::chrono::milliseconds silence{60'000};  // of a WebSocket, in which pings are not answered either; closed
};

}  // namespace facet::http
