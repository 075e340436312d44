// Generated tokens -> what the model says: content, reasoning and tool calls, as they come (spec chat 8 to 10). Only
// ids make structure; text that spells a marker stays text. What models get wrong in practice is read by fixed rules,
// and the result depends on neither the split into pushes nor the split into tokens. One parser per answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/chat.h"
#include "text/detokenizer.h"

namespace facet::text {

class OutputMachine;
enum class Control;

struct OutputEvent {
  enum class Kind {
    Content,    // text: what follows the content so far; whole UTF-8 characters
    Reasoning,  // text: the same for the thought
    // With stream_arguments, while a call is being written:
    CallBegin,      // text: the function's name
    CallArguments,  // text: what follows the JSON text of the arguments so far; all together are that of the Call, but
                    // for keys that the model wrote twice, which are in it twice
    Call,           // a call that is complete. One that is cut off has none
  };
  Kind kind;
  std::string text;              // Call: the function's name
  ChatJson arguments = nullptr;  // Call: an object; chat_json_text() writes it
  int index = 0;                 // of the call in the answer
};
using OutputEvents = std::vector<OutputEvent>;

struct OutputParserOptions {
  bool starts_in_thought = false;  // ends_in_thought() of the prompt
  // Names of the functions that the prompt declares. When given, an answer that is nothing but the bare text of a call
  // to one of them is read as that call; of models without tokens for calls, one that begins with the JSON of a call,
  // or of a list of them.
  std::vector<std::string> declared;
  // All is content: for raw continuations, and for models without channels where no function is declared.
  bool plain = false;
  bool stream_arguments = false;  // calls are told of from their beginning on
  // Calls are {"name": ..., "parameters": {...}}. OutputParser knows that from the vocabulary.
  bool json_calls = false;
};

// The names of Gemma 4's control tokens, all that mean something in an answer and all that do not.
std::vector<std::string_view> control_token_names();

// Why the tokens ended, when no stop token was pushed.
enum class OutputEnd {
  Cut,      // by the token limit, or cancelled: an unfinished call is dropped
  Stopped,  // by the model, or a stop string
};

class OutputParser {
 public:
  explicit OutputParser(const Tokenizer& tokenizer, const OutputParserOptions& options = {});
  ~OutputParser();
  OutputParser(OutputParser&&) noexcept;
  OutputParser& operator=(OutputParser&&) noexcept;

  // Any token, stop tokens included; those end the answer, and what follows them is ignored.
  OutputEvents push(TokenId id);
  // What was held back. Nothing may be pushed afterwards.
  OutputEvents finish(OutputEnd end = OutputEnd::Cut);
  // Whether a call has begun that has not ended.
  bool in_call() const noexcept;

 private:
  const Tokenizer* tokenizer_;
  Detokenizer detokenizer_;
  std::vector<std::pair<TokenId, Control>> controls_;
  std::unique_ptr<OutputMachine> machine_;
};

// The same for text in which control tokens are spelled out, as test cases and other programs' outputs have it.
class OutputTextParser {
 public:
  explicit OutputTextParser(const OutputParserOptions& options = {});
  ~OutputTextParser();
  OutputTextParser(OutputTextParser&&) noexcept;
  OutputTextParser& operator=(OutputTextParser&&) noexcept;

  OutputEvents push(std::string_view bytes);  // any split, also inside a character or a control token's name
  OutputEvents finish(OutputEnd end = OutputEnd::Cut);

 private:
  void text(std::string_view bytes);

  std::string pending_;  // may still become a control token's name
  std::string partial_;  // the beginning of a character
  std::unique_ptr<OutputMachine> machine_;
};

}  // namespace facet::text
