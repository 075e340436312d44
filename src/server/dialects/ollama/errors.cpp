#include "server/dialects/errors.h"

namespace facet::server {

std::string ollama_error(const ApiError& error) {
  return Json{{"error", error.what()}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace facet::server
