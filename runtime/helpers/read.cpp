#include "runtime/helpers/read.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

// Where a string may end and readable memory with it.
constexpr uint64_t kPage = 4096;

// The kernel copies and reports a fault; a plain load would end the process.
bool read_own(uint64_t address, std::span<std::byte> to) {
  const iovec local{to.data(), to.size()};
  const iovec remote{bytes_at(address), to.size()};
  return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(to.size());
}

bool read_task(const vm::Env *env, uint64_t address, std::span<std::byte> to) {
  return env->event != nullptr && env->event->memory != nullptr && env->event->memory->read(address, to);
}

bool read_from(const vm::Env *env, Space space, uint64_t address, std::span<std::byte> to) {
  switch (space) {
    case Space::Task:
      return read_task(env, address, to);
    case Space::Own:
      return read_own(address, to);
    case Space::TaskThenOwn:
      return read_task(env, address, to) || read_own(address, to);
    case Space::OwnThenTask:
      return read_own(address, to) || read_task(env, address, to);
  }
  return false;
}

}  // namespace

int64_t read_memory(const vm::Env *env, Space space, uint64_t address, std::span<std::byte> to) {
  return to.empty() || read_from(env, space, address, to) ? 0 : -EFAULT;
}

int64_t read_string(const vm::Env *env, Space space, uint64_t address, std::span<std::byte> to) {
  for (size_t done = 0; done < to.size();) {
    // Up to the end of the page: what follows may not be readable, and the string may not reach it. Recorded memory may
    // end sooner, just behind the string: there byte by byte.
    const uint64_t from = address + done;
    auto piece = to.subspan(done, std::min<uint64_t>(to.size() - done, kPage - from % kPage));
    if (!read_from(env, space, from, piece)) {
      piece = piece.first(1);
      if (!read_from(env, space, from, piece)) return -EFAULT;
    }
    const void *end = std::memchr(piece.data(), 0, piece.size());
    if (end != nullptr) return static_cast<const std::byte *>(end) - to.data() + 1;
    done += piece.size();
  }
  if (!to.empty()) to.back() = std::byte{0};
  return static_cast<int64_t>(to.size());
}

}  // namespace spile::helpers
