#include "apps/eval/served_subject.h"

#include <chrono>
#include <thread>

#include "base/error.h"

namespace facet::apps::eval {
namespace {

constexpr int kBusyTries = 60;  // one a second
constexpr size_t kMostErrorBytes = 300;

}  // namespace

ServedSubject::ServedSubject(const std::string& url, Dialect dialect, std::string model, const std::string& key,
                             const std::atomic<bool>* cancel)
    : url_(url), dialect_(dialect), model_(std::move(model)), cancel_(cancel), client_(url) {
  headers_ = {{"Content-Type", "application/json"}, {"anthropic-version", "2023-06-01"}};
  if (!key.empty()) headers_["Authorization"] = "Bearer " + key;
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
  for (int n_tries = 1; n_tries <= kBusyTries; ++n_tries) {
    reply = client_.post(request.path, headers_, request.body.dump(), cancel_);
    if (reply.status != 503 && reply.status != 429) break;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  if (reply.status != 200)
    throw_error<FormatError>("{}{} answered {}: {}", url_, request.path, reply.status,
                             reply.body.substr(0, kMostErrorBytes));
  return text::parse_chat_json(reply.body);
}

}  // namespace facet::apps::eval
