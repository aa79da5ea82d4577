// Map: one eBPF map in this process, with the semantics, flags and errors of the kernel's.
//
// Shared by both engines, by helpers, and by the user's side that prints maps. Safe for concurrent use by several
// threads: a pointer returned by lookup stays valid as long as the map lives (its element may be deleted and reused,
// as in the kernel's preallocated maps).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/maps/pages.h"
#include "support/result.h"

namespace spile::maps {

// Types that the distribution's linux/bpf.h does not know yet.
inline constexpr uint32_t kCgrpStorageType = 32, kArenaType = 33;

// ENOTSUPP of the kernel, which userspace has no name for.
inline constexpr int kNotSupported = 524;

// A part of a value that belongs to helpers alone: updates neither read nor overwrite it. Sorted by offset.
struct SpecialField {
  enum Kind : uint8_t { SpinLock, Timer, Kptr, Other } kind = Other;
  uint32_t offset = 0, size = 0;  // bytes
};

// What bpf(BPF_MAP_CREATE) takes. Sizes in bytes.
struct Definition {
  std::string name;
  uint32_t type = 0;  // enum bpf_map_type
  uint32_t key_size = 0, value_size = 0, max_entries = 0;
  uint32_t map_flags = 0;
  uint64_t map_extra = 0;
  std::vector<SpecialField> special;  // of the value, as its BTF says
};

class Map {
 public:
  explicit Map(Definition definition);
  virtual ~Map() = default;
  Map(const Map &) = delete;
  Map &operator=(const Map &) = delete;

  const Definition &definition() const { return definition_; }

  // The element's value, or null. Arrays: null past the end. Per-CPU maps: the first CPU's.
  virtual std::byte *lookup(const std::byte *key) = 0;
  // 0, or -EEXIST, -ENOENT, -E2BIG, -EINVAL, -EOPNOTSUPP. [flags]: BPF_ANY, BPF_NOEXIST, BPF_EXIST, and BPF_F_LOCK
  // where values have a lock. Per-CPU maps: the same value for every CPU.
  virtual int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) = 0;
  // 0, or -ENOENT, -EINVAL (arrays).
  virtual int64_t erase(const std::byte *key) = 0;
  // The key after [key] in [next]; the first for a null key or one that is gone (as BPF_MAP_GET_NEXT_KEY). 0, or
  // -ENOENT after the last.
  virtual int64_t next_key(const std::byte *key, std::byte *next) = 0;
  // Calls [visit] for each element until it returns true; the number of calls. [visit] may update and delete elements
  // of this map: one that is deleted before its turn may still be visited, as under RCU in the kernel.
  using Visit = std::function<bool(const std::byte *key, std::byte *value)>;
  virtual uint64_t for_each(const Visit &visit) = 0;
  // Elements present; max_entries for arrays.
  virtual size_t size() const = 0;
  // Where value storage begins when every value lies in one block at a stride known at load time (arrays); else null.
  // Global data (.rodata, .data, .bss) is reached through it.
  virtual std::byte *direct_values() { return nullptr; }

  // Per-CPU maps have a value for each of copies() CPUs; what a program on [cpu] sees and changes. Others: no
  // difference.
  virtual uint32_t copies() const { return 1; }
  virtual std::byte *lookup_on(const std::byte *key, uint32_t) { return lookup(key); }
  virtual int64_t update_on(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t) {
    return update(key, value, flags);
  }
  virtual uint64_t for_each_on(const Visit &visit, uint32_t) { return for_each(visit); }

  // Queues, stacks and bloom filters: map_push_elem() and its siblings. -E2BIG: full; -ENOENT: empty, or not in it.
  virtual int64_t push(const std::byte *value, uint64_t flags);
  virtual int64_t pop(std::byte *value);
  virtual int64_t peek(std::byte *value);

  // Called with the value of every element that is deleted or replaced: whoever gave its special fields a meaning
  // (a running timer, an object in a kptr) takes it back. Set before programs run.
  using Released = std::function<void(std::byte *value)>;
  void on_release(Released released) { released_ = std::move(released); }

  // Zeroes the special fields of a value: those of a new element, and of a copy that someone outside of the programs
  // sees (check_and_init_map_value()).
  void clear_special(std::byte *value) const;

 protected:
  // Copies a value but for its special fields (copy_map_value() of the kernel).
  void copy_value(std::byte *to, const std::byte *from) const {
    if (definition_.special.empty())
      std::memcpy(to, from, definition_.value_size);
    else
      copy_around_special(to, from);
  }
  void release(std::byte *value) const {
    if (released_) released_(value);
  }
  // Where the value's bpf_spin_lock lies; null without one.
  const SpecialField *lock_field() const;

 private:
  void copy_around_special(std::byte *to, const std::byte *from) const;

  Definition definition_;
  Released released_;
};

// The value's bpf_spin_lock, which helpers and updates with BPF_F_LOCK take: a word that is 1 while it is held.
void lock_value(std::byte *lock);
void unlock_value(std::byte *lock);

// How many CPUs a per-CPU map has values for: those that this machine could have.
uint32_t possible_cpus();

// Checks a definition as the kernel does and creates the map. The error has the kernel's errno and says why.
// [pages]: where its elements lie, of a type that is_placeable(); null: in memory of this process.
Result<std::unique_ptr<Map>> create(const Definition &definition, PageSource *pages = nullptr);
bool is_placeable(uint32_t type);

}  // namespace spile::maps
