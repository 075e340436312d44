// What a person gives a command to read: a file, words on the command line, standard input.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "documents/document.h"

namespace facet::apps {

struct TextInput {
  std::string name;  // for messages: the path, or "standard input"
  documents::Format format = documents::Format::Text;
  std::string bytes;
};

// Of "" and "-" standard input, else the file; its format by the ending, `format` if it has none that is known. Throws
// RequestError.
TextInput read_text_input(const std::string& path, std::optional<documents::Format> format = {});

// Whether a word on the command line means a file: one is there, or the word ends as files do and has no spaces.
bool means_file(const std::string& word);
// Sound or video, by the ending, or by the first bytes of a file whose ending is not that of a text.
bool is_sound_file(const std::string& path);

// "text", "markdown", "html", "srt", "vtt": the formats that standard input can have.
documents::Format parse_text_format(const std::string& name);

// Throws RequestError when the file at `output` is one of the inputs, whatever it is called there: opening it would
// empty it. Either may be empty or "-", which is no file.
void check_spares_inputs(const std::string& output, std::span<const std::string> inputs);

// To the file at `path`, or to stdout when that is empty. Throws ResourceError.
void write_output(const std::string& path, const std::string& bytes);

}  // namespace facet::apps
