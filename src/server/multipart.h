// Bodies of multipart/form-data, as files are uploaded. A pure function with limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::server {

// One field; what it shows lives in the body.
struct FormPart {
  std::string name;
  std::string filename;  // empty: not a file
  std::string type;      // as said; empty: not said
  std::string_view content;
};

// content_type: the request's header, which has the boundary. ApiError (Invalid) saying what is wrong.
std::vector<FormPart> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace facet::server
