// Accesses to host memory as instructions make them: any alignment, little endian, and atomics that are really atomic.
// Nothing is checked: verified programs, and checked_machine.cpp once it has looked at the address.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "backend/isa/semantics.h"
#include "runtime/vm/env.h"

namespace spile::vm {

static_assert(std::endian::native == std::endian::little, "programs are little endian and run on the host's memory");

template <unsigned bits>
using UintOf =
    std::conditional_t<bits == 64, uint64_t,
                       std::conditional_t<bits == 32, uint32_t, std::conditional_t<bits == 16, uint16_t, uint8_t>>>;

template <unsigned bits>
inline uint64_t load(uint64_t address) {
  UintOf<bits> value;
  memcpy(&value, reinterpret_cast<const void *>(address), sizeof value);
  return value;
}
template <unsigned bits>
inline void store(uint64_t address, uint64_t value) {
  const auto narrow = static_cast<UintOf<bits>>(value);
  memcpy(reinterpret_cast<void *>(address), &narrow, sizeof narrow);
}
template <unsigned bits>
inline uint64_t load_acquire(uint64_t address) {
  return __atomic_load_n(reinterpret_cast<UintOf<bits> *>(address), __ATOMIC_ACQUIRE);
}
template <unsigned bits>
inline void store_release(uint64_t address, uint64_t value) {
  __atomic_store_n(reinterpret_cast<UintOf<bits> *>(address), static_cast<UintOf<bits>>(value), __ATOMIC_RELEASE);
}

// RFC 9669 section 5.3, isa::atomic() on shared memory. Sequentially consistent, as the kernel's operations with
// fetch are; those without are relaxed there, which no program can rely on.
template <isa::Atomic op, unsigned bits>
inline void atomic(uint64_t address, uint64_t &src, uint64_t &r0) {
  using U = UintOf<bits>;
  using enum isa::Atomic;
  U *memory = reinterpret_cast<U *>(address);
  const U operand = static_cast<U>(src);
  if constexpr (op == Add) __atomic_fetch_add(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == Or) __atomic_fetch_or(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == And) __atomic_fetch_and(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == Xor) __atomic_fetch_xor(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == FetchAdd) src = __atomic_fetch_add(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == FetchOr) src = __atomic_fetch_or(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == FetchAnd) src = __atomic_fetch_and(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == FetchXor) src = __atomic_fetch_xor(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == Xchg) src = __atomic_exchange_n(memory, operand, __ATOMIC_SEQ_CST);
  if constexpr (op == Cmpxchg) {
    U expected = static_cast<U>(r0);
    __atomic_compare_exchange_n(memory, &expected, operand, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    r0 = expected;  // holds the old value, whether or not it was exchanged
  }
}

// LD_ABS and LD_IND (RFC 9669 section 5.5): [bytes] of the event's packet at [offset], big endian, into [value]. False
// when the packet does not have them; the program (or subprogram) then ends with r0 = 0. Negative offsets are classic
// BPF's SKF_NET_OFF and SKF_LL_OFF.
bool packet_load(const Env &env, int64_t offset, unsigned bytes, uint64_t &value);

}  // namespace spile::vm
