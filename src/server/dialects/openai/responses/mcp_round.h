// One answer of the model on the way to a response with tools of MCP servers: its events go on to the client, calls of
// such tools as items of their own, and what it said is kept for the next round.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/dialects/openai/responses/mcp_tools.h"
#include "server/event.h"

namespace facet::server {

// Items about calls, as event::HostedItem; numbered through a response.
class McpItems {
 public:
  explicit McpItems(EventSink sink) : sink_(std::move(sink)) {}

  int begin(const char* id_prefix, Json item);
  void progress(int item, const char* type, Json fields = Json::object());
  void end(int item, Json changes = Json::object());

  int begin_call(const McpTools::Tool& tool, Json approval_request_id);
  void say_arguments(int item, const std::string& text);  // whole
  // output: for the client; null where there is an error.
  void end_call(int item, const std::string& arguments, const Json& output, const Json& error);

 private:
  EventSink sink_;
  int n_items_ = 0;
};

class McpRound {
 public:
  struct Call {
    std::string id, name;
    const McpTools::Tool* tool;  // null: a function of the client
    int item;                    // -1: of another kind, or it waits for approval
    std::string arguments;       // as far as they came, as text
    std::optional<Json> whole;   // when they are complete
  };

  McpRound(const McpTools& tools, McpItems& items, EventSink sink)
      : tools_(&tools), items_(&items), sink_(std::move(sink)) {}

  void take(const Event& event);  // on the service's thread
  // Until the model has ended. Throws what it failed with.
  void wait();

  // After wait():
  const std::vector<Call>& calls() const { return calls_; }
  const event::Finished& finished() const { return finished_; }
  const Usage& usage() const { return usage_; }
  Json message() const;  // of the model, for the next round

 private:
  void on(const event::Started&) {}
  void on(const event::Text& text);
  void on(const event::Thought& thought);
  void on(const event::CallBegin& begin);
  void on(const event::CallArguments& piece);
  void on(const event::CallEnd& end);
  void on(const event::HostedItem&) {}
  void on(const event::Finished& finished) { finished_ = finished; }
  void on(const event::Done& done);
  void on(const event::Failed& failed);
  void finish();

  const McpTools* tools_;
  McpItems* items_;
  EventSink sink_;
  std::string text_, thought_;
  std::vector<Call> calls_;
  event::Finished finished_{0, Finish::Stop, {}, {}};
  Usage usage_;
  std::exception_ptr error_;
  std::mutex mutex_;  // of is_over_
  std::condition_variable over_;
  bool is_over_ = false;
};

}  // namespace facet::server
