// The server as an MCP server over HTTP: a POST on /mcp for each message, and its answer as the reply.
#include "server/dialects/dialects.h"
#include "server/dialects/mcp/answers.h"

namespace facet::server {
namespace {

class HttpPeer final : public McpPeer {
 public:
  HttpPeer(std::shared_ptr<http::Exchange> exchange, Service& service)
      : exchange_(std::move(exchange)), service_(&service) {}

  std::string client() const override { return exchange_->request().client; }
  bool is_gone() const override { return exchange_->is_closed(); }
  void reply(const Json& message) override { exchange_->reply(200, "application/json", to_json_text(message)); }
  void accept() override { exchange_->reply(202, "application/json", ""); }
  void ask(GenerationRequest request, const Json& id) override {
    answer(exchange_, *service_, std::move(request), mcp_writer(id));
  }

 private:
  std::shared_ptr<http::Exchange> exchange_;
  Service* service_;
};

}  // namespace

http::Routes mcp_routes(Service& service) {
  const auto post = [&service](const std::shared_ptr<http::Exchange>& exchange) {
    HttpPeer peer(exchange, service);
    mcp_answer(peer, service, exchange->request().body);
  };
  return {{"POST", "/mcp", post, http::Scope::Use}};
}

}  // namespace facet::server
