// A realtime session as a client meets it, over a service whose words are known.
#include "server/dialects/openai/realtime/realtime_dialog.h"

#include <gtest/gtest.h>

#include "http/keys.h"
#include "server/base64.h"
#include "server/dialects/openai/realtime/realtime.h"
#include "server/test_service.h"

namespace facet::server {
namespace {

class RealtimeDialogTest : public testing::Test {
 protected:
  void begin(const RealtimeSettings& settings = {}) {
    dialog = std::make_unique<RealtimeDialog>(service, request, settings, cancel,
                                              [this](Json event) { events.push_back(std::move(event)); });
    dialog->begin();
  }
  void take(const Json& event) { dialog->take(parse_realtime_event(event), event.value("event_id", "")); }
  void update(const Json& session, const char* type = "session.update") {
    take({{"type", type}, {"event_id", "e1"}, {"session", session}});
  }
  // So many samples of one value, at 16 kHz.
  void append(int16_t value, size_t n = 1600) {
    std::string bytes;
    for (size_t i = 0; i < n; ++i) bytes += {static_cast<char>(value & 0xff), static_cast<char>(value >> 8)};
    take({{"type", "input_audio_buffer.append"}, {"audio", to_base64(bytes)}});
  }
  static Json at_16_khz(Json input = Json::object()) {
    input["format"] = {{"type", "audio/pcm"}, {"rate", 16000}};
    return {{"type", "transcription"}, {"audio", {{"input", std::move(input)}}}};
  }
  std::string types() const {
    std::string all;
    for (const Json& event : events) all += event.at("type").get<std::string>() + "\n";
    return all;
  }
  const Json& last() const { return events.back(); }

