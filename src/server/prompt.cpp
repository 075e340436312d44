#include "server/prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "model/config.h"
#include "runtime/chat_format.h"
#include "server/api_error.h"
#include "server/messages.h"

namespace facet::server {
namespace {

using FileKind = runtime::MediaFile::Kind;

[[noreturn]] void refuse_length(size_t n_tokens, int context) {
  throw ApiError(ApiError::Kind::ContextFull,
                 fmt::format("the prompt has {} tokens, which exceeds the model's context length of {} tokens: shorten "
                             "the messages, or start the server with a larger --ctx",
                             n_tokens, context));
}

// Media of each message's parts, in order, with what is shown of them in their place.
class MediaParts {
 public:
  MediaParts(const GenerationRequest& request, runtime::MediaReader& reader) : request_(request), reader_(reader) {}

  void show(Json& messages) {
    for (Json& message : messages) {
      const auto content = message.find("content");
      if (content == message.end() || !content->is_array()) continue;
      Json parts = Json::array();
      for (Json& part : *content) add(part, parts);
      *content = std::move(parts);
    }
  }
  std::vector<runtime::Medium> take() { return std::move(media_); }

 private:
  void add(Json& part, Json& parts) {
    const Json type = part.is_object() ? part.value("type", Json()) : Json();
    if (type != "image" && type != "audio" && type != "video") return parts.push_back(std::move(part));
    if (next_ >= request_.media.size()) throw ApiError(ApiError::Kind::Invalid, "a medium has no content");
    const MediaInput& input = request_.media[next_++];
    for (const Json& shown : read(input)) parts.push_back(shown);
  }

  Json read(const MediaInput& input) {
    runtime::MediaFile file;
    file.kind = input.kind == MediaInput::Kind::Image   ? FileKind::Image
                : input.kind == MediaInput::Kind::Audio ? FileKind::Audio
                                                        : FileKind::Video;
    if (!input.budget.empty()) file.budget = input.budget;
    runtime::ShownMedia shown;
    const auto* begin = reinterpret_cast<const std::byte*>(input.bytes.data());
    try {
      reader_.read_bytes(media::Source::from_bytes({begin, begin + input.bytes.size()}, input.place), file, shown);
    } catch (const RequestError& e) {
      throw ApiError(ApiError::Kind::Unsupported, e.what(), input.place);
    } catch (const FormatError& e) {
      throw ApiError(ApiError::Kind::Invalid, e.what(), input.place);
    }
    for (runtime::Medium& medium : shown.media) media_.push_back(std::move(medium));
    return shown.parts;
  }

  const GenerationRequest& request_;
  runtime::MediaReader& reader_;
  size_t next_ = 0;
  std::vector<runtime::Medium> media_;
};

// The models have no tokens for a text with a hole, so the hole is asked for.
Json fill_in_messages(const GenerationRequest& request) {
  return Json::array(
      {{{"role", "user"},
        {"content", "Write what stands between the two parts of this text, and nothing else.\n\nFirst part:\n" +
                        request.raw + "\n\nLast part:\n" + *request.suffix}}});
}

// The end of a turn that goes on: its closing marker is taken away again.
void open_last_turn(text::Prompt& prompt) {
  while (!prompt.empty() && prompt.back().kind == text::PromptItem::Kind::Text &&
         prompt.back().text.find_first_not_of('\n') == std::string::npos)
    prompt.pop_back();
  if (!prompt.empty() && prompt.back().kind == text::PromptItem::Kind::Control &&
      (prompt.back().text == "<turn|>" || prompt.back().text == "<end_of_turn>"))
    prompt.pop_back();
}

// Where a conversation may be cut: the messages behind those of the system with which the user speaks, but for the
// first.
std::vector<size_t> possible_cuts(const Json& messages, size_t n_system) {
  std::vector<size_t> cuts;
  for (size_t i = n_system + 1; i < messages.size(); ++i)
    if (messages[i]["role"] == "user") cuts.push_back(i);
  return cuts;
}

// Without the oldest messages, as few as possible, such that it fits; as it is when nothing helps.
template <class Fits>
Json shortened(const Json& messages, Fits&& fits) {
  size_t n_system = 0;
  while (n_system < messages.size() && messages[n_system]["role"] == "system") ++n_system;
  const auto begin_at = [&](size_t cut) {
    Json rest = messages;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(n_system), rest.begin() + static_cast<std::ptrdiff_t>(cut));
    return rest;
  };
  const std::vector<size_t> cuts = possible_cuts(messages, n_system);
  const auto found = std::partition_point(cuts.begin(), cuts.end(), [&](size_t cut) { return !fits(begin_at(cut)); });
  return found != cuts.end() ? begin_at(*found) : messages;
}

// Gemma 3 has what several messages say in one turn, so others may part from it anywhere near its end.
std::vector<int> message_begins(std::span<const text::TokenId> tokens, const text::Tokenizer& tokenizer) {
  std::vector<int> out;
  const auto n = static_cast<int>(tokens.size());
  constexpr int kStep = 64, kNear = 512;
  if (!tokenizer.find("<|turn>"))
    for (int position = std::max(1, n - kNear); position < n; position += kStep) out.push_back(position);
  for (const char* name : {"<|turn>", "<start_of_turn>"})
    if (const auto begin = tokenizer.find(name))
      for (size_t i = 1; i < tokens.size(); ++i)
        if (tokens[i] == *begin) out.push_back(static_cast<int>(i));
  return out;
}

BuiltPrompt raw_prompt(const runtime::Engine& engine, const GenerationRequest& request) {
  BuiltPrompt out;
  out.tokens = request.raw_tokens;
  if (out.tokens.empty()) {
    out.tokens = engine.tokenizer().encode(request.raw, text::Specials::Forbid);
    if (engine.tokenizer().bos()) out.tokens.insert(out.tokens.begin(), *engine.tokenizer().bos());
  }
  for (const text::TokenId token : out.tokens)
    if (token < 0 || token >= engine.config().n_vocab)
      throw ApiError(ApiError::Kind::Invalid,
                     fmt::format("prompt: token {} is outside the vocabulary of {}", token, engine.config().n_vocab),
                     "prompt");
  return out;
}

}  // namespace

