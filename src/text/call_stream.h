// The arguments of a call as JSON text while the call is still being written. Only what no later text can change is
// given: repairs (spec chat 10.6) have to find their place untouched. What is written in unusual ways waits for the
// end. Internal to text/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/chat.h"

namespace facet::text {

class ArgumentStream {
 public:
  // at: where the arguments' opening brace stands in the body; is_json: strings are JSON's.
  ArgumentStream(size_t at, bool is_json);

  // What the body, which has grown since, makes certain beyond what was given before.
  std::string advance(std::string_view body);
  // What was given in all.
  const std::string& given() const noexcept { return given_; }

 private:
  enum class Next { Element, Value, String, Nothing };

  // Each reads one part of the body; false: it has to wait for more of it.
  bool step(std::string_view body);
  bool element(std::string_view body);
  bool close();
  bool key(std::string_view body);
  bool value(std::string_view body);
  bool bare(std::string_view body);
  bool string(std::string_view body);
  bool json_string_part(std::string_view body);

  void separate();  // a comma, unless the element is the first
  void give_inside(const std::string& text);

  struct Level {
    char opener;
    bool has_elements;
  };

  size_t at_;  // all before it has been read
  size_t n_taken_ = 0;
  bool is_json_;
  Next next_ = Next::Element;
  std::vector<Level> open_;
  std::string given_;
};

}  // namespace facet::text
