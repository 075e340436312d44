#include "server/dialects/openai/responses/stored_responses.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/ids.h"

namespace facet::server {
namespace {

constexpr size_t kMaxChain = 1000;  // responses in one conversation
constexpr size_t kMaxHistoryBytes = size_t{256} << 20;

[[noreturn]] void throw_no_response(const std::string& id, const char* parameter) {
  throw ApiError(ApiError::Kind::NotFound, fmt::format("no response '{}' is stored", id), parameter);
}

}  // namespace

std::optional<StoredResponse> StoredResponses::find(const std::string& owner, const std::string& id) const {
  const auto item = store_->get("response", id, owner);
  if (!item) return {};
  Json json = Json::parse(item->json);
  return StoredResponse{std::move(json["response"]), std::move(json["input"])};
}

void StoredResponses::save(const std::string& owner, const StoredResponse& stored) {
  const Json& response = stored.response;
  store_->put({"response",
               response["id"],
               owner,
               response["created_at"],
               to_json_text({{"response", response}, {"input", stored.input}}),
               {}});
}

StoredResponse StoredResponses::load(const std::string& owner, const std::string& id) const {
  auto stored = find(owner, id);
  if (!stored) throw_no_response(id, "response_id");
  return std::move(*stored);
}

void StoredResponses::remove(const std::string& owner, const std::string& id) {
  if (!store_->remove("response", id, owner)) throw_no_response(id, "response_id");
}

Json StoredResponses::history(const std::string& owner, const std::string& id) const {
  std::vector<StoredResponse> chain;
  size_t n_bytes = 0;
  for (std::string next = id; !next.empty();) {
    auto stored = find(owner, next);
    if (!stored) throw_no_response(next, "previous_response_id");
    if (chain.size() == kMaxChain)
      throw_invalid("previous_response_id", fmt::format("more than {} responses in one conversation", kMaxChain));
    const Json& previous = stored->response["previous_response_id"];
    next = previous.is_string() ? previous.get<std::string>() : "";
    n_bytes += to_json_text(stored->input).size() + to_json_text(stored->response["output"]).size();
    if (n_bytes > kMaxHistoryBytes)
      throw_invalid("previous_response_id",
                    fmt::format("the conversation has more than {} MiB", kMaxHistoryBytes >> 20));
    chain.push_back(std::move(*stored));
  }
  Json items = Json::array();
  for (auto stored = chain.rbegin(); stored != chain.rend(); ++stored)
    for (const Json* part : {&stored->input, &stored->response["output"]})
      items.insert(items.end(), part->begin(), part->end());
  return items;
}

Json StoredResponses::item(const std::string& owner, const std::string& id) const {
  const size_t begin = id.find('_'), end = id.rfind('_');
  if (begin == std::string::npos || begin == end) return {};
  const auto stored = find(owner, "resp" + id.substr(begin, end - begin));
  if (!stored) return {};
  for (const Json& item : stored->response["output"])
    if (item["id"] == id) return item;
  return {};
}

Json items_with_ids(Json items) {
  for (Json& item : items) {
    if (!item.contains("type")) item["type"] = "message";
    if (!item.contains("id") || !item["id"].is_string()) item["id"] = new_id("item_");
    if (item["type"] == "message" && item["content"].is_string())
      item["content"] = Json::array(
          {{{"type", item["role"] == "assistant" ? "output_text" : "input_text"}, {"text", item["content"]}}});
  }
  return items;
}

}  // namespace facet::server
