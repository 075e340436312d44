// A server that is put to a set of skills, in the words of one of its protocols.
#pragma once

#include <atomic>

#include "apps/eval/dialects.h"
#include "apps/eval/subject.h"
#include "http/client.h"

namespace facet::apps::eval {

class ServedSubject : public Subject {
 public:
  // url: "http://HOST[:PORT]", or https. model: its name there. key: of the server, or "".
  ServedSubject(const std::string& url, Dialect dialect, std::string model, const std::string& key,
                const std::atomic<bool>* cancel);

  std::string name() const override { return model_ + " at " + url_; }
  std::optional<std::string> why_not(const evaluation::Item& item) const override { return why_unsaid(dialect_, item); }
  // Asks again, for a minute, where the server says that it is busy. FormatError for another reply than an answer,
  // ResourceError when there is no server.
  evaluation::Answer answer(const evaluation::Item& item) override;

 private:
  text::ChatJson ask(const DialectRequest& request);

  std::string url_;
  Dialect dialect_;
  std::string model_;
  http::Client::Headers headers_;
  http::Client client_;
};

}  // namespace facet::apps::eval
