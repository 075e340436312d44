#include "apps/browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>

extern char** environ;

namespace facet::apps {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

#ifdef __APPLE__
constexpr const char* kOpener = "open";
bool has_screen() { return true; }
#else
constexpr const char* kOpener = "xdg-open";
// Without one it would begin a browser in this terminal.
bool has_screen() { return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("BROWSER"); }
#endif

}  // namespace

// In a session of its own, as the opener may become the browser: Ctrl-C is for the server.
bool open_in_browser(const std::string& url) {
  if (!has_screen()) return false;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::string opener = kOpener, address = url;
  const std::array<char*, 3> arguments = {opener.data(), address.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawnp(&child, kOpener, &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return false;
  std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
  return true;
}

}  // namespace facet::apps
