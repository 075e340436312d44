// Replies to responses requests: the object, or a stream of named and numbered events.
#pragma once

#include <functional>
#include <memory>

#include "server/dialects/openai/responses/response_builder.h"

namespace facet::server {

// finish: is given the whole object before its last bytes go out, to keep it.
std::unique_ptr<ReplyWriter> response_writer(const ResponsesRequest& request, ReplyHead head,
                                             std::function<void(const Json& response)> finish);

}  // namespace facet::server
