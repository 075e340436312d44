#include "runtime/transcriber.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "media/log_mel.h"
#include "text/chat.h"
#include "text/output_parser.h"
#include "text/words.h"

namespace facet::runtime {
namespace {

// Speakers say up to five syllables, and models write up to about as many tokens, in a second: twice that is enough.
constexpr double kTokensPerSecond = 10;
constexpr int kTokensBeside = 32;
constexpr size_t kContextWords = 24;

// A model that goes round in circles does not find out by itself.
constexpr size_t kLongestCircle = 24, kRounds = 4, kLeastInCircles = 24;  // tokens

double to_seconds(int64_t n_samples) { return static_cast<double>(n_samples) / media::kSampleRate; }

text::ChatTemplate chat_template(const Engine& engine) {
  switch (engine.chat_family()) {
    case ChatFamily::Gemma4Small:
      return text::ChatTemplate::Gemma4Small;
    case ChatFamily::Gemma4Large:
      return text::ChatTemplate::Gemma4Large;
    default:
      throw_error<RequestError>("{}: this model has no chat format in which to ask for what is said", engine.path());
  }
}

// One line, without white space around it.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!is_space)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// The transcription, a line break, "French: " and the translation, as the instruction wants it; what has no such mark
// is taken by lines, or for a translation alone.
void split_translation(const std::string& answer, const std::string& language, TranscribedSegment& segment) {
  const std::string mark = language + ":";
  size_t end = answer.rfind("\n" + mark), begin = end + 1 + mark.size();
  if (end == std::string::npos && answer.compare(0, mark.size(), mark) == 0) end = 0, begin = mark.size();
  if (end == std::string::npos) end = begin = answer.find('\n');
  if (end == std::string::npos) end = begin = 0;
  segment.text = one_line(std::string_view(answer).substr(0, end));
  segment.translation = one_line(std::string_view(answer).substr(begin));
}

// Two that follow each other, the second of which may begin with the first one's last words.
TranscribedSegment one_segment(TranscribedSegment a, TranscribedSegment b) {
  text::remove_overlap(a.text, b.text);
  text::remove_overlap(a.translation, b.translation);
  return {a.start, b.end, text::join_texts(a.text, b.text), text::join_texts(a.translation, b.translation),
          a.is_cut || b.is_cut};
}

// Tokens of the circle that the answer ends in, 0: none.
size_t circle(std::span<const TokenId> tokens) {
  for (size_t n = 1; n <= kLongestCircle; ++n) {
    const size_t repeated = std::max(n * kRounds, kLeastInCircles);
    if (repeated > tokens.size()) continue;
    const auto end = tokens.end(), begin = end - static_cast<std::ptrdiff_t>(repeated);
    if (std::equal(begin + static_cast<std::ptrdiff_t>(n), end, begin)) return n;
  }
  return 0;
}

// The answer, without thoughts.
std::string content_of(const text::OutputEvents& events) {
  std::string out;
  for (const text::OutputEvent& e : events)
    if (e.kind == text::OutputEvent::Kind::Content) out += e.text;
  return out;
}

std::string content_of(std::span<const TokenId> tokens, const text::Tokenizer& tokenizer) {
  text::OutputParser parser(tokenizer);
  std::string out;
  for (const TokenId t : tokens) out += content_of(parser.push(t));
  return out + content_of(parser.finish());
}

}  // namespace

std::string transcription_instruction(const TranscribeOptions& o) {
  if (!o.instruction.empty()) return o.instruction;
  const std::string spoken = o.language.empty() ? "its original language" : o.language;
  if (!o.translate_to.empty())
    return fmt::format(
        "Transcribe the following speech segment in {0}, then translate it into {1}.\nWhen formatting the answer, "
        "first "
        "output the transcription in {2}, then one newline, then output the string '{1}: ', then the translation in "
        "{1}.",
        spoken, o.translate_to, o.language.empty() ? "the original language" : o.language);
  return fmt::format(
      "Transcribe the following speech segment in {0}{1}.\n\nFollow these specific instructions for formatting the "
      "answer:\n* Only output the transcription, with no newlines.\n* When transcribing numbers, write the digits, "
      "i.e. "
      "write 1.7 and not one point seven, and write 3 instead of three.",
      spoken, o.language.empty() ? "" : fmt::format(" into {} text", o.language));
}

Transcriber::Transcriber(std::shared_ptr<const Engine> engine, std::string name, TranscribeOptions options)
    : engine_(std::move(engine)),
      name_(std::move(name)),
      options_(std::move(options)),
      // Nobody hears a segment twice: keeping what became of it would only take memory.
      encoder_(engine_, std::make_shared<EmbeddingCache>(EmbeddingCacheOptions{0, "", 0})),
      session_(engine_),
      segmenter_(options_.segments) {
  check_hears(*engine_, name_);
  check_context();
  encoder_.set_cancel(options_.cancel);
}

int Transcriber::max_tokens(double seconds) const noexcept {
  if (options_.max_tokens > 0) return options_.max_tokens;
  const int n = kTokensBeside + static_cast<int>(std::ceil(kTokensPerSecond * seconds));
  return options_.translate_to.empty() ? n : 2 * n;
}

// The longest segment, its instruction and its answer must fit.
void Transcriber::check_context() {
  const double longest = options_.segments.longest;
  const auto samples = static_cast<size_t>(longest * media::kSampleRate);
  const int n_sound = encoder_.takes_raw_sound() ? media::n_raw_audio_tokens(samples) : media::n_audio_tokens(samples);
  chat_template(*engine_);
  const auto n_text = engine_->tokenizer().encode(transcription_instruction(options_), text::Specials::Forbid).size();
  const int around = 32 + (options_.show_context ? 4 * static_cast<int>(kContextWords) : 0);
  const int needed = n_sound + static_cast<int>(n_text) + around + max_tokens(longest);
  if (session_.context() < needed)
    throw_error<RequestError>(
        "{}: a segment of {:.0f} s takes up to {} tokens of context with its text, and there are {}: "
        "raise the context",
        name_, longest, needed, session_.context());
}

MediaPrompt Transcriber::prompt(std::span<const float> samples) {
  std::string instruction = transcription_instruction(options_);
  if (options_.show_context && !tail_.empty())
    instruction += fmt::format("\n* The speech before this segment ended with: {}", tail_);
  const text::ChatJson words = {{"type", "text"}, {"text", instruction}}, sound = {{"type", "audio"}};
  text::ChatJson message = {{"role", "user"}, {"content", text::ChatJson::array()}};
  for (const text::ChatJson& part : {options_.sound_first ? sound : words, options_.sound_first ? words : sound})
    message["content"].push_back(part);
  text::ChatJson messages = text::ChatJson::array();
  messages.push_back(message);
  text::ChatOptions format;
  format.format = chat_template(*engine_);
  const text::Prompt rendered = text::render_chat(messages, nullptr, format);
  return assemble(rendered, engine_->tokenizer(), {encoder_.sound(samples, name_)});
}

std::string Transcriber::answer(const MediaPrompt& prompt, int max_tokens, bool& is_cut, const OnText& on_text) {
  GenerateOptions options = default_options(*engine_);
  options.sampling.temperature = 0;
  options.max_tokens = max_tokens;
  options.cancel = options_.cancel;
  text::OutputParser parser(engine_->tokenizer());
  std::vector<TokenId> tokens;
  std::string so_far;
  size_t n_circle = 0;
  const GenerateResult result = generate(session_, prompt, options, [&](const GenerateEvent& event) {
    if (event.token < 0) return true;
    tokens.push_back(event.token);
    const std::string more = content_of(parser.push(event.token));
    so_far += more;
    if (on_text && !more.empty() && options_.translate_to.empty()) on_text(one_line(so_far));
    n_circle = circle(tokens);
    return n_circle == 0;
  });
  if (result.finish == FinishReason::Cancelled) throw CancelledError();
  stats_.n_tokens += result.stats.n_generated;
  stats_.prompt_seconds += result.stats.prompt_seconds;
  stats_.decode_seconds += result.stats.decode_seconds;
  is_cut = n_circle > 0 || result.finish == FinishReason::Length;
  // One round of a circle may have been said.
  const size_t n_repeated = n_circle == 0 ? 0 : std::max(n_circle * kRounds, kLeastInCircles) - n_circle;
  return content_of(std::span(tokens).first(tokens.size() - n_repeated), engine_->tokenizer());
}

TranscribedSegment Transcriber::hear(int64_t start, std::span<const float> samples, const OnText& on_text) {
  TranscribedSegment segment;
  const auto n = static_cast<int64_t>(samples.size());
  segment.start = to_seconds(start);
  segment.end = to_seconds(start + n);
  stats_.heard_seconds += to_seconds(n);
  const std::string said = answer(prompt(samples), max_tokens(to_seconds(n)), segment.is_cut, on_text);
  if (options_.translate_to.empty())
    segment.text = one_line(said);
  else
    split_translation(said, options_.translate_to, segment);
  return segment;
}

// A segment whose last words the next one may say again waits for that one.
void Transcriber::put(TranscribedSegment segment, bool ends_inside, const OnSegment& on_segment) {
  if (held_) {
    text::remove_overlap(held_->text, segment.text);
    text::remove_overlap(held_->translation, segment.translation);
    on_segment(*held_);
    held_.reset();
  }
  if (ends_inside)
    held_ = std::move(segment);
  else
    on_segment(segment);
}

// Whether there was a segment.
bool Transcriber::take(const OnSegment& on_segment) {
  const auto segment = segmenter_.take();
  if (!segment) return false;
  TranscribedSegment heard = hear(segment->start, segment->samples, {});
  ++stats_.n_segments;
  const auto said = text::words(heard.text);
  if (!said.empty()) {
    const std::string_view first = said[said.size() - std::min(said.size(), kContextWords)];
    tail_ = heard.text.substr(static_cast<size_t>(first.data() - heard.text.data()));
  }
  put(std::move(heard), segment->ends_inside, on_segment);
  return true;
}

void Transcriber::push(std::span<const float> samples, const OnSegment& on_segment) {
  while (!samples.empty()) {
    if (options_.cancel != nullptr && *options_.cancel) throw CancelledError();
    samples = samples.subspan(segmenter_.push(samples));
    take(on_segment);
  }
}

void Transcriber::finish(const OnSegment& on_segment) {
  do segmenter_.finish();
  while (take(on_segment));
  if (held_) on_segment(*held_);
  held_.reset();
}

std::optional<TranscribedSegment> Transcriber::listen(const OnText& on_text) {
  const auto samples = segmenter_.open_samples();
  if (samples.size() < media::kMinClipSamples) return {};
  TranscribedSegment open = hear(segmenter_.open_start(), samples, on_text);
  return held_ ? one_segment(*held_, std::move(open)) : open;
}

double Transcriber::open_end() const noexcept {
  const auto n = static_cast<int64_t>(segmenter_.open_samples().size());
  return n == 0 ? 0 : to_seconds(segmenter_.open_start() + n);
}

double Transcriber::position() const noexcept { return to_seconds(segmenter_.position()); }

TranscriberStats Transcriber::stats() const {
  TranscriberStats stats = stats_;
  stats.media = encoder_.stats();
  return stats;
}

}  // namespace facet::runtime
