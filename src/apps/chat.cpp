// facet chat: a conversation in the terminal, or with a script over a pipe.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "apps/answer.h"
#include "apps/chat/command.h"
#include "apps/chat/conversation.h"
#include "apps/chat/line_input.h"
#include "apps/chat/message_reader.h"
#include "apps/chat/shown_files.h"
#include "apps/chat/tools.h"
#include "apps/commands.h"
#include "apps/grammar_input.h"
#include "apps/model_options.h"
#include "apps/output_flags.h"
#include "apps/stats.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "base/file.h"
#include "media/image_budget.h"

namespace facet::apps {
namespace {

using chat::Command;
using chat::Conversation;

struct ChatFlags {
  ModelOptions model;
  SamplingOptions sampling;
  std::optional<std::string> system;
  std::string load;
  ThinkFlag think;
  OutputFlags output;
};

// One line; names and texts in it may come from files.
template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "{}\n", printable(fmt::format(format, std::forward<Args>(args)...)));
}

class Chat {
 public:
  Chat(const ChatFlags& flags, std::shared_ptr<const runtime::Engine> engine)
      : flags_(flags),
        engine_(std::move(engine)),
        session_(engine_),
        files_(engine_, &InterruptGuard::flag()),
        input_(facet_home() + "/chat_history") {
    if (!flags.load.empty()) load(flags.load);
    if (flags.system) talk_.system = *flags.system;
    if (flags.think.on()) {
      talk_.think = true;
      think_ = flags.think;
    }
    check(talk_.think);
    flags.output.check(nullptr);
    form_ = flags.output.answer_grammar(nullptr, *engine_);
    if (form_) form_name_ = "as the command line says";
  }

  // Errors of a turn are shown and the conversation goes on. A script learns from the status that there were some.
  int run() {
    std::optional<InterruptGuard> interrupt;  // of a script it ends the program while it waits
    if (input_.interactive()) interrupt.emplace(InterruptGuard::Second::IsIgnored);
    if (input_.interactive())
      note("{}, {} tokens of context; /help tells more", std::filesystem::path(engine_->path()).filename().string(),
           engine_->context());
    while (!quit_) {
      try {
        const auto message = chat::read_message([this](bool more) { return input_.read(more); });
        if (!message) break;
        take(*message);
      } catch (const CancelledError&) {
      } catch (const std::exception& e) {
        note("facet: error: {}", e.what());
        failed_ = true;
      }
    }
    return failed_ && !input_.interactive() ? 1 : 0;
  }

 private:
  // RequestError when the model cannot chat, or not think.
  void check(bool think) const {
    chat_prompt(*engine_, Conversation::Json::array({{{"role", "user"}, {"content", "?"}}}), think);
  }

  void take(const chat::Message& message) {
    const Command command = message.is_block ? Command{} : chat::parse_command(message.text);
    if (command.kind != Command::Kind::None) return obey(command);
    Conversation next = talk_;
    next.add_user(message.text, attached_);
    answer(std::move(next));
    attached_ = Conversation::Json::array();  // and not before: an error leaves them for another try
  }

  void obey(const Command& command) {
    using enum Command::Kind;
    switch (command.kind) {
      case Help:
        return fmt::print(stderr, "{}", chat::help_text());
      case System:
        return set_system(command.argument);
      case Think:
        return set_think(command.argument);
      case Save:
        return save(command.argument);
      case Load:
        return load(command.argument);
      case Regen:
        return answer_again();
      case Undo:
        if (!talk_.undo()) throw RequestError("there is nothing to take back");
        return note("taken back; {} messages are left", talk_.n_messages());
      case Clear:
        talk_.clear();
        attached_.clear();
        files_.forget();
        return note("a new conversation");
      case Image:
        return attach(MediaFile::Kind::Image, command.argument);
      case Audio:
        return attach(MediaFile::Kind::Audio, command.argument);
      case Video:
        return attach(MediaFile::Kind::Video, command.argument);
      case Budget:
        return set_budget(command.argument);
      case Tools:
        return set_tools(command.argument);
      case Schema:
        return set_schema(command.argument);
      case Stats:
        return show_stats();
      case Quit:
        quit_ = true;
        return;
      case Unknown:
      case None:
        throw RequestError(chat::explain_unknown(command));
    }
  }