BuiltPrompt build_prompt(const std::shared_ptr<const runtime::Engine>& engine, const GenerationRequest& request,
                         bool thinks, const std::shared_ptr<runtime::EmbeddingCache>& media_cache,
                         const ThoughtMemory& thoughts, const std::atomic<bool>* cancel) {
  const auto format = runtime::chat_format_or_familys(engine->chat_family(), engine->tokenizer());
  const bool fills_in = request.is_raw && request.suffix && !request.suffix->empty() && format;
  if (request.is_raw && !fills_in) {
    BuiltPrompt out = raw_prompt(*engine, request);
    if (out.tokens.size() >= static_cast<size_t>(engine->context()))
      refuse_length(out.tokens.size(), engine->context());
    return out;
  }
  if (!format)
    throw ApiError(ApiError::Kind::Unsupported,
                   "this is a base model without a chat format: ask it to complete a text instead", "model");
  Json messages = fills_in ? fill_in_messages(request) : prepare_messages(request.messages);
  if (*format == text::ChatTemplate::Gemma3) messages = fit_gemma3(messages);
  thoughts.restore(request.client, messages);
  runtime::MediaReader reader(engine, media_cache, runtime::room_for_media(*engine, 0, request.max_tokens));
  reader.encoder().set_cancel(cancel);
  const Json tools = prepare_tools(request.tools);
  text::ChatOptions options;
  options.format = *format;
  options.enable_thinking = thinks && runtime::can_think(format);
  options.preserve_thinking = true;  // what is over was dropped from the messages
  options.add_generation_prompt = !request.continues_last;
  const Json prepared = messages;
  MediaParts media(request, reader);
  media.show(messages);
  const std::vector<runtime::Medium> shown = media.take();
  text::Prompt rendered;
  const auto render = [&](const Json& all) {
    rendered = text::render_chat(all, tools, options);
    if (request.continues_last) open_last_turn(rendered);
    return runtime::assemble(rendered, engine->tokenizer(), shown);
  };
  const auto context = static_cast<size_t>(engine->context());
  runtime::MediaPrompt prompt = render(messages);
  if (prompt.tokens.size() >= context && request.shortens && shown.empty())
    prompt = render(shortened(messages, [&](const Json& all) { return render(all).tokens.size() < context; }));
  if (prompt.tokens.size() >= context) refuse_length(prompt.tokens.size(), engine->context());
  BuiltPrompt out;
  out.tokens = std::move(prompt.tokens);
  out.media = std::move(prompt.media);
  out.boundaries = message_begins(out.tokens, engine->tokenizer());
  out.is_chat = true;
  out.starts_in_thought = text::ends_in_thought(rendered);
  out.messages = prepared;
  if (request.tools.is_array() && request.tool_choice.kind != ToolChoice::Kind::None)
    for (const Json& tool : request.tools) out.declared.push_back(tool["function"]["name"].get<std::string>());
  return out;
}

}  // namespace facet::server
