// A library of the system that is loaded when it is first needed: FFmpeg and all that it uses take ten times as long to
// load as the rest of the program to start, and most runs read text alone.
#pragma once

#include <string>

namespace facet {

class SharedLibrary {
 public:
  // For "avcodec" and version 59 libavcodec.so.59, where the system has its libraries or else in the folder. Stays
  // loaded to the end of the program. ResourceError when it is not there.
  SharedLibrary(const std::string& name, int version, const std::string& folder);

  // ResourceError when it has no such function.
  template <class Function>
  Function* get(const char* name) const {
    return reinterpret_cast<Function*>(require(name));
  }
  // Of the library or one that it uses; nullptr when none has it.
  void* find(const char* name) const noexcept;

 private:
  void* require(const char* name) const;

  std::string file_;
  void* handle_;
};

}  // namespace facet
