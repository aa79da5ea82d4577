// The families of maps besides hash and array, compared with those of the running kernel: creation, operations, errors.
#include <linux/bpf.h>

#include <algorithm>
#include <random>

#include "kernel_map.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/percpu_map.h"

namespace spile::maps {
namespace {

using Bytes = std::vector<std::byte>;

Definition of(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags = 0, uint64_t extra = 0) {
  return {"m", type, key, value, entries, flags, extra, {}};
}

// A definition of each type.
const Definition kGood[] = {
    of(BPF_MAP_TYPE_HASH, 8, 8, 4),
    of(BPF_MAP_TYPE_ARRAY, 4, 8, 4),
    of(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4),
    of(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 4),
    of(BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 4),
    of(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 4),
    of(BPF_MAP_TYPE_STACK_TRACE, 4, 64, 4),
    of(BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4),
    of(BPF_MAP_TYPE_LRU_HASH, 8, 8, 4),
    of(BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 8, 4),
    of(BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC),
    of(BPF_MAP_TYPE_DEVMAP, 4, 4, 4),
    of(BPF_MAP_TYPE_SOCKMAP, 4, 4, 4),
    of(BPF_MAP_TYPE_CPUMAP, 4, 4, 4),
    of(BPF_MAP_TYPE_XSKMAP, 4, 4, 4),
    of(BPF_MAP_TYPE_SOCKHASH, 8, 4, 4),
    of(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 4),
    of(BPF_MAP_TYPE_QUEUE, 0, 8, 4),
    of(BPF_MAP_TYPE_STACK, 0, 8, 4),
    of(BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 4),
    of(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096),
    of(BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 4),
    of(BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096),
    of(kArenaType, 0, 0, 4, BPF_F_MMAPABLE),
    of(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4),
    of(BPF_MAP_TYPE_HASH_OF_MAPS, 8, 4, 4),
    of(BPF_MAP_TYPE_CGROUP_STORAGE, 8, 8, 0),
    of(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0),
    of(BPF_MAP_TYPE_SK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC),
    of(BPF_MAP_TYPE_INODE_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC),
    of(BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, BPF_F_NO_PREALLOC),
    of(kCgrpStorageType, 4, 8, 0, BPF_F_NO_PREALLOC),
};

bool is_of_maps(uint32_t type) { return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS; }
bool wants_types(uint32_t type) {
  return type == BPF_MAP_TYPE_SK_STORAGE || type == BPF_MAP_TYPE_INODE_STORAGE || type == BPF_MAP_TYPE_TASK_STORAGE ||
         type == kCgrpStorageType;
}

void compare_creation(const Definition &definition) {
  const KernelMap inner(of(BPF_MAP_TYPE_ARRAY, 4, 8, 4));
  const KernelTypes types(wants_types(definition.type) ? definition.value_size : 4);
  const KernelMap kernel(definition, is_of_maps(definition.type) ? inner.fd() : -1,
                         wants_types(definition.type) ? types.fd() : -1);
  const auto ours = create(definition);
  EXPECT_EQ(ours ? 0 : -ours.error().os_error, std::min<int64_t>(kernel.fd(), 0))
      << "type " << definition.type << " key " << definition.key_size << " value " << definition.value_size
      << " entries " << definition.max_entries << " flags " << definition.map_flags << " extra " << definition.map_extra
      << ": " << (ours ? "accepted" : ours.error().message);
}

TEST(KernelFamilies, EveryTypeIsCreatedWithTheSameErrors) {
  SKIP_WITHOUT_KERNEL_MAPS();
  for (const Definition &good : kGood) {
    ASSERT_TRUE(create(good)) << good.type;
    compare_creation(good);
    for (unsigned bit = 0; bit < 18; bit++) {
      // CLONE, TOKEN_FD and VTYPE_BTF_OBJ_FD want more than flags, and the kernel refuses some with EPERM or EBADF.
      if ((1u << bit & (BPF_F_CLONE | 1u << 15 | 1u << 16)) != 0) continue;
      Definition changed = good;
      changed.map_flags ^= 1u << bit;
      compare_creation(changed);
    }
    for (uint32_t size : {0u, 1u, 4u, 5u, 8u, 12u, 16u, 260u, 261u, 1016u, 1024u, 32768u, 32776u}) {
      Definition changed = good;
      changed.key_size = size;
      compare_creation(changed);
      changed = good;
      changed.value_size = size;
      compare_creation(changed);
    }
    for (uint32_t entries : {0u, 1u, 3u, 4096u, 8192u, 12288u}) {
      // Its limit is the kernel's NR_CPUS.
      if (good.type == BPF_MAP_TYPE_CPUMAP && entries > 4) continue;
      Definition changed = good;
      changed.max_entries = entries;
      compare_creation(changed);
    }
    for (uint64_t extra : {uint64_t{1}, uint64_t{15}, uint64_t{16}}) {
      Definition changed = good;
      changed.map_extra = extra;
      compare_creation(changed);
    }
  }
}

void compare_lpm(uint32_t data, unsigned seed) {
  const Definition definition = of(BPF_MAP_TYPE_LPM_TRIE, 4 + data, 4, 24, BPF_F_NO_PREALLOC);
  auto ours = make(definition);
  KernelMap kernel(definition);
  ASSERT_GE(kernel.fd(), 0);
  std::mt19937 random(seed);
  for (int step = 0; step < 6000; step++) {
    Bytes key(definition.key_size), value(4), seen(4);
    const uint32_t prefix = random() % 8 == 0 ? random() % (data * 8 + 3) : random() % (std::min(data * 8, 9u) + 1);
    std::memcpy(key.data(), &prefix, 4);
    for (size_t i = 4; i < key.size(); i++) key[i] = std::byte(random() % 3 * 0x50);
    for (std::byte &byte : value) byte = std::byte(random());
    const uint64_t flags = random() % 16 == 0 ? 3 : random() % 3;
    const unsigned what = random() % 5;
    if (what < 2) {
      ASSERT_EQ(ours->update(key.data(), value.data(), flags), kernel.update(key.data(), value.data(), flags)) << step;
    } else if (what == 2) {
      ASSERT_EQ(ours->erase(key.data()), kernel.erase(key.data())) << step;
    } else if (what == 3) {
      const std::byte *found = ours->lookup(key.data());
      ASSERT_EQ(found == nullptr ? -ENOENT : 0, kernel.lookup(key.data(), seen.data())) << step;
      if (found != nullptr) ASSERT_EQ(std::memcmp(found, seen.data(), 4), 0) << step;
    } else {
      Bytes next_ours(key.size()), next_kernel(key.size());
      const std::byte *from = random() % 4 == 0 ? nullptr : key.data();
      const int64_t error = kernel.next_key(from, next_kernel.data());
      ASSERT_EQ(ours->next_key(from, next_ours.data()), error) << step;
      if (error == 0) ASSERT_EQ(next_ours, next_kernel) << step;
    }
  }
}

TEST(KernelFamilies, PrefixesMatchAndIterateAlike) {
  SKIP_WITHOUT_KERNEL_MAPS();
  compare_lpm(4, 1);
  compare_lpm(16, 2);
  compare_lpm(1, 3);
}

TEST(KernelFamilies, QueuesAndStacksAgree) {
  SKIP_WITHOUT_KERNEL_MAPS();
  for (uint32_t type : {BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK}) {
    auto ours = make(of(type, 0, 8, 5));
    KernelMap kernel(of(type, 0, 8, 5));
    ASSERT_GE(kernel.fd(), 0);
    std::mt19937 random(type);
    for (int step = 0; step < 4000; step++) {
      uint64_t value = random(), seen = 1, expected = 2;
      const uint64_t flags = random() % 4;
      switch (random() % 4) {
        case 0:
        case 1:
          ASSERT_EQ(ours->push(bytes(value), flags), kernel.update(nullptr, bytes(value), flags)) << step;
          break;
        case 2:
          expected = seen;
          ASSERT_EQ(ours->peek(reinterpret_cast<std::byte *>(&seen)),
                    kernel.lookup(nullptr, reinterpret_cast<std::byte *>(&expected)));
          if (expected != 1) ASSERT_EQ(seen, expected) << step;
          break;
        case 3:
          expected = seen;
          ASSERT_EQ(ours->pop(reinterpret_cast<std::byte *>(&seen)),
                    kernel.take(reinterpret_cast<std::byte *>(&expected)));
          if (expected != 1) ASSERT_EQ(seen, expected) << step;
          break;
      }
    }
  }
}

TEST(KernelFamilies, BloomFiltersNeverDenyWhatWasPushed) {
  SKIP_WITHOUT_KERNEL_MAPS();
  auto ours = make(of(BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100, 0, 3));
  KernelMap kernel(of(BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100, 0, 3));
  unsigned wrong_ours = 0, wrong_kernel = 0;
  for (uint64_t value = 0; value < 100; value++) {
    ASSERT_EQ(ours->push(bytes(value), 0), 0);
    ASSERT_EQ(kernel.update(nullptr, bytes(value), 0), 0);
    ASSERT_EQ(ours->push(bytes(value), 1), kernel.update(nullptr, bytes(value), 1));
  }
  for (uint64_t value = 0; value < 2000; value++) {
    uint64_t asked = value;
    const int64_t mine = ours->peek(reinterpret_cast<std::byte *>(&asked));
    const int64_t theirs = kernel.lookup(nullptr, reinterpret_cast<std::byte *>(&asked));
    if (value < 100) {
      ASSERT_EQ(mine, 0);
      ASSERT_EQ(theirs, 0);
    } else {
      ASSERT_TRUE(mine == 0 || mine == -ENOENT);
      wrong_ours += mine == 0;
      wrong_kernel += theirs == 0;
    }
  }
  EXPECT_LE(wrong_ours, 2 * wrong_kernel + 100);
}

// The user's side of the kernel sees the values of all CPUs in a row, which is how ours lie in memory.
void compare_percpu(const Definition &definition) {
  auto ours = make(definition);
  KernelMap kernel(definition);
  ASSERT_GE(kernel.fd(), 0);
  const uint32_t cpus = possible_cpus();
  std::mt19937 random(definition.type);
  for (int step = 0; step < 2000; step++) {
    uint64_t key = random() % (definition.max_entries * 2);
    std::vector<uint64_t> value(cpus, random()), seen(cpus);
    const uint64_t flags = random() % 4;
    const auto *k = reinterpret_cast<const std::byte *>(&key);
    switch (random() % 3) {
      case 0:
        ASSERT_EQ(ours->update(k, bytes(value[0]), flags), kernel.update(k, bytes(value[0]), flags)) << step;
        break;
      case 1:
        ASSERT_EQ(ours->erase(k), kernel.erase(k)) << step;
        break;
      case 2: {
        const int64_t error = kernel.lookup(k, reinterpret_cast<std::byte *>(seen.data()));
        const std::byte *found = ours->lookup(k);
        ASSERT_EQ(found == nullptr ? -ENOENT : 0, error) << step;
        if (found != nullptr) ASSERT_EQ(std::memcmp(found, seen.data(), cpus * 8), 0) << step;
        break;
      }
    }
  }
}

TEST(KernelFamilies, PerCpuMapsAgree) {
  SKIP_WITHOUT_KERNEL_MAPS();
  KernelMap probe(of(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1));
  std::vector<uint64_t> all(1024, 0x5a5a);
  const uint32_t zero = 0;
  ASSERT_EQ(probe.lookup(bytes(zero), reinterpret_cast<std::byte *>(all.data())), 0);
  if (std::ranges::count(all, 0u) != possible_cpus()) GTEST_SKIP() << "the kernel may have more CPUs than this machine";
  compare_percpu(of(BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 12));
  compare_percpu(of(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 12));
}

TEST(KernelFamilies, TargetsAndProgramsAnswerTheSameForEmptySlots) {
  SKIP_WITHOUT_KERNEL_MAPS();
  for (uint32_t type :
       {BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP,
        BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS}) {
    const Definition definition = of(type, 4, 4, 4);
    auto ours = make(definition);
    const KernelMap inner(of(BPF_MAP_TYPE_ARRAY, 4, 8, 4));
    KernelMap kernel(definition, is_of_maps(type) ? inner.fd() : -1);
    ASSERT_GE(kernel.fd(), 0);
    for (uint32_t key : {0u, 3u, 4u, 100u}) {
      EXPECT_EQ(ours->erase(bytes(key)), kernel.erase(bytes(key))) << "type " << type << " key " << key;
      uint32_t next_ours = 77, next_kernel = 77;
      EXPECT_EQ(ours->next_key(bytes(key), reinterpret_cast<std::byte *>(&next_ours)),
                kernel.next_key(bytes(key), reinterpret_cast<std::byte *>(&next_kernel)))
          << "type " << type << " key " << key;
      EXPECT_EQ(next_ours, next_kernel) << "type " << type << " key " << key;
    }
  }
}

}  // namespace
}  // namespace spile::maps
