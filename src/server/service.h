// What dialects ask for: models, answers, embeddings, transcripts. An interface, so that a dialect is tested without a
// model; EngineService is the real one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "runtime/live_listener.h"
#include "server/event.h"
#include "server/request.h"

namespace facet::server {

// Answers that one request may ask for (GenerationRequest::n).
inline constexpr int kMaxChoices = 128;

// What a model takes of the memory at most, or would: for one prompt and its answer, with the context that it has here.
struct ModelMemory {
  int64_t weight_bytes = 0;  // of the files, without what stays there
  int64_t disk_bytes = 0;    // what stays there: tables of which few rows are used
  int64_t kv_bytes = 0, kv_bytes_per_token = 0;
  int64_t snapshot_bytes = 0;  // keys and values that are kept for later prompts
  int64_t media_bytes = 0;     // encoders' work, and what they have encoded
  int64_t work_bytes = 0;      // activations, logits, tokenizer, the program

  int64_t total_bytes() const { return weight_bytes + kv_bytes + snapshot_bytes + media_bytes + work_bytes; }
};

// A model that can be asked for by name.
struct ModelInfo {
  std::string name;  // "gemma-4-E2B-it-Q4_0"
  std::string path;
  int64_t size_bytes = 0;
  int64_t modified = 0;      // seconds since 1970
  std::string digest;        // 64 hexadecimal digits that tell files apart (of size, time and head: not of all bytes)
  std::string family;        // "gemma4", "gemma3"
  std::string parameters;    // "4.6B"
  std::string quantization;  // "Q4_0"
  std::string format;        // "gguf", "safetensors"
  int context = 0;           // of one request here
  int model_context = 0;     // of the model
  int n_embd = 0;
  int image_budget = 0;  // soft tokens of a picture where nobody says how many
  bool sees = false, hears = false, thinks = false, calls = false, chats = false;

  ModelMemory memory;

  bool is_loaded = false, is_loading = false;
  double share_read = 0;       // of its weights, when loaded: what is in memory already, 0 to 1
  int n_uses = 0;              // requests for it that are under way
  int64_t resident_bytes = 0;  // when loaded
  double expires_in = 0;       // seconds until it is let go of; negative: never
};

// What all models share.
struct MachineInfo {
  int64_t memory_bytes = 0, taken_bytes = 0;  // for models; 0: nobody knows. Of it, what loaded ones may come to take
  std::string backend, kernels;               // "cpu", "avx512"
  int n_threads = 0;
};

struct EmbeddingRequest {
  std::string model;
  struct Input {
    std::string text;
    std::vector<text::TokenId> tokens;  // in place of the text, when not empty
  };
  std::vector<Input> inputs;
  int dimensions = 0;      // 0: all
  bool truncates = false;  // inputs that are too long are cut; else an error
  std::optional<double> keep_alive;
  std::string client;
  std::function<bool()> is_cancelled;  // asked now and then, on the thread of embed(), which throws then; may be empty
};
struct EmbeddingResult {
  std::string model;
  std::vector<std::vector<float>> embeddings;  // of length 1
  int n_tokens = 0;
  double load_seconds = 0, total_seconds = 0;
};

struct TranscriptionRequest {
  std::string model;
  std::string bytes, place;  // a sound file
  std::string language;      // "en" or "English"; empty: whichever is spoken
  std::string translate_to;  // empty: as it is spoken
  std::string prompt;
  std::optional<float> temperature;
  std::string client;
  std::function<bool()> is_cancelled;  // as of EmbeddingRequest, until there is a segment to ask with; may be empty
};
struct TranscriptionSegment {
  double start = 0, end = 0;
  std::string text;
  int n_tokens = 0;
};
struct TranscriptionResult {
  std::string model, language;
  double duration = 0;
  std::vector<TranscriptionSegment> segments;
};

// Sound that comes while it is spoken.
struct LiveRequest {
  std::string model;
  std::string language;                       // as of TranscriptionRequest
  bool finds_turns = true;                    // turns end in silence; else by commit() alone
  double silence = 0.5, padding = 0.3;        // seconds that end a turn, and that are heard around one
  const std::atomic<bool>* cancel = nullptr;  // ends what is computed; outlives the transcription
};
// On one thread, which computes. Throws CancelledError too; after an exception of push() or commit(), clear() comes
// first. The model stays in use as long as this lives.
class LiveTranscription {
 public:
  virtual ~LiveTranscription() = default;
  virtual void push(std::span<const float> samples) = 0;  // mono, 16 kHz
  virtual bool commit() = 0;                              // what has come is a turn; false: nothing has
  virtual void clear() = 0;                               // forgets what has come of a turn
  virtual double position() const = 0;                    // seconds that were pushed
};

// An answer under way. The service keeps it as long as it runs; to drop it does not cancel.
class Job {
 public:
  virtual ~Job() = default;
  virtual void cancel() = 0;  // the sink gets Finished with Cancelled, then Done; or nothing more if it had all
};

// Every method may be called on any thread, and throws ApiError (NotFound for a model that is not there).
class Service {
 public:
  virtual ~Service() = default;

