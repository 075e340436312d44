// /v1/files: uploads that batches and messages refer to.
#include <fmt/format.h>

#include "server/dialects/openai/handlers.h"
#include "server/dialects/openai/pages.h"
#include "server/dialects/stamps.h"
#include "server/ids.h"
#include "server/multipart.h"

namespace facet::server {
namespace {

using ExchangePtr = std::shared_ptr<http::Exchange>;
constexpr std::string_view kFilesPath = "/v1/files/";
constexpr int kMaxListed = 10'000;

[[noreturn]] void throw_no_file(const std::string& id) {
  throw ApiError(ApiError::Kind::NotFound, fmt::format("no file '{}'", id), "file_id");
}

void upload_file(http::Exchange& exchange, Store& store) {
  const http::Request& request = exchange.request();
  std::string purpose;
  const FormPart* file = nullptr;
  const std::vector<FormPart> parts = parse_multipart(request.header("content-type"), request.body);
  for (const FormPart& part : parts) {
    if (part.name == "purpose") purpose = part.content;
    if (part.name == "file") file = &part;
  }
  if (!file) throw_invalid("file", "is missing");
  if (purpose.empty()) throw_invalid("purpose", "is missing");
  reply_json(exchange, put_file(store, request.client, file->filename, purpose, file->content));
}

void list_files(http::Exchange& exchange, Store& store) {
  const http::Request& request = exchange.request();
  const int limit = page_limit(request, kMaxListed, kMaxListed);
  const auto items = store.list("file", request.client, limit + 1, std::string(request.parameter("after")));
  const std::string_view purpose = request.parameter("purpose");
  Json data = Json::array();
  for (const StoredItem& item : items) {
    Json file = Json::parse(item.json);
    if (static_cast<int>(data.size()) < limit && (purpose.empty() || file["purpose"] == purpose))
      data.push_back(std::move(file));
  }
  reply_json(exchange, page_json(std::move(data), static_cast<int>(items.size()) > limit));
}

void get_file(http::Exchange& exchange, Store& store) {
  const http::Request& request = exchange.request();
  const bool wants_content = request.path.ends_with("/content");
  const std::string id = path_id(request, kFilesPath, "/content");
  auto item = store.get("file", id, request.client, wants_content);
  if (!item) throw_no_file(id);
  if (wants_content) return exchange.reply(200, "application/octet-stream", std::move(item->bytes));
  reply_json(exchange, Json::parse(item->json));
}

void delete_file(http::Exchange& exchange, Store& store) {
  const std::string id = path_id(exchange.request(), kFilesPath);
  if (!store.remove("file", id, exchange.request().client)) throw_no_file(id);
  reply_json(exchange, {{"id", id}, {"object", "file"}, {"deleted", true}});
}

}  // namespace

Json put_file(Store& store, const std::string& owner, const std::string& name, const std::string& purpose,
              std::string_view content) {
  const std::string id = new_id("file-");
  const int64_t now = unix_time();
  Json file = {{"id", id},         {"object", "file"},   {"bytes", content.size()}, {"created_at", now},
               {"filename", name}, {"purpose", purpose}, {"status", "processed"}};
  store.put({"file", id, owner, now, to_json_text(file), std::string(content)});
  return file;
}

http::Routes file_routes(Store& store) {
  const std::string one = std::string(kFilesPath) + "*";
  return {{"POST", "/v1/files", [&store](const ExchangePtr& exchange) { upload_file(*exchange, store); }},
          {"GET", "/v1/files", [&store](const ExchangePtr& exchange) { list_files(*exchange, store); }},
          {"GET", one, [&store](const ExchangePtr& exchange) { get_file(*exchange, store); }},
          {"DELETE", one, [&store](const ExchangePtr& exchange) { delete_file(*exchange, store); }}};
}

}  // namespace facet::server
