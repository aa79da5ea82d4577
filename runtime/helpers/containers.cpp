// Helpers of maps without keys, and of maps whose values belong to something: queues, stacks and bloom filters, ring
// buffers, perf events, storage.
#include <linux/bpf.h>

#include <cerrno>

#include <algorithm>
#include <atomic>

#include "runtime/helpers/dynptr.h"
#include "runtime/helpers/helpers.h"
#include "runtime/helpers/network_state.h"
#include "runtime/maps/event_map.h"
#include "runtime/maps/ring_map.h"
#include "runtime/maps/stack_map.h"
#include "runtime/maps/storage_map.h"

namespace spile::helpers {

namespace {

// The verifier lets each helper see maps of its own types alone.
template <class M>
M &map_as(uint64_t address) {
  return static_cast<M &>(map_at(address));
}

constexpr uint64_t kWakeupFlags = BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP;

}  // namespace

uint64_t map_push_elem(uint64_t map, uint64_t value, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_map_push_elem, map_at(map).push(bytes_at(value), flags));
}
uint64_t map_pop_elem(uint64_t map, uint64_t value, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_map_pop_elem, map_at(map).pop(bytes_at(value)));
}
uint64_t map_peek_elem(uint64_t map, uint64_t value, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_map_peek_elem, map_at(map).peek(bytes_at(value)));
}
uint64_t map_lookup_percpu_elem(uint64_t map, uint64_t key, uint64_t cpu, uint64_t, uint64_t, vm::Env *) {
  const uint32_t wanted = static_cast<uint32_t>(cpu);
  if (wanted >= map_at(map).copies()) return 0;
  return reinterpret_cast<uint64_t>(map_at(map).lookup_on(bytes_at(key), wanted));
}

// ---- Ring buffers

uint64_t ringbuf_reserve(uint64_t map, uint64_t size, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  std::byte *record = flags != 0 ? nullptr : map_as<maps::RingMap>(map).reserve(size);
  if (record == nullptr) env->count_failure(k_ringbuf_reserve, flags != 0 ? -EINVAL : -EAGAIN);
  return reinterpret_cast<uint64_t>(record);
}
uint64_t ringbuf_submit(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  maps::RingMap::commit(bytes_at(record), false);
  return 0;
}
uint64_t ringbuf_discard(uint64_t record, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  maps::RingMap::commit(bytes_at(record), true);
  return 0;
}
uint64_t ringbuf_output(uint64_t map, uint64_t data, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  if ((flags & ~kWakeupFlags) != 0) return returned(env, k_ringbuf_output, -EINVAL);
  return returned(env, k_ringbuf_output, map_as<maps::RingMap>(map).output({bytes_at(data), size}));
}
uint64_t ringbuf_query(uint64_t map, uint64_t what, uint64_t, uint64_t, uint64_t, vm::Env *) {
  return map_as<maps::RingMap>(map).query(what);
}

uint64_t ringbuf_reserve_dynptr(uint64_t map, uint64_t size, uint64_t flags, uint64_t dynptr, uint64_t, vm::Env *env) {
  Dynptr &made = dynptr_at(dynptr);
  made = {};
  const uint32_t wanted = static_cast<uint32_t>(size);
  if (flags != 0) return returned(env, k_ringbuf_reserve_dynptr, -EINVAL);
  if (wanted > Dynptr::kMaxSize) return returned(env, k_ringbuf_reserve_dynptr, -E2BIG);
  std::byte *record = map_as<maps::RingMap>(map).reserve(wanted);
  if (record == nullptr) return returned(env, k_ringbuf_reserve_dynptr, -EINVAL);
  made = Dynptr::of(Dynptr::Ring, record, wanted);
  return 0;
}
uint64_t ringbuf_submit_dynptr(uint64_t dynptr, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  Dynptr &record = dynptr_at(dynptr);
  if (record.data != 0) maps::RingMap::commit(bytes_at(record.data), false);
  record = {};
  return 0;
}
uint64_t ringbuf_discard_dynptr(uint64_t dynptr, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) {
  Dynptr &record = dynptr_at(dynptr);
  if (record.data != 0) maps::RingMap::commit(bytes_at(record.data), true);
  record = {};
  return 0;
}

