// Calls of functions in messages, and the results that answer them. Internal to text/.
#pragma once

#include <string>

#include "text/chat_value.h"

namespace facet::text {

// {name, arguments} of one of a message's tool_calls; the arguments are an object, or null. where: for messages.
const ChatJson& called_function(const ChatJson& call, const std::string& where);

std::string name_or_unknown(const ChatJson& response);

// The function that a tool message answers: that of the caller's last call with the same id, where two missing ids are
// the same; else the name that the message gives.
std::string answered_function(const ChatJson& caller, const ChatJson& tool);

}  // namespace facet::text
