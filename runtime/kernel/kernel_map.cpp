#include "runtime/kernel/kernel_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace spile::kernel {

namespace {

bool is_per_cpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

// Where the kernel has the values of an array that it lends to processes.
size_t lent_size(const maps::Definition &definition) {
  if (definition.type != BPF_MAP_TYPE_ARRAY) return 0;
  return (definition.value_size + 7) / 8 * 8 * size_t{definition.max_entries};
}

}  // namespace

unsigned possible_cpus() { return static_cast<unsigned>(std::max(::libbpf_num_possible_cpus(), 1)); }

KernelMap::KernelMap(maps::Definition definition, int fd)
    : Map(std::move(definition)),
      fd_(fd),
      copies_(is_per_cpu(this->definition().type) ? possible_cpus() : 1),
      memory_size_(lent_size(this->definition())) {
  if (memory_size_ == 0) return;
  // Read-only variables are frozen: they are lent to be read.
  for (const int protection : {PROT_READ | PROT_WRITE, PROT_READ}) {
    void *const memory = ::mmap(nullptr, memory_size_, protection, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED) continue;
    memory_ = static_cast<std::byte *>(memory);
    return;
  }
}

KernelMap::~KernelMap() {
  if (memory_ != nullptr) ::munmap(memory_, memory_size_);
}

// The kernel rounds each CPU's value up to eight bytes.
size_t KernelMap::stride() const {
  const size_t size = definition().value_size;
  return copies_ > 1 ? (size + 7) / 8 * 8 : size;
}

KernelMap::Held *KernelMap::hold(const std::byte *key) {
  Bytes name(key, key + definition().key_size);
  if (const auto held = held_.find(name); held != held_.end()) return &held->second;
  Bytes values(stride() * copies_);
  if (::bpf_map_lookup_elem(fd_, key, values.data()) != 0) return nullptr;
  return &held_.emplace(std::move(name), Held{values, values}).first->second;
}

std::byte *KernelMap::lookup_on(const std::byte *key, uint32_t cpu) {
  if (cpu >= copies_) return nullptr;
  if (memory_ != nullptr) {
    uint32_t index = 0;
    std::memcpy(&index, key, sizeof index);
    return index < definition().max_entries ? memory_ + index * ((stride() + 7) / 8 * 8) : nullptr;
  }
  Held *const held = hold(key);
  return held == nullptr ? nullptr : held->now.data() + cpu * stride();
}

void KernelMap::settle() {
  for (auto &[key, held] : held_)
    // An element that is gone by now stays gone.
    if (held.now != held.read) ::bpf_map_update_elem(fd_, key.data(), held.now.data(), BPF_EXIST);
  held_.clear();
  erased_.clear();
}

// bpf_map_update_elem() gives -errno since libbpf 1.0, as all of these do.
int64_t KernelMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  Bytes values(stride() * copies_);
  for (uint32_t cpu = 0; cpu < copies_; cpu++) std::copy_n(value, definition().value_size, &values[cpu * stride()]);
  const int64_t failed = ::bpf_map_update_elem(fd_, key, values.data(), flags);
  if (failed != 0) return failed;
  // Whoever has looked it up sees the new value, as in the kernel's arrays.
  if (const auto held = held_.find({key, key + definition().key_size}); held != held_.end()) {
    held->second.now = values;
    held->second.read = std::move(values);
  }
  return 0;
}

int64_t KernelMap::erase(const std::byte *key) {
  if (const auto held = held_.find({key, key + definition().key_size}); held != held_.end()) {
    erased_.push_back(std::move(held->second));
    held_.erase(held);
  }
  return ::bpf_map_delete_elem(fd_, key);
}

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
  if (definition().key_size == 0) return visit_queued(visit);
  uint64_t calls = 0;
  walk([&](const std::byte *key) {
    std::byte *value = lookup(key);
    calls += value != nullptr;
    return value != nullptr && visit(key, value);
  });
  return calls;
}

uint64_t KernelMap::visit_queued(const Visit &visit) {
  std::vector<Bytes> values;
  for (Bytes value(definition().value_size); values.size() < definition().max_entries && pop(value.data()) == 0;)
    values.push_back(value);
  uint64_t calls = 0;
  bool is_enough = false;
  for (Bytes &value : values) {
    calls += !is_enough;
    is_enough = is_enough || visit(nullptr, value.data());
  }
  // A stack gives back first what came last.
  if (definition().type == BPF_MAP_TYPE_STACK) std::ranges::reverse(values);
  for (const Bytes &value : values) push(value.data(), BPF_ANY);
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

int64_t KernelMap::push(const std::byte *value, uint64_t flags) {
  return ::bpf_map_update_elem(fd_, nullptr, value, flags);
}
int64_t KernelMap::pop(std::byte *value) { return ::bpf_map_lookup_and_delete_elem(fd_, nullptr, value); }
int64_t KernelMap::peek(std::byte *value) { return ::bpf_map_lookup_elem(fd_, nullptr, value); }

}  // namespace spile::kernel
