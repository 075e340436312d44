// Several prompts of one request as one answer: their choices are numbered one prompt after the other.
#pragma once

#include <memory>
#include <vector>

#include "server/service.h"

namespace facet::server {

// Asks for all of them at once. The sink sees one Started, the events of all, and one Done with their usage together;
// if one fails, Failed, and the others are cancelled. Throws what Service::generate throws.
std::shared_ptr<Job> generate_all(Service& service, std::vector<GenerationRequest> requests, EventSink sink);

}  // namespace facet::server
