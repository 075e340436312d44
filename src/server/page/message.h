// A message of the page's conversations: one JSON object, of which the server knows what it needs to find and to show
// it. Reading is a pure function of what a client sends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/request.h"

namespace facet::server {

struct PageMessage {
  std::string id;                  // letters, digits, "-" and "_": at most 64
  std::string parent;              // the message it answers; empty: none, it begins the conversation
  std::string json;                // all of it, id and parent among it
  std::string words;               // what is read in it, in the form in which it is searched
  std::vector<std::string> media;  // ids of what it shows
};

// The object of a client, of which fields that nobody knows are left out. id: in place of its own where it is not
// empty; where there is none at all, a new one. place: in messages. ApiError (Invalid, TooLarge).
PageMessage read_page_message(const Json& body, const std::string& id, const std::string& place = {});

// Letters without their case and their marks, on one line: so that "uber" finds "Über".
std::string folded(std::string_view text);

// A title on one line, at most 300 bytes long; longer ones end in "...".
std::string page_title(std::string_view text);

bool is_page_id(std::string_view id);

constexpr size_t kMaxSettingsBytes = size_t{1} << 20;  // of one conversation

// Of a field that is an object of the page's own, of at most max_bytes as text; {} where there is none.
std::string object_text(const Json& body, const char* key, size_t max_bytes);

}  // namespace facet::server
