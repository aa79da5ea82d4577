#include "runtime/kernel/kernel_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace spile::kernel {

namespace {

bool is_per_cpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

}  // namespace

KernelMap::KernelMap(maps::Definition definition, int fd)
    : Map(std::move(definition)),
      fd_(fd),
      copies_(is_per_cpu(this->definition().type) ? static_cast<uint32_t>(std::max(libbpf_num_possible_cpus(), 1)) : 1),
      values_(stride() * copies_) {}

// The kernel rounds each CPU's value up to eight bytes.
size_t KernelMap::stride() const {
  const size_t size = definition().value_size;
  return copies_ > 1 ? (size + 7) / 8 * 8 : size;
}

std::byte *KernelMap::lookup_on(const std::byte *key, uint32_t cpu) {
  if (cpu >= copies_ || ::bpf_map_lookup_elem(fd_, key, values_.data()) != 0) return nullptr;
  return values_.data() + cpu * stride();
}

int64_t KernelMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  if (copies_ == 1) return ::bpf_map_update_elem(fd_, key, value, flags);
  std::vector<std::byte> values(stride() * copies_);
  for (uint32_t cpu = 0; cpu < copies_; cpu++) std::copy_n(value, definition().value_size, &values[cpu * stride()]);
  return ::bpf_map_update_elem(fd_, key, values.data(), flags);
}

int64_t KernelMap::erase(const std::byte *key) { return ::bpf_map_delete_elem(fd_, key); }

int64_t KernelMap::next_key(const std::byte *key, std::byte *next) { return ::bpf_map_get_next_key(fd_, key, next); }

// Until [visit] answers true, as a Visit does. A key that is deleted under the walk makes it begin again: no more keys
// than the map has room.
template <class VisitKey>
void KernelMap::walk(const VisitKey &visit) const {
  std::vector<std::byte> key(definition().key_size), next(definition().key_size);
  if (key.empty()) return;  // queues give their elements only away
  int more = ::bpf_map_get_next_key(fd_, nullptr, next.data());
  for (uint32_t keys = 0; more == 0 && keys < definition().max_entries; keys++) {
    key = next;
    if (visit(key.data())) return;
    more = ::bpf_map_get_next_key(fd_, key.data(), next.data());
  }
}

uint64_t KernelMap::for_each(const Visit &visit) {
  uint64_t calls = 0;
  walk([&](const std::byte *key) {
    std::byte *value = lookup(key);
    calls += value != nullptr;
    return value != nullptr && visit(key, value);
  });
  return calls;
}

size_t KernelMap::size() const {
  size_t count = 0;
  walk([&](const std::byte *) {
    count++;
    return false;
  });
  return count;
}

int64_t KernelMap::pop(std::byte *value) { return ::bpf_map_lookup_and_delete_elem(fd_, nullptr, value); }
int64_t KernelMap::peek(std::byte *value) { return ::bpf_map_lookup_elem(fd_, nullptr, value); }

}  // namespace spile::kernel
