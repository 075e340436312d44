// /page/documents: a text document as segments that can be translated, and the document again with others in their
// place. Nothing of it is stored.
#include <fmt/format.h>

#include "base/error.h"
#include "documents/document.h"
#include "documents/placeholders.h"
#include "server/json_reading.h"
#include "server/multipart.h"
#include "server/page/handlers.h"

namespace facet::server {
namespace {

using documents::Document;
using documents::Format;
using documents::Pieces;
using documents::Segment;

constexpr std::string_view kDocx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

Format format_of(const std::string& name) {
  if (const auto format = documents::format_of(name)) return *format;
  throw ApiError(ApiError::Kind::Unsupported,
                 fmt::format("\"{}\" is no text document: expected a file .txt, .md, .html, .srt, .vtt or .docx",
                             printable(name, 200)),
                 "name");
}

std::unique_ptr<Document> read_document(Format format, std::string bytes, const std::string& name) {
  try {
    return documents::split(format, std::move(bytes), printable(name, 200));
  } catch (const ResourceError& e) {
    throw ApiError(ApiError::Kind::Unsupported, e.what(), "name");  // this build is without the format
  }
}

void send_segments(http::Exchange& exchange) {
  const std::string name(exchange.request().parameter("name"));
  const Format format = format_of(name);
  const auto document = read_document(format, exchange.request().body, name);
  Json segments = Json::array();
  for (const Segment& segment : document->segments()) {
    const auto text = documents::with_placeholders(segment);
    segments.push_back(text ? Json(*text) : Json());
  }
  reply_page_json(exchange, to_json_text(Json{{"format", documents::format_name(format)},
                                              {"text", documents::reader_text(*document, format)},
                                              {"segments", std::move(segments)}}));
}

// The pieces of each segment; those that are null, or have lost a tag, as they were, which are counted.
std::vector<Pieces> read_segments(const Document& document, std::string_view text, int& n_kept) {
  const Json segments = Json::parse(text);
  if (!segments.is_array() || segments.size() != document.segments().size())
    throw_invalid("segments", fmt::format("expected a list of {}, as the document has", document.segments().size()));
  std::vector<Pieces> out;
  for (const Segment& segment : document.segments()) {
    const Json& given = segments[out.size()];
    if (!given.is_string() && !given.is_null())
      throw_invalid(item_place("segments", out.size()), fmt::format("expected a string, got {}", json_type(given)));
    const auto pieces =
        given.is_string() ? documents::without_placeholders(segment, given.get<std::string>()) : std::nullopt;
    n_kept += !pieces;
    out.push_back(pieces.value_or(segment.pieces));
  }
  return out;
}

void send_translated(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const auto parts = parse_multipart(request.header("content-type"), request.body);
  const FormPart *file = nullptr, *segments = nullptr;
  for (const FormPart& part : parts) {
    if (part.name == "document") file = &part;
    if (part.name == "segments") segments = &part;
  }
  if (!file) throw_invalid("document", "is missing");
  if (!segments) throw_invalid("segments", "is missing");
  const Format format = format_of(file->filename);
  const auto document = read_document(format, std::string(file->content), file->filename);
  int n_kept = 0;
  std::string bytes = document->join(read_segments(*document, segments->content, n_kept));
  exchange.reply(
      200, std::string(format == Format::Docx ? kDocx : "text/plain; charset=utf-8"), std::move(bytes),
      {{"Content-Disposition", "attachment"}, {"X-Facet-Kept", std::to_string(n_kept)}, {"Cache-Control", "no-store"}});
}

}  // namespace

http::Routes document_routes_of_page() {
  return {{"POST", "/page/documents", [](const ExchangePtr& exchange) { send_segments(*exchange); }},
          {"POST", "/page/documents/translated", [](const ExchangePtr& exchange) { send_translated(*exchange); }}};
}

}  // namespace facet::server
