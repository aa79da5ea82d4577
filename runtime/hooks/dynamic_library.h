// A library that is opened only when there is a file of its own to read, and its functions by name.
#pragma once

#include <dlfcn.h>

namespace spile::hooks {

class DynamicLibrary {
 public:
  DynamicLibrary() = default;
  DynamicLibrary(const DynamicLibrary &) = delete;
  DynamicLibrary &operator=(const DynamicLibrary &) = delete;
  ~DynamicLibrary() {
    if (handle_ != nullptr) ::dlclose(handle_);
  }

 protected:
  // May be called for one name after the other, until it is true.
  bool open_library(const char *name) {
    handle_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    return handle_ != nullptr;
  }
  // Of the library, and of those that it brings along.
  template <class F>
  bool find(F &function, const char *name) {
    function = reinterpret_cast<F>(::dlsym(handle_, name));
    return function != nullptr;
  }

 private:
  void *handle_ = nullptr;
};

}  // namespace spile::hooks
