// Responses that are kept: each with its own input and the name of the one before it, so that a conversation is the
// chain of them.
#pragma once

#include <optional>
#include <string>

#include "server/json_reading.h"
#include "server/store.h"

namespace facet::server {

struct StoredResponse {
  Json response;  // the object
  Json input;     // items, each with an id
};

class StoredResponses {
 public:
  explicit StoredResponses(Store& store) : store_(&store) {}

  void save(const std::string& owner, const StoredResponse& stored);
  StoredResponse load(const std::string& owner, const std::string& id) const;  // ApiError (NotFound)
  void remove(const std::string& owner, const std::string& id);                // ApiError (NotFound)

  // All items up to the end of this response's output, oldest first. ApiError (NotFound, Invalid when it is too long).
  Json history(const std::string& owner, const std::string& id) const;
  // The output item with this id, whose name tells its response; null: not there.
  Json item(const std::string& owner, const std::string& id) const;

 private:
  std::optional<StoredResponse> find(const std::string& owner, const std::string& id) const;

  Store* store_;
};

// Input items as they are stored: each gets an id, short forms of messages get their type.
Json items_with_ids(Json items);

}  // namespace facet::server
