// What `facet serve` says itself: errors in the words of each protocol, and the page at /status.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "http/exchange.h"

namespace facet::apps {

// ServerOptions::on_error
void reply_with_error(const std::shared_ptr<http::Exchange>& exchange, std::exception_ptr error);

// HTML without scripts, for those who open the address in a browser.
std::string status_page(const std::vector<std::string>& models);

}  // namespace facet::apps
