// /page/conversations: what the page keeps of what was said.
#include <fmt/format.h>

#include "server/dialects/openai/pages.h"
#include "server/json_reading.h"
#include "server/page/clock.h"
#include "server/page/conversation_store.h"
#include "server/page/handlers.h"
#include "server/page/transfer.h"

namespace facet::server {
namespace {

constexpr std::string_view kConversations = "/page/conversations/";

Json head_of(const Conversation& c) {
  return {{"id", c.id},
          {"title", c.title},
          {"pinned", c.is_pinned},
          {"leaf", c.leaf.empty() ? Json() : Json(c.leaf)},
          {"version", c.version},
          {"created_at", seconds_of(c.created)},
          {"updated_at", seconds_of(c.updated)}};
}

// The messages are JSON already: of thousands, none is read again.
std::string whole_of(const Conversation& c, const std::vector<std::string>& messages) {
  std::string json = to_json_text(head_of(c));
  json.pop_back();
  json += ",\"settings\":" + c.settings + ",\"messages\":[";
  for (const std::string& message : messages) json += message + (&message == &messages.back() ? "" : ",");
  return json + "]}";
}

class ConversationEndpoint {
 public:
  ConversationEndpoint(Database& database, std::shared_ptr<PageMediaStore> media, std::shared_ptr<PageEvents> events)
      : store_(database), media_(std::move(media)), events_(std::move(events)) {}

  void list(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    media_->forget_unused_now_and_then(now_milliseconds());
    const ConversationList found = store_.list(page_owner(request), std::string(request.parameter("query")),
                                               page_limit(request, 50, 200), std::string(request.parameter("before")));
    Json conversations = Json::array();
    for (const Conversation& c : found.conversations) {
      Json entry = head_of(c);
      entry["messages"] = c.n_messages;
      conversations.push_back(std::move(entry));
    }
    const Json next = found.next.empty() ? Json() : Json(found.next);
    reply_page_json(exchange, to_json_text({{"conversations", std::move(conversations)}, {"next", next}}));
  }

  void create(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const Json body = request.body.empty() ? Json::object() : parse_body(request.body);
    const Conversation created = store_.create(page_owner(request), page_title(Fields(body).string_or("title", "")),
                                               object_text(body, "settings", kMaxSettingsBytes));
    tell(request, created);
    reply_page_json(exchange, whole_of(created, {}));
  }

  void get(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto path = path_segments(request, kConversations);
    if (path.size() > 2 || (path.size() == 2 && path[1] != "export")) throw_no_path(request);
    const Conversation conversation = store_.get(page_owner(request), path[0]);
    if (path.size() == 2) return send_file(exchange, conversation);
    reply_whole(exchange, conversation);
  }

  void import(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const ConversationFile file = read_conversation_file(request.body);
    const Conversation imported = store_.import(page_owner(request), file.conversation, file.messages, file.media);
    tell(request, imported);
    reply_whole(exchange, imported);
  }

  void change(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto path = path_segments(request, kConversations);
    if (path.size() != 1) throw_no_path(request);
    const Json body = parse_body(request.body);
    const Fields fields(body);
    ConversationChanges changes;
    if (const auto title = fields.string("title")) changes.title = page_title(*title);
    if (fields.has("settings")) changes.settings = object_text(body, "settings", kMaxSettingsBytes);
    changes.is_pinned = fields.boolean("pinned");
    changes.leaf = fields.string("leaf");
    const Conversation changed = store_.change(page_owner(request), path[0], changes);
    tell(request, changed);
    Json head = head_of(changed);
    head["settings"] = Json::parse(changed.settings);
    reply_page_json(exchange, to_json_text(head));
  }

  void remove(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto path = path_segments(request, kConversations);
    if (path.size() != 1) throw_no_path(request);
    store_.remove(page_owner(request), path[0]);
    media_->forget_unused(now_milliseconds());
    tell_deleted(request, path[0]);
    reply_page_json(exchange, to_json_text({{"id", path[0]}, {"deleted", true}}));
  }

