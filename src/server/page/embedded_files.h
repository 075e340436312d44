// The files of web/ as parts of the program, put there by the linker (CMakeLists.txt of this folder's parent).
#pragma once

#include <span>
#include <string_view>

namespace facet::server {

struct EmbeddedFile {
  std::string_view name;  // below web/: "index.html", "vendor/x.js"
  std::string_view bytes;
};

std::span<const EmbeddedFile> embedded_page_files() noexcept;

}  // namespace facet::server
