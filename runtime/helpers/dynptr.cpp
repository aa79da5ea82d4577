// Helpers and kernel functions of dynptrs (kernel/bpf/helpers.c).
#include "runtime/helpers/dynptr.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/helpers/helpers.h"
#include "runtime/helpers/kfuncs.h"

namespace spile::helpers {

int64_t Dynptr::check(uint64_t at, uint64_t length) const {
  return length > size() || at > size() - length ? -E2BIG : 0;
}

std::byte *Dynptr::bytes(uint64_t at, uint64_t length) const {
  if (type() != Packet) return bytes_at(data) + offset + at;
  const std::span<std::byte> packet = reinterpret_cast<vm::Packet *>(data)->data;
  const uint64_t from = offset + at;
  return from > packet.size() || length > packet.size() - from ? nullptr : packet.data() + from;
}

namespace {

int64_t read(uint64_t to, uint64_t length, const Dynptr &from, uint64_t at, uint64_t flags) {
  if (from.data == 0 || flags != 0) return -EINVAL;
  if (const int64_t error = from.check(at, length); error != 0) return error;
  const std::byte *bytes = from.bytes(at, length);
  if (bytes == nullptr) return -EFAULT;
  if (length != 0) std::memmove(bytes_at(to), bytes, length);
  return 0;
}

int64_t write(const Dynptr &to, uint64_t at, uint64_t from, uint64_t length, uint64_t flags) {
  if (to.data == 0 || to.is_read_only()) return -EINVAL;
  if (flags != 0 && to.type() != Dynptr::Packet) return -EINVAL;
  if (const int64_t error = to.check(at, length); error != 0) return error;
  std::byte *bytes = to.bytes(at, length);
  if (bytes == nullptr) return -EFAULT;
  if (length != 0) std::memmove(bytes, bytes_at(from), length);
  return 0;
}

}  // namespace

uint64_t dynptr_from_mem(uint64_t data, uint64_t size, uint64_t flags, uint64_t dynptr, uint64_t, vm::Env *env) {
  Dynptr &made = dynptr_at(dynptr);
  made = {};
  const uint32_t length = static_cast<uint32_t>(size);
  if (length > Dynptr::kMaxSize) return returned(env, k_dynptr_from_mem, -E2BIG);
  if (flags != 0) return returned(env, k_dynptr_from_mem, -EINVAL);
  made = Dynptr::of(Dynptr::Local, bytes_at(data), length);
  return 0;
}

uint64_t dynptr_read(uint64_t to, uint64_t length, uint64_t from, uint64_t at, uint64_t flags, vm::Env *env) {
  return returned(env, k_dynptr_read,
                  read(to, static_cast<uint32_t>(length), dynptr_at(from), static_cast<uint32_t>(at), flags));
}

uint64_t dynptr_write(uint64_t to, uint64_t at, uint64_t from, uint64_t length, uint64_t flags, vm::Env *env) {
  return returned(env, k_dynptr_write,
                  write(dynptr_at(to), static_cast<uint32_t>(at), from, static_cast<uint32_t>(length), flags));
}

uint64_t dynptr_data(uint64_t dynptr, uint64_t at, uint64_t length, uint64_t, uint64_t, vm::Env *) {
  const Dynptr &view = dynptr_at(dynptr);
  // Kernel: a packet's bytes are had with the bpf_dynptr_slice() functions only.
  if (view.data == 0 || view.is_read_only() || view.type() == Dynptr::Packet) return 0;
  if (view.check(static_cast<uint32_t>(at), static_cast<uint32_t>(length)) != 0) return 0;
  return reinterpret_cast<uint64_t>(view.bytes(static_cast<uint32_t>(at), static_cast<uint32_t>(length)));
}

namespace kfuncs {

static uint64_t from_packet(uint64_t flags, uint64_t dynptr, bool read_only, vm::Env *env) {
  Dynptr &made = dynptr_at(dynptr);
  made = {};
  if (flags != 0) return static_cast<uint64_t>(-EINVAL);
  vm::Packet *packet = env->event == nullptr ? nullptr : env->event->packet;
  if (packet == nullptr) return static_cast<uint64_t>(-EINVAL);
  made = Dynptr::of(Dynptr::Packet, packet, static_cast<uint32_t>(packet->data.size()), read_only);
  return 0;
}
uint64_t bpf_dynptr_from_skb(uint64_t, uint64_t flags, uint64_t dynptr, uint64_t, uint64_t, vm::Env *env) {
  // Programs that may not write to packets get a view that is read-only (may_access_direct_pkt_data()).
  const bool writes = env->program_type == BPF_PROG_TYPE_SCHED_CLS || env->program_type == BPF_PROG_TYPE_SCHED_ACT ||
                      env->program_type == BPF_PROG_TYPE_LWT_XMIT || env->program_type == BPF_PROG_TYPE_SK_SKB;
  return from_packet(flags, dynptr, !writes, env);
}
uint64_t bpf_dynptr_from_xdp(uint64_t, uint64_t flags, uint64_t dynptr, uint64_t, uint64_t, vm::Env *env) {
  return from_packet(flags, dynptr, false, env);
}

static uint64_t slice(uint64_t dynptr, uint64_t at, uint64_t length) {
  const Dynptr &view = dynptr_at(dynptr);
  if (view.data == 0 || view.check(static_cast<uint32_t>(at), static_cast<uint32_t>(length)) != 0) return 0;
  return reinterpret_cast<uint64_t>(view.bytes(static_cast<uint32_t>(at), static_cast<uint32_t>(length)));
}
uint64_t bpf_dynptr_slice(uint64_t dynptr, uint64_t at, uint64_t, uint64_t length, uint64_t, vm::Env *) {
  return slice(dynptr, at, length);
}
uint64_t bpf_dynptr_slice_rdwr(uint64_t dynptr, uint64_t at, uint64_t, uint64_t length, uint64_t, vm::Env *) {
  return dynptr_at(dynptr).is_read_only() ? 0 : slice(dynptr, at, length);
}
uint64_t bpf_dynptr_adjust(uint64_t dynptr, uint64_t start, uint64_t end, uint64_t, uint64_t, vm::Env *) {
  Dynptr &view = dynptr_at(dynptr);
  const uint32_t from = static_cast<uint32_t>(start), to = static_cast<uint32_t>(end);
  if (view.data == 0 || from > to) return static_cast<uint64_t>(-EINVAL);
  if (to > view.size()) return static_cast<uint64_t>(-ERANGE);
  view.offset += from;
  view.resize(to - from);
  return 0;
}
uint64_t bpf_dynptr_is_null(uint64_t dynptr, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return dynptr_at(dynptr).data == 0;
}
uint64_t bpf_dynptr_is_rdonly(uint64_t dynptr, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return dynptr_at(dynptr).data != 0 && dynptr_at(dynptr).is_read_only();
}
uint64_t bpf_dynptr_size(uint64_t dynptr, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  const Dynptr &view = dynptr_at(dynptr);
  return view.data == 0 ? static_cast<uint64_t>(-EINVAL) : view.size();
}
uint64_t bpf_dynptr_clone(uint64_t from, uint64_t to, uint64_t, uint64_t, uint64_t, vm::Env *) {
  dynptr_at(to) = dynptr_at(from);
  return dynptr_at(from).data == 0 ? static_cast<uint64_t>(-EINVAL) : 0;
}
uint64_t bpf_dynptr_copy(uint64_t to, uint64_t to_at, uint64_t from, uint64_t from_at, uint64_t length, vm::Env *) {
  const Dynptr &source = dynptr_at(from), &target = dynptr_at(to);
  const uint32_t bytes = static_cast<uint32_t>(length);
  if (source.data == 0 || target.data == 0 || target.is_read_only()) return static_cast<uint64_t>(-EINVAL);
  if (source.check(static_cast<uint32_t>(from_at), bytes) != 0) return static_cast<uint64_t>(-E2BIG);
  const std::byte *start = source.bytes(static_cast<uint32_t>(from_at), bytes);
  if (start == nullptr) return static_cast<uint64_t>(-EFAULT);
  return static_cast<uint64_t>(
      write(target, static_cast<uint32_t>(to_at), reinterpret_cast<uint64_t>(start), bytes, 0));
}
uint64_t bpf_dynptr_memset(uint64_t dynptr, uint64_t at, uint64_t length, uint64_t value, uint64_t, vm::Env *) {
  const Dynptr &target = dynptr_at(dynptr);
  const uint32_t from = static_cast<uint32_t>(at), count = static_cast<uint32_t>(length);
  if (target.data == 0 || target.is_read_only()) return static_cast<uint64_t>(-EINVAL);
  if (const int64_t error = target.check(from, count); error != 0) return static_cast<uint64_t>(error);
  std::byte *bytes = target.bytes(from, count);
  if (bytes == nullptr) return static_cast<uint64_t>(-EFAULT);
  std::memset(bytes, static_cast<int>(value & 0xff), count);
  return 0;
}

}  // namespace kfuncs
}  // namespace spile::helpers