  void remove_all(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto ids = store_.remove_all(page_owner(request));
    media_->forget_unused(now_milliseconds());
    for (const std::string& id : ids) tell_deleted(request, id);
    reply_page_json(exchange, to_json_text({{"deleted", ids.size()}}));
  }

  void add_message(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto path = path_segments(request, kConversations);
    if (path.size() != 2 || path[1] != "messages") throw_no_path(request);
    const PageMessage message = read_page_message(parse_body(request.body), {});
    tell(request, store_.add(page_owner(request), path[0], message));
    reply_page_json(exchange, message.json);
  }

  void put_message(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const auto path = path_segments(request, kConversations);
    if (path.size() != 3 || path[1] != "messages") throw_no_path(request);
    if (!is_page_id(path[2])) throw_invalid("id", "expected at most 64 letters, digits, '-' and '_'");
    const PageMessage message = read_page_message(parse_body(request.body), path[2]);
    tell(request, store_.put(page_owner(request), path[0], message));
    reply_page_json(exchange, message.json);
  }

 private:
  void send_file(http::Exchange& exchange, const Conversation& c) {
    const http::Request& request = exchange.request();
    const std::string_view format = request.parameter("format");
    const auto messages = store_.messages(page_owner(request), c.id);
    if (format == "markdown") {
      return exchange.reply(200, "text/markdown; charset=utf-8", conversation_markdown(c, messages),
                            {{"Content-Disposition", "attachment; filename=\"conversation.md\""}});
    }
    if (!format.empty() && format != "json") throw_invalid("format", "expected json or markdown");
    exchange.reply(200, "application/json", conversation_json(c, messages, media_shown(request, messages)),
                   {{"Content-Disposition", "attachment; filename=\"conversation.json\""}});
  }

  std::vector<PageMedium> media_shown(const http::Request& request, const std::vector<std::string>& messages) {
    constexpr size_t kMostBytes = size_t{512} << 20;
    std::vector<PageMedium> media;
    if (request.parameter("media") == "0") return media;
    size_t n_bytes = 0;
    for (const std::string& id : media_of(messages)) {
      media.push_back(media_->get(page_owner(request), id));
      n_bytes += media.back().bytes.size();
      if (n_bytes > kMostBytes)
        throw ApiError(ApiError::Kind::TooLarge,
                       fmt::format("the media have more than {} bytes: export without them, media=0", kMostBytes));
    }
    return media;
  }

  void reply_whole(http::Exchange& exchange, const Conversation& c) {
    reply_page_json(exchange, whole_of(c, store_.messages(page_owner(exchange.request()), c.id)));
  }
  void tell(const http::Request& request, const Conversation& c) {
    events_->tell(page_owner(request), {{"type", "conversation"}, {"id", c.id}, {"version", c.version}});
  }
  void tell_deleted(const http::Request& request, const std::string& id) {
    events_->tell(page_owner(request), {{"type", "deleted"}, {"id", id}});
  }

  ConversationStore store_;
  const std::shared_ptr<PageMediaStore> media_;
  const std::shared_ptr<PageEvents> events_;
};

}  // namespace

http::Routes conversation_routes(Database& database, std::shared_ptr<PageMediaStore> media,
                                 std::shared_ptr<PageEvents> events) {
  const auto endpoint = std::make_shared<ConversationEndpoint>(database, std::move(media), std::move(events));
  const auto by = [endpoint](void (ConversationEndpoint::*handle)(http::Exchange&)) {
    return [endpoint, handle](const ExchangePtr& exchange) { (endpoint.get()->*handle)(*exchange); };
  };
  using E = ConversationEndpoint;
  const std::string all = "/page/conversations", one = all + "/*";
  return {{"GET", all, by(&E::list)},
          {"POST", all, by(&E::create)},
          {"DELETE", all, by(&E::remove_all)},
          {"GET", one, by(&E::get)},
          {"PATCH", one, by(&E::change)},
          {"DELETE", one, by(&E::remove)},
          {"POST", all + "/import", by(&E::import)},
          {"POST", one, by(&E::add_message)},
          {"PUT", one, by(&E::put_message)}};
}

}  // namespace facet::server
