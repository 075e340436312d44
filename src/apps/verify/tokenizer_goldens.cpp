// Encoding and decoding vectors, against the small vocabulary beside them or the downloaded real one.
#include "apps/verify/json_file.h"
#include "apps/verify/verify.h"
#include "apps/verify/vocabulary_files.h"
#include "text/tokenizer.h"

namespace facet::verify {
namespace {

namespace fs = std::filesystem;
using text::Specials;
using text::TokenId;

void check_encode(const text::Tokenizer& t, const Json& line, Case& result, size_t n) {
  const auto text = line.at("text").get<std::string>();
  const auto ids = line.at("ids").get<std::vector<TokenId>>();
  const std::string where = fmt::format("line {}: ", n + 1);
  result.expect(t.encode(text, Specials::Allow) == ids, where + "ids differ");
  result.expect(t.encode(text, Specials::Forbid) == line.value("plain_ids", ids), where + "plain ids differ");
  const auto decoded = line.value("decoded", text);
  result.expect(t.decode(ids, false) == decoded, where + "decoded text differs");
  result.expect(t.decode(ids, true) == line.value("decoded_skip_special", decoded),
                where + "decoded text without specials differs");
}

void check_decode(const text::Tokenizer& t, const Json& line, Case& result, size_t n) {
  const auto ids = line.at("ids").get<std::vector<TokenId>>();
  const std::string where = fmt::format("line {}: ", n + 1);
  result.expect(t.decode(ids, false) == line.at("text").get<std::string>(), where + "text differs");
  if (line.contains("text_skip_special"))
    result.expect(t.decode(ids, true) == line["text_skip_special"].get<std::string>(),
                  where + "text without specials differs");
}

}  // namespace

void run_tokenizer_goldens(const fs::path& file, Report& report) {
  const std::string name = "tokenizer/" + file.stem().string();
  if (!report.wants(name)) return;
  const bool real = file.filename().string().starts_with("real");
  const fs::path vocabulary = real ? real_vocabulary() : small_vocabulary(file);
  if (vocabulary.empty()) {
    report.skip(name, real ? "the real vocabulary was not downloaded (scripts/fetch-test-assets.sh)"
                           : "no checkpoint with the vocabulary beside it");
    return;
  }
  const auto tokenizer = load_vocabulary(vocabulary);
  Case result(report, name);
  const auto lines = read_json_lines(file);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (file.stem().string().ends_with("encode"))
      check_encode(*tokenizer, lines[i], result, i);
    else
      check_decode(*tokenizer, lines[i], result, i);
  }
  result.expect(!lines.empty(), "holds no lines");
  result.finish();
}

}  // namespace facet::verify
