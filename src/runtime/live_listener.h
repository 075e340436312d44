// Who is told what is said in live sound.
#pragma once

#include <string>
#include <string_view>

namespace facet::runtime {

// In order, from within what the sound is given to. Times are seconds of sound since its beginning.
class LiveListener {
 public:
  virtual ~LiveListener() = default;
  virtual void on_speech(double start) = 0;  // of a turn that silence will end
  virtual void on_turn(double end) = 0;      // a turn is complete: its words follow
  virtual void on_words(std::string_view more) = 0;
  // The whole, also where on_words() told less or, as of a model that went round in circles, more. seconds: of sound
  // that was heard.
  virtual void on_transcript(const std::string& text, double seconds) = 0;
};

}  // namespace facet::runtime
