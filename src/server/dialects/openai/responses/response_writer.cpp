#include "server/dialects/openai/responses/response_writer.h"

namespace facet::server {
namespace {

class ResponseWriter : public ReplyWriter {
 public:
  ResponseWriter(const ResponsesRequest& request, ReplyHead head, std::function<void(const Json&)> finish)
      : builder_(request, std::move(head)), is_stream_(request.is_stream), finish_(std::move(finish)) {}

  bool is_stream() const override { return is_stream_; }
  std::string_view content_type() const override { return is_stream_ ? "text/event-stream" : "application/json"; }
  std::string heartbeat() const override { return ": keep-alive\n\n"; }

  std::string write(const Event& event) override {
    const std::vector<Json> events = builder_.take(event);
    const bool ends = is_last(event);
    if (ends && finish_) finish_(builder_.response());
    if (!is_stream_) return ends ? to_json_text(builder_.response()) : std::string();
    std::string out;
    for (const Json& e : events) out += named(e);
    return out;
  }

 private:
  std::string named(Json event) {
    event["sequence_number"] = n_sent_++;
    return "event: " + event["type"].get_ref<const std::string&>() + "\ndata: " + to_json_text(event) + "\n\n";
  }

  ResponseBuilder builder_;
  bool is_stream_;
  std::function<void(const Json&)> finish_;
  int64_t n_sent_ = 0;
};

}  // namespace

std::unique_ptr<ReplyWriter> response_writer(const ResponsesRequest& request, ReplyHead head,
                                             std::function<void(const Json& response)> finish) {
  return std::make_unique<ResponseWriter>(request, std::move(head), std::move(finish));
}

}  // namespace facet::server