  TestService service;
  http::Request request;
  std::atomic<bool> cancel{false};
  std::vector<Json> events;
  std::unique_ptr<RealtimeDialog> dialog;
};

TEST_F(RealtimeDialogTest, SpeechBecomesAnItemAndItsTranscript) {
  begin();
  update(at_16_khz());
  append(0);
  append(1000);
  append(0);
  EXPECT_EQ(types(),
            "session.created\nsession.updated\ninput_audio_buffer.speech_started\ninput_audio_buffer.speech_stopped\n"
            "input_audio_buffer.committed\nconversation.item.added\nconversation.item.done\n"
            "conversation.item.input_audio_transcription.delta\nconversation.item.input_audio_transcription.delta\n"
            "conversation.item.input_audio_transcription.completed\n");
  const std::string item = events[2]["item_id"];
  EXPECT_EQ(events[2]["audio_start_ms"], 100);
  EXPECT_EQ(events[3]["audio_end_ms"], 200);
  for (size_t i = 2; i < events.size(); ++i)
    EXPECT_EQ(events[i].contains("item") ? events[i]["item"]["id"] : events[i]["item_id"], item) << events[i];
  EXPECT_EQ(events[5]["item"]["role"], "user");
  EXPECT_EQ(events[5]["item"]["content"][0]["type"], "input_audio");
  EXPECT_TRUE(events[4]["previous_item_id"].is_null());
  EXPECT_EQ(events[7]["delta"].get<std::string>() + events[8]["delta"].get<std::string>(), "one two");
  EXPECT_EQ(last()["transcript"], "one two");
  EXPECT_EQ(last()["usage"], Json::parse(R"({"type": "duration", "seconds": 0.5})"));
  append(1000);
  append(0);
  EXPECT_NE(last()["item_id"], item);
  EXPECT_EQ(events[events.size() - 6]["previous_item_id"], item);
}

TEST_F(RealtimeDialogTest, WithoutTurnDetectionTheClientCommits) {
  begin();
  update(at_16_khz({{"turn_detection", nullptr}, {"transcription", {{"model", "nano"}, {"language", "de"}}}}));
  EXPECT_TRUE(last()["session"]["audio"]["input"]["turn_detection"].is_null());
  append(1000);
  append(0);
  EXPECT_EQ(types(), "session.created\nsession.updated\n");
  take({{"type", "input_audio_buffer.commit"}});
  EXPECT_EQ(last()["transcript"], "one two");
  EXPECT_EQ(types().find("speech_"), std::string::npos);
  ASSERT_EQ(service.listened.size(), 1u);
  EXPECT_FALSE(service.listened[0].finds_turns);
  EXPECT_EQ(service.listened[0].language, "de");
  take({{"type", "input_audio_buffer.commit"}, {"event_id", "e7"}});
  EXPECT_EQ(last()["error"]["code"], "input_audio_buffer_commit_empty");
  EXPECT_EQ(last()["error"]["event_id"], "e7");
}

TEST_F(RealtimeDialogTest, WhatIsClearedIsNotHeard) {
  begin();
  update(at_16_khz());
  append(1000);
  take({{"type", "input_audio_buffer.clear"}});
  EXPECT_EQ(last()["type"], "input_audio_buffer.cleared");
  append(0);
  EXPECT_EQ(last()["type"], "input_audio_buffer.cleared");
}

TEST_F(RealtimeDialogTest, SettingsOfTheBeta) {
  begin();
  update({{"input_audio_format", "pcm16"},
          {"input_audio_transcription", {{"model", "nano"}, {"language", "en"}, {"prompt", "names"}}},
          {"turn_detection", {{"type", "server_vad"}, {"silence_duration_ms", 700}, {"prefix_padding_ms", 200}}}},
         "transcription_session.update");
  EXPECT_EQ(last()["type"], "transcription_session.updated");
  EXPECT_EQ(last()["session"]["input_audio_format"], "pcm16");
  EXPECT_EQ(last()["session"]["turn_detection"]["silence_duration_ms"], 700);
  append(1000, 2400);
  append(0, 2400);
  EXPECT_NE(types().find("conversation.item.created\n"), std::string::npos) << types();
  EXPECT_EQ(types().find("conversation.item.added\n"), std::string::npos);
  EXPECT_EQ(service.listened.at(0).silence, 0.7);
  EXPECT_EQ(service.listened.at(0).padding, 0.2);
  EXPECT_EQ(service.listened.at(0).language, "en");
}

TEST_F(RealtimeDialogTest, OnlyWhatAnUpdateNamesChanges) {
  begin();
  update(at_16_khz({{"turn_detection", {{"type", "server_vad"}, {"silence_duration_ms", 900}}}}));
  update({{"type", "transcription"}, {"audio", {{"input", {{"transcription", {{"language", "fr"}}}}}}}});
  const Json& input = last()["session"]["audio"]["input"];
  EXPECT_EQ(input["format"]["rate"], 16000);
  EXPECT_EQ(input["turn_detection"]["silence_duration_ms"], 900);
  EXPECT_EQ(input["transcription"]["language"], "fr");
}

TEST_F(RealtimeDialogTest, AnUpdateBeginsAnewAndTimeGoesOn) {
  begin();
  update(at_16_khz());
  append(0, 8000);
  update(at_16_khz());
  append(0, 8000);
  append(1000);
  EXPECT_EQ(last()["audio_start_ms"], 1000);
}

TEST_F(RealtimeDialogTest, WhatCannotBeHadIsRefusedAndChangesNothing) {
  begin();
  const auto refused = [&](const Json& session) {
    update(session);
    EXPECT_EQ(last()["type"], "error") << session;
    EXPECT_EQ(last()["error"]["event_id"], "e1");
    return last()["error"].value("param", Json());
  };
  EXPECT_EQ(refused({{"type", "realtime"}}), "session.type");
  EXPECT_EQ(refused({{"include", {"item.input_audio_transcription.logprobs"}}}), "session.include");
  EXPECT_EQ(refused({{"input_audio_format", "g711_ulaw"}}), "session.input_audio_format");
  EXPECT_EQ(refused({{"audio", {{"input", {{"format", {{"type", "audio/pcmu"}}}}}}}}),
            "session.audio.input.format.type");
  EXPECT_EQ(refused({{"audio", {{"input", {{"format", {{"rate", 4000}}}}}}}}), "session.audio.input.format.rate");
  EXPECT_EQ(refused({{"turn_detection", {{"type", "semantic_vad"}}}}), "session.turn_detection.type");
  EXPECT_EQ(refused({{"turn_detection", {{"silence_duration_ms", 1}}}}), "session.turn_detection.silence_duration_ms");
  EXPECT_EQ(refused({{"turn_detection", {{"threshold", "loud"}}}}), "session.turn_detection.threshold");
  EXPECT_EQ(refused({{"input_audio_transcription", {{"language", "xx"}}}}),
            "session.input_audio_transcription.language");
  EXPECT_EQ(refused({{"input_audio_transcription", {{"model", "none"}}}}), "model");
  service.info.hears = false;
  EXPECT_EQ(refused({{"input_audio_transcription", {{"language", "fr"}}}}), "model");
  service.info.hears = true;
  update(Json::object());
  EXPECT_EQ(last()["session"]["audio"]["input"]["format"]["rate"], 24000);
  EXPECT_TRUE(last()["session"]["audio"]["input"]["transcription"]["language"].is_null());
}

TEST_F(RealtimeDialogTest, AFailedTranscriptIsTheItemsAndTheNextOneSucceeds) {
  begin();
  update(at_16_khz());
  append(32000);
  append(0);
  EXPECT_EQ(last()["type"], "conversation.item.input_audio_transcription.failed");
  EXPECT_EQ(last()["error"]["message"], "too loud");
  EXPECT_TRUE(last().contains("item_id"));
  append(1000);
  append(0);
  EXPECT_EQ(last()["transcript"], "one two");
}

TEST_F(RealtimeDialogTest, AKeyForOtherModelsHearsNothing) {
  http::Key key;
  key.name = "laptop";
  key.models = {"other"};
  request.key = std::make_shared<const http::Key>(key);
  begin();
  append(0);
  EXPECT_EQ(last()["error"]["type"], "permission_error");
  EXPECT_TRUE(dialog->is_over());
  EXPECT_TRUE(service.listened.empty());
}

TEST(RealtimeEvents, ThatAreNoneSayWhy) {
  const auto refused = [](const char* text) -> std::string {
    try {
      parse_realtime_event(parse_body(text));
    } catch (...) {
      return to_api_error(std::current_exception()).what();
    }
    return "";
  };
  EXPECT_EQ(refused(R"({"type": "input_audio_buffer.append", "audio": "AAA*"})"),
            "audio: bad base64: '*' at character 4");
  EXPECT_EQ(refused(R"({"type": "input_audio_buffer.append"})"), "audio: is missing");
  EXPECT_EQ(refused(R"({"type": "session.update"})"), "session: is missing");
  EXPECT_EQ(refused(R"({"type": "session.update", "session": []})"), "session: expected an object, got a list");
  EXPECT_EQ(refused(R"({"type": "hello"})"), "type: 'hello' is no event of a client");
  EXPECT_NE(refused(R"({"type": "response.create"})").find("make no sound"), std::string::npos);
  EXPECT_NE(refused("{"), "");
  EXPECT_NE(refused("[]"), "");
}

}  // namespace
}  // namespace facet::server
