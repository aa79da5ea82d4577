#include "runtime/maps/pages.h"

#include <sys/mman.h>

#include <cerrno>

namespace spile::maps {

Result<Pages> Pages::allocate(uint64_t size) {
  void *data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return os_error(errno, fmt::format("{} bytes", size));
  return Pages(static_cast<std::byte *>(data), size);
}

Result<Pages> Pages::of_file(int fd, uint64_t offset, uint64_t size) {
  void *data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return os_error(errno, fmt::format("{} bytes", size));
  return Pages(static_cast<std::byte *>(data), size);
}

Pages::~Pages() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace spile::maps
