// facet tokenize: text to ids and back.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "apps/commands.h"
#include "apps/json_output.h"
#include "apps/model_options.h"
#include "apps/shipped_models.h"
#include "apps/terminal.h"
#include "base/error.h"
#include "model/config.h"
#include "runtime/tokenizer_loader.h"

namespace facet::apps {
namespace {

struct TokenizeFlags {
  std::string model, text;
  bool specials = false, bos = false, decode = false, json = false;
};

// The tokenizer alone: no weight is touched.
std::shared_ptr<const text::Tokenizer> load(const std::string& path) {
  if (std::filesystem::is_directory(path)) return runtime::load_tokenizer(path);
  const gguf::File file = gguf::File::open(path, built_in_files());
  return runtime::load_tokenizer(file, model::read_config(file).n_vocab);
}

std::vector<text::TokenId> parse_ids(const std::string& text, const text::Tokenizer& tokenizer) {
  std::string spaced = text;
  std::replace_if(
      spaced.begin(), spaced.end(), [](char c) { return c == ',' || c == '[' || c == ']' || c == '\n'; }, ' ');
  std::istringstream in(spaced);
  std::vector<text::TokenId> ids;
  for (std::string word; in >> word;) {
    const bool number = word.size() <= 9 && word.find_first_not_of("0123456789") == std::string::npos;
    if (!number || std::stoi(word) >= tokenizer.n_tokens())
      throw_error<RequestError>("\"{}\" is not a token id below {}", word, tokenizer.n_tokens());
    ids.push_back(std::stoi(word));
  }
  return ids;
}

void print_ids(const std::vector<text::TokenId>& ids, const text::Tokenizer& tokenizer, bool json) {
  if (json) {
    text::ChatJson pieces = text::ChatJson::array();
    for (const auto id : ids) pieces.push_back(std::string(tokenizer.piece(id)));
    return print_json({{"ids", ids}, {"pieces", pieces}});
  }
  for (const auto id : ids) fmt::print("{:>8}  {}\n", id, text::chat_json_text(std::string(tokenizer.piece(id))));
}

int tokenize(const TokenizeFlags& flags) {
  const auto tokenizer = load(find_model(flags.model));
  const std::string text = flags.text.empty() && !stdin_is_terminal() ? read_stdin() : flags.text;
  if (flags.decode) {
    const std::string decoded = tokenizer->decode(parse_ids(text, *tokenizer), !flags.specials);
    if (flags.json)
      print_json({{"text", decoded}});
    else
      fmt::print("{}\n", decoded);
    return 0;
  }
  auto ids = tokenizer->encode(text, flags.specials ? text::Specials::Allow : text::Specials::Forbid);
  if (flags.bos && tokenizer->bos()) ids.insert(ids.begin(), *tokenizer->bos());
  print_ids(ids, *tokenizer, flags.json);
  return 0;
}

}  // namespace

void add_tokenize(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("tokenize", "Text to token ids, and back");
  const auto flags = std::make_shared<TokenizeFlags>();
  command->add_option("TEXT", flags->text, "The text, or with --decode the ids [standard input]");
  command->add_option("-m,--model", flags->model, "A .gguf, a checkpoint folder, or a name in the library")
      ->type_name("MODEL");
  command->add_flag("--specials", flags->specials, "Let control tokens be recognised (or, decoding, be shown)");
  command->add_flag("--bos", flags->bos, "Begin with <bos>");
  command->add_flag("--decode", flags->decode, "From ids to text");
  command->add_flag("--json", flags->json, "One JSON object on stdout");
  command->footer(
      "Examples:\n  facet tokenize \"Hello, world!\"\n  facet tokenize --decode \"9259 236764 1902 236888\"");
  command->callback([flags, &action] { action = [flags] { return tokenize(*flags); }; });
}

}  // namespace facet::apps
