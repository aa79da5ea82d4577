#include "runtime/vm/code.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace spile::vm {

namespace {

// An image may come from a file: what is not consistent would write elsewhere.
bool is_consistent(const JitImage &image, size_t subprograms, size_t objects) {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (image.data_offset == 0 || image.data_offset % page != 0 || image.data_offset > image.size) return false;
  if (image.function_count != subprograms) return false;
  for (const JitFunction &function : std::span(image.functions, image.function_count))
    if (function.offset > image.data_offset || image.data_offset - function.offset < function.size) return false;
  if (image.functions[0].size == 0) return false;
  for (const JitRelocation &relocation : std::span(image.relocations, image.relocation_count)) {
    if (relocation.offset < image.data_offset || relocation.offset > image.size) return false;
    if (image.size - relocation.offset < sizeof(uint64_t)) return false;
    if (relocation.object != kJitItself && relocation.object >= objects) return false;
  }
  return true;
}

// Where the next image may lie: near the host's own code, with which compiled code calls to and fro, but away from
// where its heap begins to grow. Processors keep the targets of branches in short form, without the upper bits: calls
// between places that differ in those take half as long again (Zen 4, 37 bits: a call through a pointer and its
// return 2.2 ns in place of 1.4).
void *near_host(uint64_t size) {
  constexpr unsigned kLowerBits = 37;
  constexpr uint64_t kApart = uint64_t{4} << 30, kReach = uint64_t{4} << 30;
  static std::atomic<uint64_t> taken{0};
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t host = reinterpret_cast<uint64_t>(&near_host) & ~(page - 1);
  const uint64_t whole = (size + page - 1) & ~(page - 1);
  const uint64_t away = kApart + taken.fetch_add(whole, std::memory_order_relaxed) % kReach;
  const uint64_t above = host + away;
  return reinterpret_cast<void *>(above >> kLowerBits == host >> kLowerBits ? above : host - away);
}

}  // namespace

Result<Code> Code::place(const JitImage &image, const JitInput &input) {
  const std::span<const JitObject> objects = input.objects();
  if (!is_consistent(image, input.program().subprogram_count, objects.size()))
    return input_error("{}: compiled code that is not of this program", input.program().name);
  // A wish: where the place is taken, the kernel finds another.
  void *const mapped =
      ::mmap(near_host(image.size), image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
