// /page/documents: a text document as segments that can be translated, and the document again with others in their
// place. Nothing of it is stored.
#include <fmt/format.h>

#include <mutex>

#include "base/error.h"
#include "documents/document.h"
#include "documents/placeholders.h"
#include "server/json_reading.h"
#include "server/multipart.h"
#include "server/page/handlers.h"
#include "text/chat.h"

namespace facet::server {
namespace {

using documents::Document;
using documents::Format;
using documents::Piece;
using documents::Pieces;
using documents::Segment;

constexpr std::string_view kDocx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
// Of a document, unpacked. As JSON it is several times as much.
constexpr size_t kMaxBytes = size_t{16} << 20;

Format format_of(const std::string& name) {
  if (const auto format = documents::format_of(name)) return *format;
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("\"{}\" is no text document: expected a file .txt, .md, .html, .srt, .vtt or .docx",
                             printable(name, 200)),
                 "name");
}

std::unique_ptr<Document> read_document(Format format, std::string bytes, const std::string& name) {
  try {
    return documents::split(format, std::move(bytes), printable(name, 200), kMaxBytes);
  } catch (const ResourceError& e) {
    throw ApiError(ApiError::Kind::Unsupported, e.what(), "name");  // this build is without the format
  }
}

// Words with tags for the marks; where words look like such tags, the words of each piece.
Json segment_json(const Segment& segment) {
  if (const auto text = documents::with_placeholders(segment)) return *text;
  Json pieces = Json::array();
  for (const Piece& piece : segment.pieces)
    if (piece.mark == 0) pieces.push_back(piece.text);
  return pieces;
}

// The segment's pieces with these words in them; nothing where they are not as many.
std::optional<Pieces> with_words(const Segment& segment, const Json& words) {
  Pieces pieces = segment.pieces;
  size_t n = 0;
  for (Piece& piece : pieces) {
    if (piece.mark > 0) continue;
    if (n == words.size() || !words[n].is_string()) return {};
    piece.text = words[n++].get<std::string>();
  }
  if (n != words.size()) return {};
  return pieces;
}

// What a client made of a segment, as segment_json() gave it; null: it stays as it was.
std::optional<Pieces> read_segment(const Segment& segment, const Json& given, size_t index) {
  if (given.is_null()) return segment.pieces;
  if (given.is_array()) return with_words(segment, given);
  if (given.is_string()) return documents::without_placeholders(segment, given.get<std::string>());
  throw_invalid(item_place("segments", index), fmt::format("expected a string, got {}", json_type(given)));
}

Json parse_segments(std::string_view text, size_t n_wanted) {
  Json segments;
  try {
    segments = text::parse_chat_json(text);
  } catch (const Error& e) {
    throw_invalid("segments", fmt::format("no JSON: {}", e.what()));
  }
  if (!segments.is_array() || segments.size() != n_wanted)
    throw_invalid("segments", fmt::format("expected a list of {}, as the document has", n_wanted));
  return segments;
}

// Large documents take much memory: one at a time.
class DocumentEndpoint {
 public:
  void send_segments(http::Exchange& exchange) {
    const std::scoped_lock lock(mutex_);
    const std::string name(exchange.request().parameter("name"));
    const Format format = format_of(name);
    const auto document = read_document(format, exchange.request().body, name);
    Json segments = Json::array();
    for (const Segment& segment : document->segments()) segments.push_back(segment_json(segment));
    reply_page_json(exchange, to_json_text(Json{{"format", documents::format_name(format)},
                                                {"text", documents::reader_text(*document, format)},
                                                {"segments", std::move(segments)}}));
  }

  // The document, or which segments have lost a tag.
  void send_translated(http::Exchange& exchange) {
    const std::scoped_lock lock(mutex_);
    const http::Request& request = exchange.request();
    const auto parts = parse_multipart(request.header("content-type"), request.body);
    const FormPart& file = part_of(parts, "document");
    const Format format = format_of(file.filename);
    const auto document = read_document(format, std::string(file.content), file.filename);
    const Json given = parse_segments(part_of(parts, "segments").content, document->segments().size());
    std::vector<Pieces> translated;
    Json lost = Json::array();
    for (const Segment& segment : document->segments()) {
      auto pieces = read_segment(segment, given[translated.size()], translated.size());
      if (!pieces) lost.push_back(translated.size());
      translated.push_back(pieces ? std::move(*pieces) : Pieces());
    }
    if (!lost.empty()) return reply_page_json(exchange, to_json_text(Json{{"lost", std::move(lost)}}));
    exchange.reply(200, std::string(format == Format::Docx ? kDocx : "text/plain; charset=utf-8"),
                   document->join(translated), {{"Content-Disposition", "attachment"}, {"Cache-Control", "no-store"}});
  }

 private:
  static const FormPart& part_of(const std::vector<FormPart>& parts, const char* name) {
    for (const FormPart& part : parts)
      if (part.name == name) return part;
    throw_invalid(name, "is missing");
  }

  std::mutex mutex_;
};

}  // namespace

http::Routes document_routes_of_page() {
  const auto endpoint = std::make_shared<DocumentEndpoint>();
  return {{"POST", "/page/documents", [endpoint](const ExchangePtr& exchange) { endpoint->send_segments(*exchange); }},
          {"POST", "/page/documents/translated",
           [endpoint](const ExchangePtr& exchange) { endpoint->send_translated(*exchange); }}};
}

}  // namespace facet::server
