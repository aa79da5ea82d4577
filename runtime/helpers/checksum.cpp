// Helpers of Internet checksums (net/core/filter.c, include/net/checksum.h).
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"

namespace spile::helpers {

namespace {

uint32_t add(uint32_t a, uint32_t b) {
  const uint32_t sum = a + b;
  return sum + (sum < b);
}
uint16_t to_16(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum + (sum >> 16));
}
// csum_partial(): the bytes as 16-bit words in this machine's order, folded to 32 bits.
uint32_t sum_of(std::span<const std::byte> bytes, uint32_t seed) {
  uint64_t sum = seed;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    sum += word;
  }
  uint32_t rest = 0;
  std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
  sum += rest;
  sum = (sum & 0xffffffff) + (sum >> 32);
  return static_cast<uint32_t>((sum & 0xffffffff) + (sum >> 32));
}

// The checksum at [offset] of the packet; null when the packet does not hold it.
std::byte *field_at(const vm::Env *env, uint64_t offset) {
  const uint32_t at = static_cast<uint32_t>(offset);
  vm::Packet *packet = env->event == nullptr ? nullptr : env->event->packet;
  if (packet == nullptr || at > 0xffff || at % 2 != 0 || packet->data.size() < 2 || at > packet->data.size() - 2)
    return nullptr;
  return packet->data.data() + at;
}

// csum_fold(~(~sum + diff)).
uint16_t changed_by(uint16_t sum, uint32_t difference) {
  return static_cast<uint16_t>(~to_16(add(difference, static_cast<uint16_t>(~sum))));
}
uint16_t replaced(uint16_t sum, uint32_t from, uint32_t to) { return changed_by(sum, add(~from, to)); }

// What l3 and l4 have in common: the low bits of [flags] are the size of what changed. False: they are none.
bool replace(uint16_t &sum, uint64_t from, uint64_t to, uint64_t flags) {
  switch (flags & BPF_F_HDR_FIELD_MASK) {
    case 0:
      if (from != 0) return false;
      sum = changed_by(sum, static_cast<uint32_t>(to));
      return true;
    case 2:
      sum = replaced(sum, static_cast<uint16_t>(from), static_cast<uint16_t>(to));
      return true;
    case 4:
      sum = replaced(sum, static_cast<uint32_t>(from), static_cast<uint32_t>(to));
      return true;
    default:
      return false;
  }
}

}  // namespace

uint64_t csum_diff(uint64_t from, uint64_t from_size, uint64_t to, uint64_t to_size, uint64_t seed, vm::Env *env) {
  const std::span<std::byte> old = buffer_at(from, from_size), now = buffer_at(to, to_size);
  if ((old.size() | now.size()) % 4 != 0) return returned(env, k_csum_diff, -EINVAL);
  const auto start = static_cast<uint32_t>(seed);
  if (!old.empty() && !now.empty()) return to_16(add(sum_of(now, start), ~sum_of(old, 0)));
  if (!now.empty()) return to_16(sum_of(now, start));
  if (!old.empty()) return to_16(~sum_of(old, ~start));
  return to_16(start);
}

uint64_t l3_csum_replace(uint64_t, uint64_t offset, uint64_t from, uint64_t to, uint64_t flags, vm::Env *env) {
  if ((flags & ~uint64_t{BPF_F_HDR_FIELD_MASK}) != 0) return returned(env, k_l3_csum_replace, -EINVAL);
  std::byte *field = field_at(env, offset);
  if (field == nullptr) return returned(env, k_l3_csum_replace, -EFAULT);
  uint16_t sum;
  std::memcpy(&sum, field, 2);
  if (!replace(sum, from, to, flags)) return returned(env, k_l3_csum_replace, -EINVAL);
  std::memcpy(field, &sum, 2);
  return 0;
}

uint64_t l4_csum_replace(uint64_t, uint64_t offset, uint64_t from, uint64_t to, uint64_t flags, vm::Env *env) {
  constexpr uint64_t kIpv6 = 1 << 7;  // BPF_F_IPV6
  constexpr uint64_t kKnown =
      BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR | kIpv6 | BPF_F_HDR_FIELD_MASK;
  if ((flags & ~kKnown) != 0) return returned(env, k_l4_csum_replace, -EINVAL);
  std::byte *field = field_at(env, offset);
  if (field == nullptr) return returned(env, k_l4_csum_replace, -EFAULT);
  uint16_t sum;
  std::memcpy(&sum, field, 2);
  // UDP: 0 means that there is no checksum, and stays.
  if ((flags & BPF_F_MARK_MANGLED_0) != 0 && (flags & BPF_F_MARK_ENFORCE) == 0 && sum == 0) return 0;
  if (!replace(sum, from, to, flags)) return returned(env, k_l4_csum_replace, -EINVAL);
  if ((flags & BPF_F_MARK_MANGLED_0) != 0 && sum == 0) sum = 0xffff;
  std::memcpy(field, &sum, 2);
  return 0;
}

}  // namespace spile::helpers
