#include "runtime/maps/percpu_map.h"

#include <linux/bpf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

#include "runtime/maps/array_map.h"
#include "runtime/maps/hash_map.h"

namespace spile::maps {

PerCpuMap::PerCpuMap(const Definition &definition, std::unique_ptr<Map> inner)
    : Map(definition),
      inner_(std::move(inner)),
      is_array_(definition.type == BPF_MAP_TYPE_PERCPU_ARRAY),
      copies_(possible_cpus()),
      stride_(round_up_8(definition.value_size)) {}

Result<std::unique_ptr<Map>> PerCpuMap::make(const Definition &definition, PageSource &pages) {
  Definition inner = definition;
  inner.special.clear();
  inner.value_size = static_cast<uint32_t>(round_up_8(definition.value_size) * possible_cpus());
  inner.type = definition.type == BPF_MAP_TYPE_PERCPU_ARRAY      ? BPF_MAP_TYPE_ARRAY
               : definition.type == BPF_MAP_TYPE_LRU_PERCPU_HASH ? BPF_MAP_TYPE_LRU_HASH
                                                                 : BPF_MAP_TYPE_HASH;
  auto made = inner.type == BPF_MAP_TYPE_ARRAY ? ArrayMap::make(inner, pages) : make_hash_map(inner, pages);
  if (!made) return made;
  return std::unique_ptr<Map>(new PerCpuMap(definition, std::move(*made)));
}

std::byte *PerCpuMap::lookup_on(const std::byte *key, uint32_t cpu) {
  std::byte *values = inner_->lookup(key);
  return values == nullptr ? nullptr : part_of(values, cpu);
}

// As bpf_long_memcpy() of the kernel: whoever reads or writes the value meanwhile sees words of the one or the other.
static void copy_words(std::byte *to, const std::byte *from, uint64_t size) {
  for (uint64_t at = 0; at < size; at += sizeof(uint64_t)) {
    const std::atomic_ref<uint64_t> place(*reinterpret_cast<uint64_t *>(to + at));
    const uint64_t rest = size - at;
    uint64_t word = rest < sizeof(word) ? place.load(std::memory_order_relaxed) : 0;
    std::memcpy(&word, from + at, std::min(rest, sizeof(word)));
    place.store(word, std::memory_order_relaxed);
  }
}

// Elements of an array are there for good, so nobody needs to be kept away from plain values.
int64_t PerCpuMap::put_in_array(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t first,
                                uint32_t last) {
  if (flags > BPF_EXIST) return -EINVAL;
  std::byte *const present = inner_->lookup(key);
  if (present == nullptr) return -E2BIG;
  if (flags == BPF_NOEXIST) return -EEXIST;
  if (definition().special.empty()) {
    for (uint32_t cpu = first; cpu <= last; cpu++) copy_words(present + cpu * stride_, value, definition().value_size);
  } else {
    const std::lock_guard guard(writers_);
    for (uint32_t cpu = first; cpu <= last; cpu++) copy_value(present + cpu * stride_, value);
  }
  return 0;
}

// As __htab_percpu_map_update_elem() and array_map_update_elem(): a present element is changed in place; in a new one
// the other CPUs' values are zero.
int64_t PerCpuMap::put(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t first, uint32_t last) {
  if (is_array_) return put_in_array(key, value, flags, first, last);
  if (flags > BPF_EXIST) return -EINVAL;
  if (first == last && definition().special.empty()) {
    const std::lock_guard guard(lock_of(first));
    if (std::byte *const present = inner_->lookup(key); present != nullptr) {
      if (flags == BPF_NOEXIST) return -EEXIST;
      copy_value(present + first * stride_, value);
      return 0;
    }
  }
  const Alone alone(*this);
  std::byte *present = inner_->lookup(key);
  if (present != nullptr && flags == BPF_NOEXIST) return -EEXIST;
  if (present == nullptr) {
    if (flags == BPF_EXIST) return -ENOENT;
    const std::vector<std::byte> zeros(copies_ * stride_);
    if (const int64_t error = inner_->update(key, zeros.data(), BPF_NOEXIST); error != 0) return error;
    present = inner_->lookup(key);
  }
  for (uint32_t cpu = first; cpu <= last; cpu++) copy_value(present + cpu * stride_, value);
  return 0;
}

int64_t PerCpuMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  return put(key, value, flags, 0, copies_ - 1);
}

int64_t PerCpuMap::update_on(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t cpu) {
  return put(key, value, flags, cpu % copies_, cpu % copies_);
}

int64_t PerCpuMap::erase(const std::byte *key) {
  if (is_array_) return inner_->erase(key);
  const Alone alone(*this);
  return inner_->erase(key);
}

uint64_t PerCpuMap::for_each_on(const Visit &visit, uint32_t cpu) {
  return inner_->for_each([&](const std::byte *key, std::byte *values) { return visit(key, part_of(values, cpu)); });
}

}  // namespace spile::maps
