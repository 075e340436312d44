// The items that responses consist of, as the messages of a chat.
#pragma once

#include <map>
#include <string>

#include "server/dialects/openai/content.h"
#include "server/dialects/openai/responses/mcp_request.h"
#include "server/json_reading.h"
#include "server/request.h"

namespace facet::server {

// Functions that a client declares inside of namespaces: where a declared name comes from.
struct NamespacedName {
  std::string space, name;
};
using Namespaces = std::map<std::string, NamespacedName>;

// Turns items into messages, one after the other: what belongs to one turn of the model (thoughts, text, calls) becomes
// one message.
class ItemReader {
 public:
  // mcp: gets the lists of tools that are among the items, and the calls that were approved and not made yet.
  ItemReader(GenerationRequest& request, FindFile find_file, const Namespaces& namespaces, McpRequest& mcp)
      : request_(&request), content_(request.media, std::move(find_file)), namespaces_(&namespaces), mcp_(&mcp) {}

  // Items of hosted tools are skipped, as nothing here made them; ApiError for unknown types and what is malformed.
  void add(const Json& item, const std::string& place);

 private:
  void add_message(const Fields& item);
  void add_call(const Fields& item, const char* arguments_key);
  void add_result(const Fields& item);
  void add_thought(const Fields& item);
  bool add_of_mcp(const Fields& item, const std::string& type);  // false: it is of another type
  void add_mcp_call(const Fields& item);
  void add_mcp_approval(const Fields& item);
  void add_mcp_turn(const std::string& id, const McpToolName& tool, const std::string& arguments,
                    const std::string& output);
  Json& open_turn();  // the model's message under way
  std::string declared_name(const Fields& item) const;

  GenerationRequest* request_;
  ContentReader content_;
  const Namespaces* namespaces_;
  McpRequest* mcp_;
  std::map<std::string, ApprovedMcpCall> approval_requests_;  // by their ids, not answered yet
  bool is_turn_open_ = false;
};

// What a client sends back for a thought that it did not read: opaque to it, ours by its beginning.
std::string sealed_thought(const std::string& thought);
std::string unsealed_thought(const std::string& sealed);  // empty: not ours

}  // namespace facet::server