// callback(dynptr, ctx) for each sample, until it returns 1. The number of samples.
uint64_t user_ringbuf_drain(uint64_t map, uint64_t callback, uint64_t context, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint64_t kMaxSamples = 128 * 1024;  // BPF_MAX_USER_RINGBUF_SAMPLES
  if ((flags & ~kWakeupFlags) != 0) return returned(env, k_user_ringbuf_drain, -EINVAL);
  const auto take = [&](std::span<std::byte> sample) {
    Dynptr view = Dynptr::of(Dynptr::Local, sample.data(), static_cast<uint32_t>(sample.size()), true);
    return env->call_back(env, callback, reinterpret_cast<uint64_t>(&view), context, 0, 0, 0) == 0;
  };
  return returned(env, k_user_ringbuf_drain, map_as<maps::RingMap>(map).consume(take, kMaxSamples));
}

// ---- Perf events

uint64_t perf_event_output(uint64_t, uint64_t map, uint64_t flags, uint64_t data, uint64_t size, vm::Env *env) {
  const bool has_packet = env->event != nullptr && env->event->packet != nullptr;
  const uint64_t known = BPF_F_INDEX_MASK | (has_packet ? BPF_F_CTXLEN_MASK : 0);
  if ((flags & ~known) != 0) return returned(env, k_perf_event_output, -EINVAL);
  // The upper half: how many bytes of the packet come behind the data (bpf_skb_event_output()).
  const uint64_t tail = (flags & BPF_F_CTXLEN_MASK) >> 32;
  std::span<const std::byte> packet;
  if (has_packet) packet = env->event->packet->data;
  if (tail > packet.size()) return returned(env, k_perf_event_output, -EFAULT);
  const uint64_t index = flags & BPF_F_INDEX_MASK;
  const uint32_t cpu = index == BPF_F_CURRENT_CPU ? cpu_of(env) : static_cast<uint32_t>(index);
  return returned(env, k_perf_event_output,
                  map_as<maps::EventMap>(map).output(cpu, {bytes_at(data), size}, packet.first(tail)));
}

// get_map_perf_counter(): nobody opens a counter for a program that runs here, so no element has one.
static int64_t no_counter(const vm::Env *env, uint64_t map, uint64_t flags) {
  if ((flags & ~uint64_t{BPF_F_INDEX_MASK}) != 0) return -EINVAL;
  const uint64_t index = flags == BPF_F_CURRENT_CPU ? cpu_of(env) : flags;
  return index >= map_at(map).definition().max_entries ? -E2BIG : -ENOENT;
}
uint64_t perf_event_read(uint64_t map, uint64_t flags, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return returned(env, k_perf_event_read, no_counter(env, map, flags));
}
uint64_t perf_event_read_value(uint64_t map, uint64_t flags, uint64_t to, uint64_t size, uint64_t, vm::Env *env) {
  const std::span<std::byte> buffer = buffer_at(to, size);
  std::ranges::fill(buffer, std::byte{0});
  return returned(env, k_perf_event_read_value,
                  buffer.size() != sizeof(bpf_perf_event_value) ? -EINVAL : no_counter(env, map, flags));
}

// Samples come without the branches that were taken.
uint64_t read_branch_records(uint64_t, uint64_t, uint64_t, uint64_t flags, uint64_t, vm::Env *env) {
  const bool is_known = (flags & ~uint64_t{BPF_F_GET_BRANCH_RECORDS_SIZE}) == 0;
  return returned(env, k_read_branch_records, is_known ? -ENOENT : -EINVAL);
}
uint64_t get_branch_snapshot(uint64_t to, uint64_t size, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  std::ranges::fill(buffer_at(to, size), std::byte{0});
  return returned(env, k_get_branch_snapshot, flags == 0 ? -ENOENT : -EINVAL);
}

// ---- Stacks: only what the event brought along. Kernel stacks do not exist here.

