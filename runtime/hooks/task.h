// Task: one thread of the traced command, and what is remembered of it between its stops.
#pragma once

#include <sys/types.h>

#include <linux/seccomp.h>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/vm/event.h"

namespace spile::hooks {

class Listener;

struct Task {
  pid_t tid = 0;
  pid_t pid = 0;              // of its process (the kernel's tgid)
  uint32_t uid = 0, gid = 0;  // real ids
  std::array<char, 16> comm{};
  // The system call that it is in, while its exit is awaited.
  std::optional<uint32_t> in_syscall;
  // The last call that a listener has received of it.
  std::optional<seccomp_data> received;

  // From /proc; what cannot be read (the task has just died) stays as it was.
  void refresh_name();
  void refresh_identity();
};

// The first bytes of a file below /proc/<tid>/; empty when it cannot be read.
std::string_view read_proc(pid_t tid, const char *name, std::span<char> buffer);
// On which CPU a stopped task ran last; 0 when /proc does not tell.
uint32_t last_cpu(pid_t tid);
// Whether the program that [pid] runs is a 32-bit one.
bool runs_32_bit_program(pid_t pid);

// Memory of a stopped task, read page by page and kept until the next stop.
class ProcessMemory final : public vm::TaskMemory {
 public:
  // Forgets what was read; from now on the memory is that of [tid].
  void attach(pid_t tid);
  // That of [tid] while it stands in the call [id] that [listener] has received.
  void attach(pid_t tid, const Listener *listener, uint64_t id);
  bool read(uint64_t address, std::span<std::byte> to) override;

 private:
  static constexpr uint64_t kPage = 4096;
  bool fetch(uint64_t page);

  pid_t tid_ = 0;
  const Listener *listener_ = nullptr;  // null: it stands still by ptrace
  uint64_t call_ = 0;
  std::optional<uint64_t> page_;  // the address that page_bytes_ holds
  std::array<std::byte, kPage> page_bytes_;
};

}  // namespace spile::hooks
