// A ZIP archive in memory: some entries are read, and the archive written again with other contents for them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace facet::documents {

// The entries whose names `wanted` accepts: name -> content. Throws FormatError: no archive, damaged, encrypted,
// contents of more than max_bytes together.
std::map<std::string, std::string> read_zip(const std::string& bytes, const std::string& name,
                                            bool (*wanted)(const std::string& entry), size_t max_bytes);

// The archive with other contents for these entries; the compressed bytes of all others are copied. Throws FormatError,
// ResourceError.
std::string replace_in_zip(const std::string& bytes, const std::string& name,
                           const std::map<std::string, std::string>& contents);

}  // namespace facet::documents
