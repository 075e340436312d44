#include "server/dialects/openai/responses/mcp_answer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "server/mcp/revisions.h"

namespace facet::server {
namespace {

constexpr int kMaxRounds = 16;

Json protocol_error(const std::string& message) {
  return McpError(McpError::Kind::Protocol, kMcpInvalidParams, message).json();
}

void add_round(Usage& sum, const Usage& usage) {
  for (int Usage::*count : {&Usage::n_prompt, &Usage::n_cached, &Usage::n_generated, &Usage::n_thought})
    sum.*count += usage.*count;
  for (double Usage::*seconds : {&Usage::queue_seconds, &Usage::load_seconds, &Usage::prompt_seconds,
                                 &Usage::decode_seconds, &Usage::total_seconds})
    sum.*seconds += usage.*seconds;
}

Json parsed_arguments(const std::string& text) {
  try {
    return text.empty() ? Json::object() : text::parse_chat_json(text);
  } catch (const Error&) {
    return {};
  }
}

McpReach reach_of(const McpServer& server, const McpAccess& access) {
  const std::string place = server.place + ".server_url";
  http::UrlPlace at;
  try {
    at = http::place_of_url(server.url);
  } catch (const RequestError& e) {
    throw_invalid(place, e.what());
  } catch (const ResourceError& e) {
    throw ApiError(ApiError::Kind::Unsupported, fmt::format("{}: {}", place, e.what()), place);
  }
  const McpReach reach = access.reach(at.host, at.port);
  if (reach == McpReach::None)
    throw_invalid(place, fmt::format("this server may not ask {}:{}; whoever runs it can allow that with --allow-mcp",
                                     at.host, at.port));
  return reach;
}

}  // namespace

McpAnswer::McpAnswer(Service& service, const McpAccess& access, ResponsesRequest request, EventSink sink)
    : service_(&service), request_(std::move(request)), sink_(std::move(sink)), items_(sink_) {
  for (const McpServer& server : request_.mcp.servers)
    clients_[server.label] = std::make_unique<McpClient>(server.url, reach_of(server, access), server.headers,
                                                         [this] { return is_cancelled(); });
}

void McpAnswer::run() {
  try {
    sink_(event::Started{service_->model(request_.generation.model).name, 0, 0});
    list_tools();
    make_approved_calls();
    while (take_round()) {
    }
  } catch (const CancelledError&) {
    end({0, Finish::Cancelled, {}, {}});
  } catch (...) {
    sink_(event::Failed{std::current_exception()});
  }
  for (const auto& [label, client] : clients_)
    if (!is_cancelled()) client->end();
}

void McpAnswer::cancel() {
  is_cancelled_ = true;
  std::shared_ptr<Job> job;
  {
    const std::lock_guard lock(mutex_);
    job = job_;
  }
  if (job) job->cancel();
}

void McpAnswer::end(const event::Finished& finished) {
  sink_(finished);
  sink_(event::Done{usage_});
}

void McpAnswer::list_tools() {
  for (const McpServer& server : request_.mcp.servers) {
    const auto known = request_.mcp.known.find(server.label);
    tools_.add(server, known != request_.mcp.known.end() ? known->second : listed_by(server));
  }
  tools_.declare(request_.mcp, request_.generation);
}

Json McpAnswer::listed_by(const McpServer& server) {
  const int item = items_.begin("mcpl", {{"id", ""},
                                         {"type", "mcp_list_tools"},
                                         {"server_label", server.label},
                                         {"tools", Json::array()},
                                         {"error", Json()}});
  items_.progress(item, "response.mcp_list_tools.in_progress");
  const auto fail = [&](const char* why) {
    items_.progress(item, "response.mcp_list_tools.failed");
    items_.end(item, {{"error", why}});
    return Json();
  };
  try {
    Json tools = clients_[server.label]->list_tools();
    items_.progress(item, "response.mcp_list_tools.completed");
    items_.end(item, {{"tools", tools}});
    return tools;
  } catch (const McpError& e) {
    return fail(e.what());
  } catch (const FormatError& e) {
    return fail(e.what());
  }
}

void McpAnswer::make_approved_calls() {
  for (const ApprovedMcpCall& call : request_.mcp.approved) {
    const McpTools::Tool* tool = tools_.find(call.label, call.name);
    const McpTools::Tool unknown{request_.mcp.find(call.label), {{"name", call.name}}, false};
    const int item = items_.begin_call(tool != nullptr ? *tool : unknown, call.request_id);
    items_.say_arguments(item, call.arguments);
    Result result{{}, protocol_error(fmt::format("there is no tool '{}' that may be called", call.name))};
    if (tool != nullptr) {
      const Json arguments = parsed_arguments(call.arguments);
      result = arguments.is_object() ? make_call(*tool, arguments)
                                     : Result{{}, protocol_error("the arguments are no JSON object")};
    }
    items_.end_call(item, call.arguments, result.error.is_null() ? Json(result.text) : Json(), result.error);
    request_.generation.messages[call.message]["content"] = result.text;
  }
}

McpAnswer::Result McpAnswer::make_call(const McpTools::Tool& tool, const Json& arguments) {
  const int max_calls = request_.mcp.max_calls;
  if (max_calls >= 0 && n_calls_ >= max_calls) {
    const std::string why = fmt::format("not made: max_tool_calls is {}", max_calls);
    return {why, protocol_error(why)};
  }
  ++n_calls_;
  try {
    McpOutput output = clients_[tool.server->label]->call(tool.name(), arguments);
    return {std::move(output.text), std::move(output.error)};
  } catch (const McpError& e) {
    return {e.what(), e.json()};
  } catch (const FormatError& e) {
    return {e.what(), protocol_error(e.what())};
  }
}

bool McpAnswer::take_round() {
  ++n_rounds_;
  const int max_calls = request_.mcp.max_calls;
  GenerationRequest& generation = request_.generation;
  if (n_rounds_ == kMaxRounds || (max_calls >= 0 && n_calls_ >= max_calls))
    generation.tool_choice = {ToolChoice::Kind::None, {}, {}};  // it has to answer now
  McpRound round(tools_, items_, sink_);
  generate(round);
  add_round(usage_, round.usage());
  const Finish reason = round.finished().reason;
  const bool is_cut = reason == Finish::Length || reason == Finish::Cancelled;
  if (is_cut || !make_calls(round) || n_rounds_ == kMaxRounds) {
    end(round.finished());
    return false;
  }
  if (generation.max_tokens >= 0) {
    generation.max_tokens -= round.usage().n_generated;
    if (generation.max_tokens <= 0) {
      end({0, Finish::Length, {}, {}});
      return false;
    }
  }
  return true;
}

void McpAnswer::generate(McpRound& round) {
  if (is_cancelled()) throw CancelledError();
  set_job(service_->generate(request_.generation, [&round](const Event& event) { round.take(event); }));
  if (is_cancelled()) cancel();  // which may have come before there was a job
  try {
    round.wait();
  } catch (...) {
    set_job(nullptr);
    throw;
  }
  set_job(nullptr);
}

void McpAnswer::set_job(std::shared_ptr<Job> job) {
  const std::lock_guard lock(mutex_);
  job_.swap(job);
}

bool McpAnswer::make_calls(const McpRound& round) {
  Json& messages = request_.generation.messages;
  bool goes_on = false, is_clients = false;
  messages.push_back(round.message());
  for (const McpRound::Call& call : round.calls()) {
    if (!call.whole) continue;
    if (call.item < 0) {  // a function, or it needs approval
      is_clients = true;
      continue;
    }
    const Result result = make_call(*call.tool, *call.whole);
    items_.end_call(call.item, call.arguments, result.error.is_null() ? Json(result.text) : Json(), result.error);
    messages.push_back({{"role", "tool"}, {"tool_call_id", call.id}, {"content", result.text}});
    goes_on = true;
  }
  ToolChoice& choice = request_.generation.tool_choice;  // what had to be called has been
  if (choice.kind == ToolChoice::Kind::Named || choice.kind == ToolChoice::Kind::Required) {
    choice.kind = ToolChoice::Kind::Auto;
    if (request_.mcp.is_only_first) choice.allowed.clear();
  }
  return goes_on && !is_clients;
}

}  // namespace facet::server
