// A response with tools of MCP servers: lists them, lets the model answer, makes its calls and lets it go on with their
// results, until it makes none. On a thread of its own, as servers take their time.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/dialects/openai/responses/mcp_round.h"
#include "server/dialects/openai/responses/responses_request.h"
#include "server/mcp/client.h"
#include "server/service.h"

namespace facet::server {

class McpAnswer : public Job {
 public:
  // ApiError (Invalid) for a server that may not be asked. The service outlives it.
  McpAnswer(Service& service, const McpAccess& access, ResponsesRequest request, EventSink sink);

  void run();  // waits; the sink gets all, errors too
  void cancel() override;

 private:
  struct Result {
    std::string text;  // for the model
    Json error;        // null: none
  };

  void list_tools();
  Json listed_by(const McpServer& server);  // null: it could not be
  void make_approved_calls();
  bool take_round();               // false: the response ends with it
  void generate(McpRound& round);  // waits for its end
  void set_job(std::shared_ptr<Job> job);
  bool make_calls(const McpRound& round);  // false: what comes next is the client's
  Result make_call(const McpTools::Tool& tool, const Json& arguments);
  void end(const event::Finished& finished);
  bool is_cancelled() const { return is_cancelled_; }

  Service* service_;
  ResponsesRequest request_;
  EventSink sink_;
  McpItems items_;
  McpTools tools_;
  std::map<std::string, std::unique_ptr<McpClient>> clients_;  // by label
  int n_rounds_ = 0, n_calls_ = 0;
  Usage usage_;
  std::atomic<bool> is_cancelled_{false};
  std::mutex mutex_;  // of job_
  std::shared_ptr<Job> job_;
};

}  // namespace facet::server
