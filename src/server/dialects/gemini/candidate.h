// One candidate of a response in Gemini's protocol, or the part of one that a stream sends.
#pragma once

#include "server/event.h"

namespace facet::server {

class GeminiCandidate {
 public:
  void add_text(const std::string& text, bool is_thought);
  void add_call(const std::string& id, const std::string& name, const Json& arguments);
  void add_logprobs(const std::vector<TokenLogprob>& tokens);
  void finish(Finish reason);

  Json json(int index) const;

 private:
  Json parts_ = Json::array();
  Json top_ = Json::array(), chosen_ = Json::array();
  double logprob_sum_ = 0;
  std::string reason_;  // empty: not finished
};

Json gemini_usage(const Usage& usage);

}  // namespace facet::server
