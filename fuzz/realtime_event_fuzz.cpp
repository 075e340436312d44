// link: facet_server
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "server/api_error.h"
#include "server/dialects/openai/realtime/realtime_events.h"

using namespace facet::server;

// A message of a realtime session. Settings that it changes are told in words that mean the same settings.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const RealtimeEvent event = parse_realtime_event(parse_body({reinterpret_cast<const char*>(data), size}));
    if (event.kind != RealtimeEvent::Kind::Update) return 0;
    const Json told = settings_json(changed_settings({}, Fields(event.session, "session")), "sess_1");
    if (settings_json(changed_settings({}, Fields(told, "session")), "sess_1") != told) std::abort();
  } catch (const ApiError&) {
  } catch (const facet::Error&) {
  }
  return 0;
}
