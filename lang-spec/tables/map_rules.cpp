#include "lang-spec/tables/map_rules.h"

#include <linux/bpf.h>

#include <algorithm>
#include <initializer_list>

namespace spile::tables {
namespace {

// Newer than the headers of some machines.
constexpr uint32_t kCgrpStorage = 32, kCgrpStorageGet = 210, kCgrpStorageDelete = 211;

bool is_one_of(uint32_t value, std::initializer_list<uint32_t> set) {
  return std::find(set.begin(), set.end(), value) != set.end();
}

// may_update_sockmap()
bool may_change_sockets(uint32_t helper, const ProgramType &program) {
  if (helper != BPF_FUNC_map_update_elem && helper != BPF_FUNC_map_delete_elem) return false;
  switch (program.number) {
    case BPF_PROG_TYPE_TRACING:
      return program.attach == AttachType::TRACE_ITER;
    case BPF_PROG_TYPE_SOCK_OPS:
      return helper == BPF_FUNC_map_delete_elem;
    case BPF_PROG_TYPE_SOCKET_FILTER:
    case BPF_PROG_TYPE_SCHED_CLS:
    case BPF_PROG_TYPE_SCHED_ACT:
    case BPF_PROG_TYPE_XDP:
    case BPF_PROG_TYPE_SK_REUSEPORT:
    case BPF_PROG_TYPE_FLOW_DISSECTOR:
    case BPF_PROG_TYPE_SK_LOOKUP:
      return true;
    default:
      return false;
  }
}

// What the map lets through.
bool map_takes(uint32_t map_type, uint32_t f, const ProgramType &program) {
  // As the bpf() call does for userspace, whose place handlers have: who else says where packets go?
  const bool is_target = is_one_of(map_type, {BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP});
  if (is_target && (program.flags & kUserSideProgram) != 0 &&
      is_one_of(f, {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem, BPF_FUNC_map_delete_elem}))
    return true;
  switch (map_type) {
    case BPF_MAP_TYPE_PROG_ARRAY:
      return f == BPF_FUNC_tail_call;
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
      return is_one_of(f, {BPF_FUNC_perf_event_read, BPF_FUNC_perf_event_output, BPF_FUNC_skb_output,
                           BPF_FUNC_perf_event_read_value, BPF_FUNC_xdp_output});
    case BPF_MAP_TYPE_RINGBUF:
      return is_one_of(f, {BPF_FUNC_ringbuf_output, BPF_FUNC_ringbuf_reserve, BPF_FUNC_ringbuf_query,
                           BPF_FUNC_ringbuf_reserve_dynptr});
    case BPF_MAP_TYPE_USER_RINGBUF:
      return f == BPF_FUNC_user_ringbuf_drain;
    case BPF_MAP_TYPE_STACK_TRACE:
      return f == BPF_FUNC_get_stackid;
    case BPF_MAP_TYPE_CGROUP_ARRAY:
      return is_one_of(f, {BPF_FUNC_skb_under_cgroup, BPF_FUNC_current_task_under_cgroup});
    case BPF_MAP_TYPE_CGROUP_STORAGE:
    case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
      return f == BPF_FUNC_get_local_storage;
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_DEVMAP_HASH:
    case BPF_MAP_TYPE_XSKMAP:
      return is_one_of(f, {BPF_FUNC_redirect_map, BPF_FUNC_map_lookup_elem});
    case BPF_MAP_TYPE_CPUMAP:
      return f == BPF_FUNC_redirect_map;
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_HASH_OF_MAPS:
      return f == BPF_FUNC_map_lookup_elem;
    case BPF_MAP_TYPE_SOCKMAP:
      return is_one_of(f, {BPF_FUNC_sk_redirect_map, BPF_FUNC_sock_map_update, BPF_FUNC_msg_redirect_map,
                           BPF_FUNC_sk_select_reuseport, BPF_FUNC_map_lookup_elem}) ||
             may_change_sockets(f, program);
    case BPF_MAP_TYPE_SOCKHASH:
      return is_one_of(f, {BPF_FUNC_sk_redirect_hash, BPF_FUNC_sock_hash_update, BPF_FUNC_msg_redirect_hash,
                           BPF_FUNC_sk_select_reuseport, BPF_FUNC_map_lookup_elem}) ||
             may_change_sockets(f, program);
    case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
      return f == BPF_FUNC_sk_select_reuseport;
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
      return is_one_of(f, {BPF_FUNC_map_peek_elem, BPF_FUNC_map_pop_elem, BPF_FUNC_map_push_elem});
    case BPF_MAP_TYPE_SK_STORAGE:
      return is_one_of(f, {BPF_FUNC_sk_storage_get, BPF_FUNC_sk_storage_delete, BPF_FUNC_kptr_xchg});
    case BPF_MAP_TYPE_INODE_STORAGE:
      return is_one_of(f, {BPF_FUNC_inode_storage_get, BPF_FUNC_inode_storage_delete, BPF_FUNC_kptr_xchg});
    case BPF_MAP_TYPE_TASK_STORAGE:
      return is_one_of(f, {BPF_FUNC_task_storage_get, BPF_FUNC_task_storage_delete, BPF_FUNC_kptr_xchg});
    case kCgrpStorage:
      return is_one_of(f, {kCgrpStorageGet, kCgrpStorageDelete, BPF_FUNC_kptr_xchg});
    case BPF_MAP_TYPE_BLOOM_FILTER:
      return is_one_of(f, {BPF_FUNC_map_peek_elem, BPF_FUNC_map_push_elem});
    default:
      return true;
  }
}

// What the helper insists on.
bool helper_takes(uint32_t f, uint32_t map_type) {
  switch (f) {
    case BPF_FUNC_tail_call:
      return map_type == BPF_MAP_TYPE_PROG_ARRAY;
    case BPF_FUNC_perf_event_read:
    case BPF_FUNC_perf_event_output:
    case BPF_FUNC_perf_event_read_value:
    case BPF_FUNC_skb_output:
    case BPF_FUNC_xdp_output:
      return map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
    case BPF_FUNC_ringbuf_output:
    case BPF_FUNC_ringbuf_reserve:
    case BPF_FUNC_ringbuf_query:
    case BPF_FUNC_ringbuf_reserve_dynptr:
      return map_type == BPF_MAP_TYPE_RINGBUF;
    case BPF_FUNC_user_ringbuf_drain:
      return map_type == BPF_MAP_TYPE_USER_RINGBUF;
    case BPF_FUNC_get_stackid:
      return map_type == BPF_MAP_TYPE_STACK_TRACE;
    case BPF_FUNC_current_task_under_cgroup:
    case BPF_FUNC_skb_under_cgroup:
      return map_type == BPF_MAP_TYPE_CGROUP_ARRAY;
    case BPF_FUNC_redirect_map:
      return is_one_of(map_type,
                       {BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP});
    case BPF_FUNC_sk_redirect_map:
    case BPF_FUNC_msg_redirect_map:
    case BPF_FUNC_sock_map_update:
      return map_type == BPF_MAP_TYPE_SOCKMAP;
    case BPF_FUNC_sk_redirect_hash:
    case BPF_FUNC_msg_redirect_hash:
    case BPF_FUNC_sock_hash_update:
      return map_type == BPF_MAP_TYPE_SOCKHASH;
    case BPF_FUNC_get_local_storage:
      return is_one_of(map_type, {BPF_MAP_TYPE_CGROUP_STORAGE, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE});
    case BPF_FUNC_sk_select_reuseport:
      return is_one_of(map_type, {BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH});
    case BPF_FUNC_map_pop_elem:
      return is_one_of(map_type, {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK});
    case BPF_FUNC_map_peek_elem:
    case BPF_FUNC_map_push_elem:
      return is_one_of(map_type, {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_BLOOM_FILTER});
    case BPF_FUNC_map_lookup_percpu_elem:
      return is_one_of(map_type, {BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH});
    case BPF_FUNC_sk_storage_get:
    case BPF_FUNC_sk_storage_delete:
      return map_type == BPF_MAP_TYPE_SK_STORAGE;
    case BPF_FUNC_inode_storage_get:
    case BPF_FUNC_inode_storage_delete:
      return map_type == BPF_MAP_TYPE_INODE_STORAGE;
    case BPF_FUNC_task_storage_get:
    case BPF_FUNC_task_storage_delete:
      return map_type == BPF_MAP_TYPE_TASK_STORAGE;
    case kCgrpStorageGet:
    case kCgrpStorageDelete:
      return map_type == kCgrpStorage;
    default:
      return true;
  }
}

}  // namespace

bool accepts_map(uint32_t helper, uint32_t map_type, const ProgramType &program) {
  return map_takes(map_type, helper, program) && helper_takes(helper, map_type);
}

}  // namespace spile::tables
