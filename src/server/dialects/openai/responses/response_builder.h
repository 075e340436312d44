// A response as it comes to be: events of the service in, events of the stream out, and the whole object at the end.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/dialects/openai/reply_head.h"
#include "server/dialects/openai/responses/responses_request.h"
#include "server/event.h"

namespace facet::server {

class ResponseBuilder {
 public:
  ResponseBuilder(const ResponsesRequest& request, ReplyHead head);

  // The events that this one becomes, without their sequence numbers.
  std::vector<Json> take(const Event& event);

  // The object; its status is "in_progress" until all has come.
  Json response() const;
  const std::string& status() const { return status_; }

 private:
  enum class Open : uint8_t { Nothing, Thought, Message, Call };

  void on(const event::Started& started);
  void on(const event::Text& text);
  void on(const event::Thought& thought);
  void on(const event::CallBegin& call);
  void on(const event::CallArguments& piece);
  void on(const event::CallEnd& call);
  void on(const event::HostedItem& hosted);
  void on(const event::Finished& finished);
  void on(const event::Done& done);
  void on(const event::Failed& failed);

  void open(Open kind, const char* id_prefix, Json item);
  void close(const char* status);
  void close_thought();
  void close_message();
  void close_call();
  void add_item(const char* id_prefix, Json item);
  void end_hosted(size_t index);
  void end_all_hosted();
  void send(const char* type, Json fields);  // with the last item's id and index
  void send_about(size_t index, const std::string& type, const Json& fields);
  void send_response(const char* type);
  Json& item() { return output_.back(); }

  ReplyHead head_;
  Json echo_;
  Namespaces namespaces_;
  bool has_summary_, has_sealed_;
  std::string model_, status_ = "in_progress";
  Json error_, incomplete_, usage_;
  std::vector<Json> output_;
  std::map<int, size_t> hosted_;  // those that have not ended: their places in output_
  Open open_ = Open::Nothing;
  std::string text_;  // of the open item so far
  Json logprobs_ = Json::array();
  std::vector<Json> events_;
};

}  // namespace facet::server
