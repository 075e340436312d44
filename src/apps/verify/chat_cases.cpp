#include "apps/verify/verify.h"

namespace facet::verify {

void run_chat_file(const std::filesystem::path& file, Report& report) {
  report.skip(file.stem().string(), "chat cases need the renderer");
}

}  // namespace facet::verify
