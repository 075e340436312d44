// A transcript in the formats that clients ask for.
#pragma once

#include <string>

#include "server/service.h"

namespace facet::server {

// ApiError for another than json, text, srt, vtt or verbose_json.
void check_transcript_format(const std::string& format);
// task: "transcribe" or "translate", which verbose_json repeats.
std::string transcript_text(const TranscriptionResult& result, const std::string& format, const std::string& task);

}  // namespace facet::server
