#include "runtime/helpers/read.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

// Where a string may end and readable memory with it.
constexpr uint64_t kPage = 4096;
// Of a string at once: most are shorter.
constexpr size_t kPiece = 256;

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
  // Read elsewhere, because what stands behind the string's end in [to] stays as it is: it may be a part of a key.
  std::array<std::byte, kPiece> read;
  for (size_t done = 0; done < to.size();) {
    // Up to the end of the page: what follows may not be readable, and the string may not reach it. Recorded memory may
    // end sooner, just behind the string: there byte by byte.
    const uint64_t from = address + done;
    auto piece = std::span(read).first(std::min({to.size() - done, kPiece, size_t{kPage - from % kPage}}));
    if (!read_from(env, space, from, piece)) {
      piece = piece.first(1);
      if (!read_from(env, space, from, piece)) return -EFAULT;
    }
    const auto end = std::ranges::find(piece, std::byte{0});
    const bool is_whole = end != piece.end();
    std::copy(piece.begin(), end + is_whole, to.begin() + static_cast<ptrdiff_t>(done));
    done += static_cast<size_t>(end - piece.begin()) + is_whole;
    if (is_whole) return static_cast<int64_t>(done);
  }
  if (!to.empty()) to.back() = std::byte{0};
  return static_cast<int64_t>(to.size());
}

}  // namespace spile::helpers
