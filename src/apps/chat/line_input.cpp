#include "apps/chat/line_input.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "apps/terminal.h"
#include "base/error.h"

#ifdef FACET_LINE_EDITING
#include <histedit.h>
#include <langinfo.h>

#include <clocale>
#include <cwchar>
#endif

namespace facet::apps::chat {
namespace {

constexpr const char *kPrompt = "> ", *kMorePrompt = ". ";

}  // namespace

// While one lives, SIGINT reaches this thread only inside wait_for_input(). Wherever it came between two reads it would
// be noted and the next read would wait on.
class LineInput::HeldInterrupt {
 public:
  HeldInterrupt() {
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before_);
  }
  ~HeldInterrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldInterrupt(const HeldInterrupt&) = delete;
  HeldInterrupt& operator=(const HeldInterrupt&) = delete;

  // False when it was interrupted.
  bool wait_for_input() const {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (ppoll(&input, 1, nullptr, &before_) < 0)
      if (errno != EINTR || InterruptGuard::flag()) return false;
    return true;
  }

 private:
  sigset_t before_;
};

#ifdef FACET_LINE_EDITING
namespace {

// libedit reads characters as the locale says, and a bare system's says bytes.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

}  // namespace

class LineInput::Editor {
 public:
  explicit Editor(std::string history_file)
      : history_file_(std::move(history_file)),
        history_(history_init(), history_end),
        edit_((use_utf8(), el_init("facet", stdin, stderr, stderr)), el_end) {
    if (history_ == nullptr || edit_ == nullptr) throw Error("the terminal's line editor does not start");
    HistEvent event;
    ::history(history_.get(), &event, H_SETSIZE, kHistoryLines);
    ::history(history_.get(), &event, H_LOAD, history_file_.c_str());
    el_set(edit_.get(), EL_CLIENTDATA, this);
    el_set(edit_.get(), EL_PROMPT, prompt_of);
    el_set(edit_.get(), EL_GETCFN, read_character);
    el_set(edit_.get(), EL_HIST, ::history, history_.get());
    el_set(edit_.get(), EL_SIGNAL, 1);
    el_set(edit_.get(), EL_EDITOR, "emacs");
    for (const auto& [keys, command] : kKeys) el_set(edit_.get(), EL_BIND, keys, command, nullptr);
    el_source(edit_.get(), nullptr);
  }

  std::optional<std::string> read(const char* prompt) {
    prompt_ = prompt;
    const HeldInterrupt held;
    held_ = &held;
    el_set(edit_.get(), EL_PREP_TERM, 1);  // before the prompt: whoever sees it may type, Ctrl-D too
    int n = 0;
    const char* line = el_gets(edit_.get(), &n);
    if (InterruptGuard::flag() || line == nullptr || n <= 0) fmt::print(stderr, "\n");
    if (InterruptGuard::flag()) throw CancelledError();
    if (line == nullptr || n <= 0) return {};
    std::string text(line, static_cast<size_t>(n));
    if (text.ends_with('\n')) text.pop_back();
    if (!text.empty()) remember(text);
    return text;
  }

 private:
  static constexpr int kHistoryLines = 1000;
  static constexpr std::pair<const char*, const char*> kKeys[] = {
      {"^R", "em-inc-search-prev"}, {"\\e[1~", "ed-move-to-beg"}, {"\\e[4~", "ed-move-to-end"},
      {"\\e[H", "ed-move-to-beg"},  {"\\e[F", "ed-move-to-end"},  {"\\e[3~", "ed-delete-next-char"},
      {"\\e[1;5C", "em-next-word"}, {"\\e[1;5D", "ed-prev-word"},
  };

  static Editor& self(EditLine* edit) {
    void* self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    return *static_cast<Editor*>(self);
  }

  static char* prompt_of(EditLine* edit) { return const_cast<char*>(self(edit).prompt_); }

  // libedit's contract: 1 and a character, 0 at the end of input, -1 when there was an error. Bytes that are no UTF-8
  // are left out.
  static int read_character(EditLine* edit, wchar_t* character) {
    std::mbstate_t state{};
    for (;;) {
      if (!self(edit).held_->wait_for_input()) return -1;
      char byte = 0;
      const ssize_t n = ::read(STDIN_FILENO, &byte, 1);
      if (n <= 0) return static_cast<int>(n);
      const size_t length = std::mbrtowc(character, &byte, 1, &state);
      if (length <= 1) return 1;
      if (length == static_cast<size_t>(-1)) state = {};
    }
  }

  void remember(const std::string& text) {
    HistEvent event;
    ::history(history_.get(), &event, H_ENTER, text.c_str());
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), error);
    ::history(history_.get(), &event, H_SAVE, history_file_.c_str());
    using std::filesystem::perms;
    std::filesystem::permissions(history_file_, perms::owner_read | perms::owner_write, error);
  }

  std::string history_file_;
  std::unique_ptr<History, decltype(&history_end)> history_;
  std::unique_ptr<EditLine, decltype(&el_end)> edit_;
  const char* prompt_ = kPrompt;
  const HeldInterrupt* held_ = nullptr;  // of the read under way
};
#else
class LineInput::Editor {
 public:
  explicit Editor(const std::string&) {}

  // A terminal has input when a line is complete.
  std::optional<std::string> read(const char* prompt) {
    fmt::print(stderr, "{}", prompt);
    const HeldInterrupt held;
    std::string line;
    if (held.wait_for_input() && std::getline(std::cin, line)) return line;
    fmt::print(stderr, "\n");
    if (InterruptGuard::flag()) throw CancelledError();
    return {};
  }
};
#endif

LineInput::LineInput(std::string history_file) : interactive_(stdin_is_terminal() && stderr_is_terminal()) {
  if (interactive_) editor_ = std::make_unique<Editor>(std::move(history_file));
}

LineInput::~LineInput() = default;

std::optional<std::string> LineInput::read(bool more) {
  InterruptGuard::clear();  // what stopped an answer does not give up the next line
  if (interactive_) return editor_->read(more ? kMorePrompt : kPrompt);
  std::string line;
  if (!std::getline(std::cin, line)) return {};
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace facet::apps::chat
