#include "media/microphone.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace facet::media {
namespace {

std::string microphone_error(const std::string& device) {
  try {
    open_microphone(device);
  } catch (const ResourceError& e) {
    return e.what();
  }
  return "no error";
}

#ifdef FACET_MICROPHONE
TEST(Microphone, AnUnknownDeviceIsAnErrorInOneLineAndNothingIsPrinted) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const std::string message = microphone_error("no device has this name");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(message.starts_with("microphone: ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(Microphone, RecordsATenthOfASecond) {
  if (microphones().empty()) GTEST_SKIP() << "this machine has no device that records";
  std::vector<float> samples(kSampleRate / 10);
  EXPECT_GT(open_microphone()->read(samples), 0u);
}
#else
TEST(Microphone, NeedsPortAudio) {
  EXPECT_NE(microphone_error("").find("-DFACET_MICROPHONE=ON"), std::string::npos) << microphone_error("");
}
#endif

}  // namespace
}  // namespace facet::media