uint64_t get_stackid(uint64_t, uint64_t map, uint64_t flags, uint64_t, uint64_t, vm::Env *env) {
  constexpr uint64_t kKnown = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID;
  if ((flags & ~kKnown) != 0) return returned(env, k_get_stackid, -EINVAL);
  if ((flags & BPF_F_USER_STACK) == 0 || env->event == nullptr) return returned(env, k_get_stackid, -EFAULT);
  return returned(env, k_get_stackid, map_as<maps::StackMap>(map).insert(env->event->user_stack, flags));
}

uint64_t get_stack(uint64_t, uint64_t buffer, uint64_t size, uint64_t flags, uint64_t, vm::Env *env) {
  constexpr uint64_t kKnown = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_USER_BUILD_ID;
  const std::span<std::byte> to = buffer_at(buffer, size);
  std::ranges::fill(to, std::byte{0});
  const bool by_build_id = (flags & BPF_F_USER_BUILD_ID) != 0;
  const size_t element = by_build_id ? sizeof(bpf_stack_build_id) : sizeof(uint64_t);
  if ((flags & ~kKnown) != 0 || (by_build_id && (flags & BPF_F_USER_STACK) == 0) || to.size() % element != 0)
    return returned(env, k_get_stack, -EINVAL);
  const size_t skip = flags & BPF_F_SKIP_FIELD_MASK;
  const bool user = (flags & BPF_F_USER_STACK) != 0 && !by_build_id && env->event != nullptr;
  if (!user || env->event->user_stack.size() <= skip) return returned(env, k_get_stack, -EFAULT);
  const auto stack = std::as_bytes(env->event->user_stack.subspan(skip));
  const size_t copied = std::min(stack.size(), to.size());
  std::ranges::copy(stack.first(copied), to.begin());
  return copied;
}

// ---- Storage: the value that belongs to a thing; flags say whether it is made when there is none.

static uint64_t storage_get(uint64_t map, uint64_t owner, uint64_t initial, uint64_t flags) {
  if (owner == 0 || flags > BPF_LOCAL_STORAGE_GET_F_CREATE) return 0;
  return reinterpret_cast<uint64_t>(map_as<maps::StorageMap>(map).get(owner, initial == 0 ? nullptr : bytes_at(initial),
                                                                      flags == BPF_LOCAL_STORAGE_GET_F_CREATE));
}
static int64_t storage_delete(uint64_t map, uint64_t owner) {
  if (owner == 0) return -EINVAL;
  return map_at(map).erase(reinterpret_cast<const std::byte *>(&owner));
}

// What owns the values is known by its address, but tasks are by their threads (get_current_task()), and sockets by
// their places among those of the network, from 1 on.
static uint64_t owner_of(uint64_t address, const vm::Env *) { return address; }
static uint64_t thread_of(uint64_t task, const vm::Env *) { return task == 0 ? 0 : (task - kTasks) / kTaskBytes; }
static uint64_t place_of(uint64_t address, const vm::Env *env) {
  const Socket *socket = env->network == nullptr ? nullptr : env->network->socket_at(address);
  return socket == nullptr ? address : static_cast<uint64_t>(socket - env->network->sockets.data()) + 1;
}

#define SPILE_STORAGE(name, key)                                                                                \
  uint64_t name##_get(uint64_t map, uint64_t owner, uint64_t initial, uint64_t flags, uint64_t, vm::Env *env) { \
    return storage_get(map, key(owner, env), initial, flags);                                                   \
  }                                                                                                             \
  uint64_t name##_delete(uint64_t map, uint64_t owner, uint64_t, uint64_t, uint64_t, vm::Env *env) {            \
    return returned(env, k_##name##_delete, storage_delete(map, key(owner, env)));                              \
  }
SPILE_STORAGE(sk_storage, place_of)
SPILE_STORAGE(inode_storage, owner_of)
SPILE_STORAGE(task_storage, thread_of)
SPILE_STORAGE(cgrp_storage, owner_of)
#undef SPILE_STORAGE

// The value of the control group that the program is attached to, always there.
uint64_t get_local_storage(uint64_t map, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *env) {
  return reinterpret_cast<uint64_t>(map_as<maps::StorageMap>(map).get(env->cgroup_id, nullptr, true));
}

}  // namespace spile::helpers
