// What an answer under way consists of: the events that dialects turn into their streams and bodies.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "server/request.h"

namespace facet::server {

struct TokenLogprob {
  std::string bytes;  // of the token; may be a part of a character
  int token = 0;
  float logprob = 0;
  std::vector<std::pair<std::string, float>> top;  // bytes and log-probability, most likely first
};
// As replies show it: JSON has no infinity, so what is impossible is -9999.
inline float finite_logprob(float logprob) { return std::max(logprob, -9999.0f); }

struct Usage {
  int n_prompt = 0;     // tokens, cached ones among them
  int n_cached = 0;     // of the prompt, those whose state was there
  int n_generated = 0;  // of all choices, with thoughts and calls
  int n_thought = 0;    // of those, in thoughts
  double queue_seconds = 0, load_seconds = 0, prompt_seconds = 0, decode_seconds = 0, total_seconds = 0;
};

enum class Finish : uint8_t {
  Stop,        // by the model
  StopString,  // `stop_string`
  Calls,       // by the model, with at least one call
  Length,      // max_tokens, or the context's end
  Cancelled,
};

namespace event {
// The request has left the queue, and its prompt is computed. Comes once, first.
struct Started {
  std::string model;  // its name here
  int n_prompt = 0, n_cached = 0;
};
struct Text {
  int choice;
  std::string text;                    // whole UTF-8 characters, never empty
  std::vector<TokenLogprob> logprobs;  // of the tokens since the last event of this choice, when asked for
};
struct Thought {
  int choice;
  std::string text;
};
// A call begins, its arguments come as pieces of JSON text, and it is complete. Calls of a choice are numbered from 0.
struct CallBegin {
  int choice, call;
  std::string id, name;  // id: "call_" and 24 letters and digits
};
struct CallArguments {
  int choice, call;
  std::string json;
};
struct CallEnd {
  int choice, call;
  std::string id, name;
  Json arguments;  // whole: an object; text::chat_json_text() writes it
};
// Something that the server itself does between what the model says, in the words of the dialect that lets it: an item
// of its own in the reply. Items are numbered from 0.
struct HostedItem {
  enum class Step : uint8_t { Begin, Progress, End };
  Step step;
  int item;
  std::string name;  // Begin: what its id begins with; Progress: of an event about it
  Json fields;       // Begin: the item; Progress: of the event; End: what has changed of the item
};
struct Finished {
  int choice;
  Finish reason;
  std::string stop_string;             // StopString
  std::vector<TokenLogprob> logprobs;  // of tokens behind the last text
};
// All choices have finished. Comes last, unless Failed does.
struct Done {
  Usage usage;
};
struct Failed {
  std::exception_ptr error;
};
}  // namespace event

using Event = std::variant<event::Started, event::Text, event::Thought, event::CallBegin, event::CallArguments,
                           event::CallEnd, event::HostedItem, event::Finished, event::Done, event::Failed>;
// Whether nothing comes after it.
inline bool is_last(const Event& e) {
  return std::holds_alternative<event::Done>(e) || std::holds_alternative<event::Failed>(e);
}

// One at a time, on a thread of the service's; must not block.
using EventSink = std::function<void(const Event&)>;

// The body of one reply, made of events. One thread at a time.
class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;
  virtual bool is_stream() const = 0;
  virtual std::string_view content_type() const = 0;
  // Bytes to send now: of a stream what the event becomes, maybe nothing; of a whole body all of it with Done. Failed
  // comes to streams alone, which have begun by then: it is said as their dialect says it in the middle of one.
  virtual std::string write(const Event& event) = 0;
  // Of a stream: what keeps a connection alive while nothing comes; empty where the dialect has no such thing.
  virtual std::string heartbeat() const { return {}; }
};

}  // namespace facet::server
