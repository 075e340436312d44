#include "server/dialects/mcp/lines.h"

#include <condition_variable>
#include <map>
#include <mutex>

#include "server/dialects/mcp/answers.h"

namespace facet::server {
namespace {

constexpr size_t kMaxLineBytes = size_t{128} << 20;  // a file as base64

// False: the input has ended. What is too long is cut, and then no JSON.
bool read_line(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf& bytes = *in.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = bytes.sbumpc();
  if (c == kEnd) return false;
  for (; c != kEnd && c != '\n'; c = bytes.sbumpc())
    if (line.size() < kMaxLineBytes) line += static_cast<char>(c);
  return true;
}

class LinePeer final : public McpPeer {
 public:
  LinePeer(Service& service, const std::function<void(std::string_view)>& write) : service_(&service), write_(write) {}
  ~LinePeer() override { wait(); }  // answers under way write to it
  LinePeer(const LinePeer&) = delete;
  LinePeer& operator=(const LinePeer&) = delete;

  std::string client() const override { return "local"; }
  bool is_gone() const override { return false; }
  void reply(const Json& message) override { say(to_json_text(message)); }
  void accept() override {}

  void ask(GenerationRequest request, const Json& id) override {
    const std::string key = to_json_text(id);
    {
      const std::lock_guard lock(mutex_);
      if (!running_.try_emplace(key).second)
        throw ApiError(ApiError::Kind::Invalid, "a call with this id is under way", "id");
    }
    std::shared_ptr<ReplyWriter> writer = mcp_writer(id);
    std::shared_ptr<Job> job;
    try {
      job = service_->generate(std::move(request),
                               [this, id, key, writer](const Event& event) { take(event, id, key, *writer); });
    } catch (...) {
      forget(key);
      throw;
    }
    const std::lock_guard lock(mutex_);
    if (const auto found = running_.find(key); found != running_.end()) found->second.job = std::move(job);
  }

  void cancel(const Json& id) override {
    std::shared_ptr<Job> job;
    {
      const std::lock_guard lock(mutex_);
      const auto found = running_.find(to_json_text(id));
      if (found == running_.end()) return;
      found->second.is_cancelled = true;
      job = found->second.job;
    }
    if (job) job->cancel();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_.empty(); });
  }

 private:
  struct Running {
    std::shared_ptr<Job> job;
    bool is_cancelled = false;  // no answer is wanted
  };

  void say(std::string line) {
    const std::lock_guard lock(writing_);
    write_(line += '\n');
  }

  void take(const Event& event, const Json& id, const std::string& key, ReplyWriter& writer) {
    std::string text;
    if (const auto* failed = std::get_if<event::Failed>(&event))
      text = to_json_text(mcp_failure(id, to_api_error(failed->error).what()));
    else
      text = writer.write(event);
    if (text.empty()) return;
    if (!was_cancelled(key)) say(std::move(text));
    forget(key);
  }

  bool was_cancelled(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(key);
    return found != running_.end() && found->second.is_cancelled;
  }

  void forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    running_.erase(key);
    done_.notify_all();
  }

  Service* service_;
  const std::function<void(std::string_view)>& write_;
  std::mutex writing_, mutex_;  // mutex_: of running_
  std::condition_variable done_;
  std::map<std::string, Running> running_;  // by the text of their ids
};

}  // namespace

void serve_mcp_lines(Service& service, std::istream& in, const std::function<void(std::string_view)>& write) {
  LinePeer peer(service, write);
  std::string line;
  while (read_line(in, line))
    if (line.find_first_not_of(" \t\r") != std::string::npos) mcp_answer(peer, service, line);
}

}  // namespace facet::server
