#include "base/shared_library.h"

#include <dlfcn.h>

#include "base/error.h"

namespace facet {
namespace {

#ifdef __APPLE__
constexpr const char* kFileFormat = "lib{}.{}.dylib";
#else
constexpr const char* kFileFormat = "lib{}.so.{}";
#endif

}  // namespace

SharedLibrary::SharedLibrary(const std::string& name, int version, const std::string& folder)
    : file_(fmt::format(fmt::runtime(kFileFormat), name, version)), handle_(dlopen(file_.c_str(), RTLD_NOW)) {
  if (handle_ == nullptr) handle_ = dlopen((folder + "/" + file_).c_str(), RTLD_NOW);
  if (handle_ == nullptr)
    throw_error<ResourceError>(
        "{} cannot be loaded, which this kind of sound, video or picture needs: install the package that has it",
        file_);
}

void* SharedLibrary::find(const char* name) const noexcept { return dlsym(handle_, name); }

void* SharedLibrary::require(const char* name) const {
  void* symbol = find(name);
  if (symbol == nullptr)
    throw_error<ResourceError>("{} has no function {}: install another version of it", file_, name);
  return symbol;
}

}  // namespace facet
