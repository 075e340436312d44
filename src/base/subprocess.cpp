#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace facet {
namespace {

using Clock = std::chrono::steady_clock;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw_error<ResourceError>("a pipe: {}", std::strerror(errno));
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const noexcept { return ends_[0]; }
  int writer() const noexcept { return ends_[1]; }
  void close_end(size_t i) noexcept {
    if (ends_[i] >= 0) ::close(ends_[i]);
    ends_[i] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// A text to be read from its beginning. A file without a name, not a pipe: nobody need write while the program runs.
class InputFile {
 public:
  explicit InputFile(std::string_view text) : file_(std::tmpfile()) {
    if (file_ == nullptr || std::fwrite(text.data(), 1, text.size(), file_) != text.size() || std::fflush(file_) != 0) {
      const int error = errno;
      if (file_ != nullptr) std::fclose(file_);
      throw_error<ResourceError>("a temporary file: {}", std::strerror(error));
    }
    std::rewind(file_);
  }
  ~InputFile() { std::fclose(file_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int fd() const noexcept { return ::fileno(file_); }

 private:
  std::FILE* file_;
};

class FileActions {
 public:
  FileActions(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A program that runs; whoever lets go of it before it has ended ends it.
class Child {
 public:
  explicit Child(pid_t pid) noexcept : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) {
      kill();
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() const noexcept { ::kill(pid_, SIGKILL); }
  int wait() noexcept {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

// 0: there is no such program.
pid_t start(const std::vector<std::string>& arguments, int in, int out, int err) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const FileActions actions(in, out, err);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], actions.get(), nullptr, argv.data(), environ);
  if (error == ENOENT || error == ENOTDIR || error == EACCES) return 0;
  if (error != 0) throw_error<ResourceError>("{} cannot be started: {}", arguments[0], std::strerror(error));
  return pid;
}

void limit_memory([[maybe_unused]] pid_t pid, [[maybe_unused]] int64_t bytes) noexcept {
#ifdef __linux__
  const rlimit most{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  ::prlimit(pid, RLIMIT_AS, &most, nullptr);
#endif
}

// Appends what is there, up to max_bytes in all, and drops what is beyond. False at the end.
bool read_some(int fd, std::string& into, size_t max_bytes, bool& is_full) {
  std::array<char, 1 << 16> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  const size_t room = max_bytes - into.size();
  into.append(buffer.data(), std::min(static_cast<size_t>(n), room));
  is_full = is_full || static_cast<size_t>(n) > room;
  return n > 0;
}

int milliseconds_to(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

// Until both are closed, or a limit is met.
ProgramResult::End read_both(int out, int err, const ProgramLimits& limits, ProgramResult& result) {
  constexpr size_t kMaxErr = 4096;
  const auto end = Clock::now() + limits.time;
  std::array<pollfd, 2> fds{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const int n = ::poll(fds.data(), fds.size(), milliseconds_to(end));
    if (n == 0) return ProgramResult::End::OutOfTime;
    if (n < 0) continue;  // interrupted
    bool out_is_full = false, err_is_full = false;
    if (fds[0].revents != 0 && !read_some(out, result.out, static_cast<size_t>(limits.max_out_bytes), out_is_full))
      fds[0].fd = -1;
    if (fds[1].revents != 0 && !read_some(err, result.err, kMaxErr, err_is_full)) fds[1].fd = -1;
    if (out_is_full) return ProgramResult::End::TooMuchOutput;
    if (Clock::now() >= end) return ProgramResult::End::OutOfTime;
  }
  return ProgramResult::End::Exited;
}

}  // namespace

std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments, const ProgramLimits& limits,
                                         std::string_view input) {
  const InputFile in(input);
  Pipe out, err;
  const pid_t pid = start(arguments, in.fd(), out.writer(), err.writer());
  if (pid == 0) return {};
  Child child(pid);
  limit_memory(pid, limits.max_memory_bytes);
  out.close_end(1);
  err.close_end(1);
  ProgramResult result;
  result.end = read_both(out.reader(), err.reader(), limits, result);
  if (result.end != ProgramResult::End::Exited) child.kill();
  const int status = child.wait();
  if (result.end != ProgramResult::End::Exited) return result;
  if (WIFSIGNALED(status)) result.end = ProgramResult::End::Killed;
  result.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace facet
