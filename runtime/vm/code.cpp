#include "runtime/vm/code.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace spile::vm {

Result<Code> Code::place(const JitImage &image, std::span<const JitObject> objects) {
  void *const mapped = ::mmap(nullptr, image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return os_error(errno, "no memory for compiled code");
  Code code(static_cast<std::byte *>(mapped), image);
  std::memcpy(code.memory_, image.bytes, image.size);
  for (const JitRelocation &relocation : std::span(image.relocations, image.relocation_count)) {
    const uint64_t base =
        relocation.object == kJitItself ? reinterpret_cast<uint64_t>(code.memory_) : objects[relocation.object].address;
    const uint64_t value = base + static_cast<uint64_t>(relocation.addend);
    std::memcpy(code.memory_ + relocation.offset, &value, sizeof(value));
  }
  __builtin___clear_cache(reinterpret_cast<char *>(code.memory_),
                          reinterpret_cast<char *>(code.memory_ + image.data_offset));
  if (::mprotect(code.memory_, image.data_offset, PROT_READ | PROT_EXEC) != 0 ||
      (image.size > image.data_offset &&
       ::mprotect(code.memory_ + image.data_offset, image.size - image.data_offset, PROT_READ) != 0))
    return os_error(errno, "compiled code cannot be made executable");
  return code;
}

Code::~Code() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

}  // namespace spile::vm
