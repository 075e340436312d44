// `facet verify`: finds golden directories and conformance files below the given paths by what they hold, and runs
// them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/verify/report.h"

namespace facet::verify {

// Walks a directory or takes a single file; throws RequestError when it does not exist. Formats: docs/numerics.md.
void run_path(const std::filesystem::path& path, Report& report);

// One function per kind. Each reports its cases and throws only on files that are not what they seem.
void run_text_goldens(const std::filesystem::path& folder, Report& report);        // text.json and text_*.safetensors
void run_media_goldens(const std::filesystem::path& folder, Report& report);       // vision.json, audio.json, ...
void run_projector_goldens(const std::filesystem::path& file, Report& report);     // NAME-mmproj-TYPE.gguf
void run_gguf_goldens(const std::filesystem::path& folder, Report& report);        // *.gguf and logits.json
void run_quant_goldens(const std::filesystem::path& file, Report& report);         // NAME.safetensors of block vectors
void run_tokenizer_goldens(const std::filesystem::path& file, Report& report);     // *encode.jsonl, *decode.jsonl
void run_real_model_goldens(const std::filesystem::path& folder, Report& report);  // greedy.json, logprobs.json, ...
void run_trained_cases(const std::filesystem::path& folder, Report& report);       // a checkpoint with cases.json
void run_processor_goldens(const std::filesystem::path& folder, Report& report);   // processors.json, media/
void run_chat_file(const std::filesystem::path& file, Report& report);             // rendering and parsing cases

}  // namespace facet::verify
