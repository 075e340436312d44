// From a model's files to its Tokenizer: the bridge between gguf/ or a checkpoint folder and text/, which knows
// neither.
#pragma once

#include <memory>
#include <string>

#include "gguf/reader.h"
#include "text/tokenizer.h"

namespace facet::runtime {

// n_rows: rows of the embedding, one for each token. Throws FormatError.
std::shared_ptr<const text::Tokenizer> load_tokenizer(const gguf::File& file, int n_rows);
// folder/tokenizer.json.
std::shared_ptr<const text::Tokenizer> load_tokenizer(const std::string& folder);

}  // namespace facet::runtime