  void set_system(const std::string& text) {
    if (!text.empty()) talk_.system = text == "none" ? "" : text;
    note("system: {}", talk_.system.empty() ? "none" : talk_.system);
  }

  // Read at once, so that what is wrong with a file is said at once.
  void attach(MediaFile::Kind kind, const std::string& path) {
    if (path.empty()) throw_error<RequestError>("/{} needs the name of a file", kind_name(kind));
    const Conversation::Json part = chat::part_of({kind, path, budget_, false});
    const int n_tokens = files_.read(part);
    attached_.push_back(part);
    note("{}: {} tokens, shown with the next message", path, n_tokens);
  }

  void set_budget(const std::string& budget) {
    if (!budget.empty()) {
      media::parse_image_budget(budget);
      budget_ = budget;
    }
    note("pictures: {}", budget_);
  }

  void set_think(const std::string& argument) {
    const bool is_budget = !argument.empty() && argument != "on" && argument != "off";
    if (is_budget && !ThinkFlag::is_valid(argument))
      throw_error<RequestError>("/think {}: expected on, off, a number of tokens, or low, medium, high", argument);
    const bool think = argument.empty() ? !talk_.think : argument != "off";
    check(think);
    talk_.think = think;
    if (is_budget) think_.value = argument;
    note("thinking: {}", talk_.think ? "on" : "off");
  }

  void set_tools(const std::string& path) {
    if (!path.empty()) {
      chat::Tools tools = path == "none" ? chat::Tools() : chat::Tools::from_file(path);
      if (form_ && !tools.declarations().empty())
        throw RequestError(
            "/tools: answers have a form of their own, and calls another; /schema off removes the first");
      calls_ = tools.declarations().empty() ? nullptr : calls_of(tools.declarations(), {}, *engine_);
      tools_ = std::move(tools);
    }
    if (tools_.declarations().empty()) return note("functions: none");
    for (const auto& tool : tools_.declarations()) {
      const std::string name = tool["function"]["name"];
      const auto& command = tools_.command_of(name);
      note("{}{}", name, command.empty() ? "" : fmt::format(": {}", fmt::join(command, " ")));
    }
  }

  // What answers are held to: a schema, or a grammar by the file's ending.
  void set_schema(const std::string& path) {
    if (path == "off" || path == "none") {
      form_ = nullptr;
    } else if (!path.empty()) {
      if (calls_) throw RequestError("/schema: calls of functions have their own form; /tools none removes them");
      form_ = grammar_of_file(path, parse_white_space(flags_.output.white_space));
      form_name_ = path;
    }
    note("answers: {}", form_ ? form_name_ : "any text");
  }

  void save(const std::string& path) {
    if (path.empty()) throw RequestError("/save needs the name of a file");
    std::ofstream out(path, std::ios::binary);
    out << talk_.to_text();
    out.close();
    if (!out) throw_error<ResourceError>("{}: cannot be written", path);
    note("{}: {} messages", path, talk_.n_messages());
  }

  void load(const std::string& path) {
    if (path.empty()) throw RequestError("/load needs the name of a file");
    Conversation loaded = Conversation::from_text(read_file(path), path);
    check(loaded.think);
    talk_ = std::move(loaded);
    note("{}: {} messages", path, talk_.n_messages());
  }

  void answer_again() {
    Conversation next = talk_;
    if (!next.undo_answer()) throw RequestError("there is no message to answer again");
    answer(std::move(next));
  }

  // Answers `next`, which becomes the conversation if anything came. What the model calls is run, and it goes on.
  void answer(Conversation next) {
    constexpr int kMostCalls = 16;  // in a row: a model may call without end
    for (int i = 0; say(next); ++i) {
      if (i == kMostCalls)
        throw_error<RequestError>("the model called functions {} times in a row: enough", kMostCalls);
      const Conversation::Json calls = next.messages().back()["tool_calls"];
      for (const auto& call : calls) next.add_result(result_of(call["function"]));
      talk_ = next;
      attached_ = Conversation::Json::array();
    }
  }

