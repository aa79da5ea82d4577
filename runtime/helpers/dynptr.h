// Dynptr: what the 16 bytes of a bpf_dynptr mean here. Programs hold them on their stack and hand them to helpers; the
// verifier sees to it that nobody else looks inside.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/vm/env.h"

namespace spile::helpers {

struct Dynptr {
  enum Type : uint32_t { Local, Ring, Packet };
  static constexpr uint32_t kMaxSize = (1u << 24) - 1;  // DYNPTR_MAX_SIZE
  static constexpr uint32_t kReadOnly = 1u << 31, kTypeShift = 28;

  uint64_t data = 0;       // its address; of a packet: of the vm::Packet; 0: no dynptr
  uint32_t size_bits = 0;  // size, type, read-only mark
  uint32_t offset = 0;

  static Dynptr of(Type type, void *data, uint32_t size, bool read_only = false) {
    return {reinterpret_cast<uint64_t>(data), size | uint32_t{type} << kTypeShift | (read_only ? kReadOnly : 0), 0};
  }
  uint32_t size() const { return size_bits & kMaxSize; }
  Type type() const { return static_cast<Type>(size_bits >> kTypeShift & 7); }
  bool is_read_only() const { return (size_bits & kReadOnly) != 0; }
  void resize(uint32_t size) { size_bits = (size_bits & ~kMaxSize) | size; }
  // 0, or -E2BIG when [length] bytes at [at] are not all inside.
  int64_t check(uint64_t at, uint64_t length) const;
  // The bytes at [at], which are inside; null when a packet has shrunk since.
  std::byte *bytes(uint64_t at, uint64_t length) const;
};
static_assert(sizeof(Dynptr) == 16);

inline Dynptr &dynptr_at(uint64_t address) { return *reinterpret_cast<Dynptr *>(address); }

}  // namespace spile::helpers
