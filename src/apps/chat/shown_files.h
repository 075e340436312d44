// The files of a conversation as what the model is shown; each is read and encoded once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apps/media_input.h"

namespace facet::apps::chat {

class ShownFiles {
 public:
  using Json = nlohmann::ordered_json;

  // cancel: ends the reading of a file. keeps: see MediaReader.
  ShownFiles(std::shared_ptr<const runtime::Engine> engine, const std::atomic<bool>* cancel, bool keeps = true)
      : engine_(std::move(engine)), reader_(engine_, 0, {}, keeps) {
    reader_.encoder().set_cancel(cancel);
  }

  // Messages whose files are replaced by what is shown of them, and their media in order.
  struct Shown {
    Json messages = Json::array();
    std::vector<runtime::Medium> media;
  };
  // Throws as MediaReader does, naming the file.
  Shown show(const Json& messages);

  // Reads a part of a message (see Conversation::add_user), also one that was read before: its file may be another now.
  // Returns the soft tokens it takes.
  int read(const Json& part);
  void forget() { by_part_.clear(); }

  MediaReader& reader() noexcept { return reader_; }

 private:
  const ShownMedia& shown(const Json& part);

  std::shared_ptr<const runtime::Engine> engine_;
  MediaReader reader_;
  std::map<std::string, ShownMedia> by_part_;
};

// {"type", "path", "budget"} of a file, as conversations keep it.
nlohmann::ordered_json part_of(const MediaFile& file);

}  // namespace facet::apps::chat