  // What the model is told of a call, which the user may forbid.
  std::string result_of(const Conversation::Json& call) {
    const auto& command = tools_.command_of(call["name"]);
    if (command.empty()) return R"({"error":"this function cannot be run here"})";
    note("run {}? [y/N]", fmt::join(command, " "));
    const auto reply = input_.read(true);
    if (!reply || (*reply != "y" && *reply != "yes")) return R"({"error":"the user did not allow this call"})";
    std::string result = chat::run_command(command, call["arguments"]);
    note("{}", printable(result, 200));
    return result;
  }

  // One answer to `next`, which it is added to; whether it calls functions.
  bool say(Conversation& next) {
    const auto shown = files_.show(next.messages());
    const Prompt prompt = chat_prompt(*engine_, shown.messages, next.think, shown.media, tools_.declarations());
    auto options = flags_.sampling.generate_options(*engine_);
    options.sampling.seed += n_answers_++;  // a seed fixes the conversation, yet two answers differ
    options.cancel = &InterruptGuard::flag();
    options.rules = output_rules(prompt, next.think ? think_ : ThinkFlag(), calls_ ? calls_ : form_);
    ProgressLine reading("reading the conversation");
    options.progress = [&](int64_t done, int64_t total) { reading.show(done, total); };
    std::optional<InterruptGuard> interrupt;
    if (!input_.interactive()) interrupt.emplace();

    AnswerPrinter printer(*engine_, prompt, std::exchange(options.stop, {}), true);
    auto result = runtime::generate(session_, prompt, options, [&](const runtime::GenerateEvent& e) {
      reading.clear();
      return printer.push(e);
    });
    reading.clear();
    result.finish = printer.finish(result);
    last_ = result.stats;
    tell_end(result);
    const bool is_cancelled = result.finish == runtime::FinishReason::Cancelled;
    if (is_cancelled && result.tokens.empty()) return false;
    const bool calls = !is_cancelled && !printer.calls().empty();
    next.add_answer(printer.content(), printer.reasoning(), calls ? printer.calls() : Conversation::Json::array());
    if (!calls) talk_ = next;
    return calls;
  }

  void tell_end(const runtime::GenerateResult& result) const {
    if (result.finish == runtime::FinishReason::Cancelled) note("(stopped)");
    if (result.finish != runtime::FinishReason::Length) return;
    if (session_.position() >= session_.context())
      note("(the context of {} tokens is full: /clear, /undo, or start with a larger --ctx)", session_.context());
    else
      note("(cut at {} tokens)", result.stats.n_generated);
  }

  void show_stats() const {
    if (last_) note("{}", stats_line(*engine_, *last_));
    note("context: {} of {} tokens, {:.1f} MB of keys and values; {} messages", session_.position(), session_.context(),
         static_cast<double>(session_.kv_bytes()) / 1e6, talk_.n_messages());
  }

  const ChatFlags& flags_;
  std::shared_ptr<const runtime::Engine> engine_;
  runtime::Session session_;
  chat::ShownFiles files_;
  chat::LineInput input_;
  Conversation talk_;
  Conversation::Json attached_ = Conversation::Json::array();  // files for the next message
  std::string budget_ = "medium";
  chat::Tools tools_;
  SharedGrammar calls_;  // of those; null: none
  SharedGrammar form_;   // of answers without calls; null: any text
  std::string form_name_;
  ThinkFlag think_{"true"};  // how much, when talk_.think says that there is to be any
  std::optional<runtime::GenerateStats> last_;
  uint64_t n_answers_ = 0;
  bool quit_ = false, failed_ = false;
};

}  // namespace

void add_chat(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("chat", "Talk with a model");
  const auto flags = std::make_shared<ChatFlags>();
  flags->model.add_to(*command);
  command->add_option("--system", flags->system, "System instructions")->type_name("TEXT");
  flags->think.add_to(*command);
  command->add_option("--load", flags->load, "Go on with a conversation that /save wrote")->type_name("FILE");
  flags->output.add_form_to(*command);
  flags->sampling.add_to(*command);
  command->footer(
      "Examples:\n  facet chat\n  facet chat --system \"Answer in one sentence.\" --temperature 0\n"
      "  printf 'Hello!\\nAnd in French?\\n' | facet chat");
  command->callback([flags, &action] { action = [flags] { return Chat(*flags, flags->model.load()).run(); }; });
}

}  // namespace facet::apps
