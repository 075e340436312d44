// The user's browser.
#pragma once

#include <string>

namespace facet::apps {

// Shows the address, and does not wait for the browser. False: there is none that can be asked, as on a machine without
// a screen.
bool open_in_browser(const std::string& url);

}  // namespace facet::apps
