// What the dialects translate requests into. What is not given keeps the model's default.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/generate.h"
#include "text/chat.h"

namespace facet::server {

using Json = text::ChatJson;

// A picture, sound, video or document, as its bytes; the content says which format it has.
struct MediaInput {
  enum class Kind : uint8_t { Image, Audio, Video };
  Kind kind = Kind::Image;
  std::string bytes;
  std::string place;  // for messages: "messages[1].content[0]"
  std::string
      budget;  // of a picture: as `facet run --budget` takes it ("low", "medium", "high", a number); empty: default
};

struct ToolChoice {
  enum class Kind : uint8_t { Auto, None, Required, Named };
  Kind kind = Kind::Auto;
  std::string name;                  // Named
  std::vector<std::string> allowed;  // of the declared functions those that may be called; empty: all
};

// What the answer has to be, behind any thought.
struct OutputFormat {
  enum class Kind : uint8_t { Text, JsonObject, Schema, Regex, Grammar, Choice };
  Kind kind = Kind::Text;
  Json schema;                       // Schema
  std::string text;                  // Regex; Grammar: GBNF or Lark
  std::vector<std::string> choices;  // Choice
};

struct Thinking {
  std::optional<bool> on;  // none: the server's default
  int budget = -1;         // tokens; -1: no limit of its own
};
// "none" off; "minimal", "low", "medium", "high", "xhigh", "max": on, with budgets. Throws ApiError for another word.
Thinking thinking_of_effort(const std::string& effort, const std::string& parameter);

struct SamplingRequest : runtime::SamplingChanges {
  std::vector<std::pair<int, float>> bias;  // token id; -100 and less: never, +100 and more: always where it may come
};

struct GenerationRequest {
  std::string model;  // as the client names it; empty: the server's default

  // A chat: messages as text::render_chat takes them, in OpenAI's form; a part {"type": "image" | "audio" | "video"}
  // stands for the next entry of `media`. Calls have ids, results name them (see prepare_messages()).
  Json messages = Json::array();
  std::vector<MediaInput> media;
  Json tools;                   // null, or [{type: function, function: {...}}]
  bool continues_last = false;  // the last message is the beginning of the answer

  // Or a text that is continued as it is, when `is_raw`; `media` are shown at the places "[img-0]" ... only where the
  // dialect says so.
  bool is_raw = false;
  std::string raw;
  std::vector<text::TokenId> raw_tokens;  // in place of `raw`, when not empty
  std::optional<std::string> suffix;      // fill in the middle: asked for in words, as the models have no tokens for it

  ToolChoice tool_choice;
  // None: where calls may come, several may; where one must come, one does, as weak models know no end.
  std::optional<bool> parallel_calls;
  OutputFormat format;
  Thinking thinking;
  SamplingRequest sampling;
  int n = 1;
  int max_tokens = -1;  // thoughts and calls count; -1: to the end of the context
  std::vector<std::string> stop;
  int n_logprobs = -1;        // most likely tokens to report with each; -1: none are reported
  bool ignores_stop = false;  // goes on behind the model's own end ("ignore_eos")
  bool shortens = false;      // drops the oldest messages that do not fit the context, instead of an error

  std::optional<double> keep_alive;  // seconds that the model stays loaded; negative: for ever
  std::string client;                // http::Request::client
  double timeout = 0;                // seconds in the queue; 0: any
  bool is_background = false;        // others go first
  // Becomes true when nobody waits any more, so that not even the prompt is prepared to its end; may be null.
  std::shared_ptr<const std::atomic<bool>> cancel;
};

}  // namespace facet::server
