// LibbpfListener: what libbpf says while it lives.
//
// libbpf names what is wrong only in what it prints. Its printer is one for the whole process, so one listener lives at
// a time; a second waits. Without one, libbpf is silent.
#pragma once

#include <mutex>
#include <string>

namespace spile::object {

class LibbpfListener {
 public:
  LibbpfListener();
  ~LibbpfListener();
  LibbpfListener(const LibbpfListener &) = delete;
  LibbpfListener &operator=(const LibbpfListener &) = delete;

  // The last warning, without its prefix: the first ones lead up to it.
  static std::string text();

 private:
  std::lock_guard<std::mutex> lock_;
};

}  // namespace spile::object