  virtual std::vector<ModelInfo> models() = 0;
  // Names are found as clients write them: with or without ":latest", a file's ending, or upper case.
  virtual ModelInfo model(const std::string& name) = 0;  // empty: the default
  virtual void load(const std::string& name, std::optional<double> keep_alive) = 0;
  virtual void unload(const std::string& name) = 0;
  virtual MachineInfo machine() = 0;
  // Called whenever a model was loaded or let go of, or begins to be; on any thread, which it may not hold up.
  virtual void on_change(std::function<void()> callback) = 0;
  // Gives a model one more name, and takes such a name away. A model's own name stays: Conflict.
  virtual void add_name(const std::string& name, const std::string& new_name) = 0;
  virtual void remove_name(const std::string& name) = 0;

  // Checks the request before it returns, so that what is wrong with it is an error and no stream; then events come.
  virtual std::shared_ptr<Job> generate(GenerationRequest request, EventSink sink) = 0;
  virtual int count_tokens(const GenerationRequest& request) = 0;  // of its prompt, media among them
  virtual std::vector<text::TokenId> tokenize(const std::string& model, const std::string& text, bool with_bos) = 0;
  virtual std::string detokenize(const std::string& model, std::span<const text::TokenId> tokens) = 0;

  // Throws CancelledError too.
  virtual EmbeddingResult embed(const EmbeddingRequest& request) = 0;
  // segment: called with each as it is heard, on this thread; false ends it.
  virtual TranscriptionResult transcribe(const TranscriptionRequest& request,
                                         const std::function<bool(const TranscriptionSegment&)>& segment) = 0;
  // listener: told of turns and words from within what is called of the transcription, which it outlives.
  virtual std::unique_ptr<LiveTranscription> listen(const LiveRequest& request, runtime::LiveListener& listener) = 0;
};

// Asks for an answer and writes it as the reply: the head of a stream at once, heartbeats while nothing comes
// (http::Exchange::on_quiet), an error in the dialect's words, cancelled when the client goes away. Blocks no thread.
void answer(const std::shared_ptr<http::Exchange>& exchange, Service& service, GenerationRequest request,
            std::unique_ptr<ReplyWriter> writer);
// The same for what is more than one request of a service: start() asks, and may throw as Service::generate does.
// at_end: runs what writes the reply's end, which may take its time: elsewhere than on the service's thread. Empty:
// there.
using RunEnd = std::function<void(std::function<void()> end)>;
void answer(const std::shared_ptr<http::Exchange>& exchange,
            const std::function<std::shared_ptr<Job>(EventSink)>& start, std::unique_ptr<ReplyWriter> writer,
            const RunEnd& at_end = {});
// Lets the client's leaving cancel a request that is still being prepared; a job that answer() has takes its place.
void cancel_with(http::Exchange& exchange, GenerationRequest& request);

}  // namespace facet::server
