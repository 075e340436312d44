// Sampling defaults and chat family that a model's files state. Internal to runtime/.
#pragma once

#include <string>

#include "gguf/reader.h"
#include "model/config.h"
#include "runtime/engine.h"

namespace facet::runtime {

GenerationDefaults read_defaults(const gguf::File& file, const text::Tokenizer& tokenizer);
GenerationDefaults read_defaults(const std::string& folder, const text::Tokenizer& tokenizer);

ChatFamily read_chat_family(const gguf::File& file, const model::Config& config, const text::Tokenizer& tokenizer);
ChatFamily read_chat_family(const std::string& folder, const model::Config& config, const text::Tokenizer& tokenizer);

}  // namespace facet::runtime
