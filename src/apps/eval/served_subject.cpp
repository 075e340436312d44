#include "apps/eval/served_subject.h"

#include <chrono>
#include <thread>

#include "base/error.h"

namespace facet::apps::eval {
namespace {

constexpr int kBusyTries = 60;  // one a second
constexpr size_t kMostErrorBytes = 300, kMostReplyBytes = 64 << 20;

}  // namespace

ServedSubject::ServedSubject(const std::string& url, Dialect dialect, std::string model, const std::string& key,
                             const std::atomic<bool>* cancel)
    : url_(url.substr(0, url.find_last_not_of('/') + 1)),
      dialect_(dialect),
      model_(std::move(model)),
      client_({.may_connect = {}, .is_cancelled = [cancel] { return cancel->load(); }}) {
  http::place_of_url(url_);
  headers_ = {{"Content-Type", "application/json"}, {"anthropic-version", "2023-06-01"}};
  if (!key.empty()) headers_.emplace_back("Authorization", "Bearer " + key);
}

evaluation::Answer ServedSubject::answer(const evaluation::Item& item) {
  try {
    return answer_of(dialect_, ask(request_of(dialect_, item, model_)));
  } catch (const FormatError& e) {
    throw_error<FormatError>("{}: {}", item.where, e.what());
  }
}

text::ChatJson ServedSubject::ask(const DialectRequest& request) {
  http::ClientReply reply;
  std::string text;
  const auto take = [&](const http::ClientReply&, std::string_view bytes) {
    text += bytes;
    return text.size() <= kMostReplyBytes;
  };
  for (int n_tries = 1; n_tries <= kBusyTries; ++n_tries) {
    text.clear();
    try {
      reply = client_.ask("POST", url_ + request.path, headers_, request.body.dump(), take);
    } catch (const ResourceError& e) {
      throw_error<ResourceError>("{}: {}", url_, e.what());
    }
    if (reply.status != 503 && reply.status != 429) break;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (reply.status != 200)
    throw_error<FormatError>("{}{} answered {}: {}", url_, request.path, reply.status, text.substr(0, kMostErrorBytes));
  return text::parse_chat_json(text);
}

}  // namespace facet::apps::eval
