// What both sides of the Model Context Protocol agree on here: the server's (dialects/mcp) and the client's.
#pragma once

#include <array>
#include <string_view>

namespace facet::server {

// Revisions of the protocol that have what is used here, the newest first: it is what is offered.
inline constexpr std::array<std::string_view, 3> kMcpRevisions = {"2025-06-18", "2025-03-26", "2024-11-05"};

// Codes of JSON-RPC.
inline constexpr int kMcpParseError = -32700, kMcpInvalidRequest = -32600, kMcpUnknownMethod = -32601,
                     kMcpInvalidParams = -32602;

}  // namespace facet::server
