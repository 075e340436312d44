// /page/media: what messages show, and what the model will see of it.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "media/image_budget.h"
#include "media/pdf.h"
#include "media/png_writer.h"
#include "media/resize.h"
#include "server/json_reading.h"
#include "server/key_models.h"
#include "server/page/clock.h"
#include "server/page/handlers.h"
#include "server/page/media_store.h"
#include "server/service.h"

namespace facet::server {
namespace {

constexpr std::string_view kMedia = "/page/media/";

media::Image picture_of(const PageMedium& medium) {
  if (medium.kind != "image") throw_invalid("media", fmt::format("'{}' is no picture", medium.id));
  return media::decode_image(std::as_bytes(std::span(medium.bytes)), medium.name.empty() ? medium.id : medium.name);
}

// The programs that draw PDF pages read files.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    path_ = (std::filesystem::temp_directory_path() / "facet-page-XXXXXX").string();
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) throw_error<ResourceError>("{}: cannot be made, so no page is drawn", path_);
    ::close(fd);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

int number_of(std::string_view text, const char* place, int low, int high) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < low || number > high)
    throw_invalid(place, fmt::format("expected a whole number from {} to {}", low, high));
  return number;
}

class MediaEndpoint {
 public:
  MediaEndpoint(Service& service, std::shared_ptr<PageMediaStore> store)
      : service_(service), store_(std::move(store)) {}

  void upload(http::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const PageMedium medium = read_page_medium(request.body, std::string(request.parameter("name")),
                                               std::string(request.header("content-type")));
    store_->forget_unused_now_and_then(now_milliseconds());
    store_->put(page_owner(request), medium);
    reply_page_json(exchange, to_json_text({{"id", medium.id},
                                            {"bytes", medium.bytes.size()},
                                            {"kind", medium.kind},
                                            {"type", medium.type},
                                            {"name", medium.name}}));
  }

  void get(http::Exchange& exchange) {
    const auto path = path_segments(exchange.request(), kMedia);
    PageMedium medium = store_->get(page_owner(exchange.request()), path[0]);
    if (path.size() == 1) return send(exchange, std::move(medium));
    if (path.size() == 2 && path[1] == "seen") return send_seen(exchange, medium);
    if (path.size() == 3 && path[1] == "pages") return send_page(exchange, medium, path[2]);
    throw_no_path(exchange.request());
  }

  void preview(http::Exchange& exchange) {
    const auto path = path_segments(exchange.request(), kMedia);
    if (path.size() != 2 || path[1] != "preview") throw_no_path(exchange.request());
    const PageMedium medium = store_->get(page_owner(exchange.request()), path[0]);
    if (medium.type == "application/pdf")
      return with_pdf(exchange, medium, 100, [&exchange](const media::PdfDocument& document) {
        reply_page_json(exchange, to_json_text({{"pages", document.n_pages()}}));
      });
    const media::Image image = picture_of(medium);
    const media::BudgetChoice choice = choose(exchange.request(), image);
    constexpr int kPatchSide = 16;
    reply_page_json(exchange,
                    to_json_text({{"width", image.width},
                                  {"height", image.height},
                                  {"budget", choice.budget},
                                  {"resized_width", choice.size.width},
                                  {"resized_height", choice.size.height},
                                  {"soft_tokens", choice.n_soft},
                                  {"patches", choice.size.width / kPatchSide * choice.size.height / kPatchSide},
                                  {"why", choice.why}}));
  }

 private:
  // Nothing of it runs, whatever it is; where it might be shown as a page it is a file to keep; and what is deleted
  // here is in no browser's cache.
  static void send(http::Exchange& exchange, PageMedium medium) {
    std::string name;
    for (const char c : medium.name) name += c == '"' || c == '\\' || static_cast<unsigned char>(c) >= 0x7f ? '_' : c;
    exchange.reply(200, medium.type, std::move(medium.bytes),
                   {{"Content-Disposition",
                     fmt::format("{}; filename=\"{}\"", medium.kind == "document" ? "attachment" : "inline", name)},
                    {"Content-Security-Policy", "sandbox; default-src 'none'"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Cache-Control", "no-store"}});
  }

  // As chat requests choose it.
  media::BudgetChoice choose(const http::Request& request, const media::Image& image) {
    const std::string name(request.parameter("model"));
    check_key_model(request, service_, name);
    const ModelInfo model = service_.model(name);
    if (!model.sees)
      throw ApiError(ApiError::Kind::Unsupported, fmt::format("the model {} sees no pictures", model.name), "model");
    const std::string_view wanted = request.parameter("budget");
    const auto budget =
        wanted.empty() ? std::optional(model.image_budget) : media::parse_image_budget(wanted, model.image_budget);
    return media::choose_budget(image, budget, model.context);
  }

  void send_seen(http::Exchange& exchange, const PageMedium& medium) {
    const media::Image image = picture_of(medium);
    const media::BudgetChoice choice = choose(exchange.request(), image);
    send_picture(exchange, media::resize(image, choice.size));
  }

  static void send_picture(http::Exchange& exchange, const media::Image& image) {
    exchange.reply(200, "image/png", media::encode_png(image), {{"Cache-Control", "no-store"}});
  }

  static void send_page(http::Exchange& exchange, const PageMedium& medium, const std::string& page) {
    const std::string_view width = exchange.request().parameter("width");
    const int n = number_of(page, "page", 1, 1'000'000);
    const int side = width.empty() ? 1200 : number_of(width, "width", 16, 4000);
    with_pdf(exchange, medium, side, [&](const media::PdfDocument& document) {
      if (n > document.n_pages()) throw_invalid("page", fmt::format("the document has {}", document.n_pages()));
      send_picture(exchange, document.page(n));
    });
  }

  template <class Use>
  static void with_pdf(http::Exchange& exchange, const PageMedium& medium, int side, Use&& use) {
    if (medium.type != "application/pdf") throw_invalid("media", fmt::format("'{}' is no PDF document", medium.id));
    const TemporaryFile file(medium.bytes);
    try {
      use(media::PdfDocument(file.path(), {.long_side = side}));
    } catch (const ResourceError&) {
      const ApiError error(ApiError::Kind::Unsupported,
                           "PDF pages are drawn by pdftoppm (package poppler-utils) or mutool (package mupdf-tools): "
                           "install one of them where the server runs");
      exchange.reply(501, "application/json", error_body(Dialect::OpenAi, error));
    } catch (const FormatError& e) {
      std::string line = e.what();  // names the file that only this server knows
      if (const size_t at = line.find(file.path()); at != std::string::npos)
        line.replace(at, file.path().size(), medium.name.empty() ? "the document" : medium.name);
      throw FormatError(line);
    }
  }

  Service& service_;
  const std::shared_ptr<PageMediaStore> store_;
};

}  // namespace

http::Routes media_routes_of_page(Service& service, std::shared_ptr<PageMediaStore> store) {
  const auto endpoint = std::make_shared<MediaEndpoint>(service, std::move(store));
  const std::string one = std::string(kMedia) + "*";
  return {{"POST", "/page/media", [endpoint](const ExchangePtr& exchange) { endpoint->upload(*exchange); }},
          {"GET", one, [endpoint](const ExchangePtr& exchange) { endpoint->get(*exchange); }},
          {"POST", one, [endpoint](const ExchangePtr& exchange) { endpoint->preview(*exchange); }}};
}

}  // namespace facet::server
