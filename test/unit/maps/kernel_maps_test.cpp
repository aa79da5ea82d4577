// The same random operations on a map of ours and on one of the running kernel, with the same results.
#include <linux/bpf.h>

#include <random>
#include <set>

#include "kernel_map.h"

namespace spile::maps {
namespace {

using Bytes = std::vector<std::byte>;

template <class M>
std::set<Bytes> keys_of(M &map, size_t key_size) {
  std::set<Bytes> keys;
  Bytes key(key_size), next(key_size);
  for (int64_t error = map.next_key(nullptr, next.data()); error == 0; error = map.next_key(key.data(), next.data())) {
    EXPECT_TRUE(keys.insert(next).second);
    key = next;
  }
  return keys;
}

void compare(const Definition &definition, unsigned seed) {
  auto ours = make(definition);
  KernelMap kernel(definition);
  ASSERT_GE(kernel.fd(), 0);
  std::mt19937 random(seed);
  for (int step = 0; step < 4000; step++) {
    Bytes key(definition.key_size), value(definition.value_size), seen(definition.value_size);
    key[0] = std::byte(random() % (definition.max_entries * 2));  // some too many
    for (std::byte &byte : value) byte = std::byte(random());
    // bpf(2) refuses BPF_F_LOCK before the map sees it; ours answers as the map does for a program.
    const uint64_t flags = (random() % 8 == 0 ? random() % 12 : random() % 3) & ~uint64_t{BPF_F_LOCK};
    switch (random() % 4) {
      case 0:
      case 1:
        ASSERT_EQ(ours->update(key.data(), value.data(), flags), kernel.update(key.data(), value.data(), flags))
            << "update with flags " << flags << " at step " << step;
        break;
      case 2:
        ASSERT_EQ(ours->erase(key.data()), kernel.erase(key.data())) << "delete at step " << step;
        break;
      case 3: {
        const int64_t error = kernel.lookup(key.data(), seen.data());
        const std::byte *found = ours->lookup(key.data());
        ASSERT_EQ(found == nullptr ? -ENOENT : 0, error) << "lookup at step " << step;
        if (found != nullptr) ASSERT_EQ(std::memcmp(found, seen.data(), seen.size()), 0);
        break;
      }
    }
    if (step % 500 == 0)
      ASSERT_EQ(keys_of(*ours, definition.key_size), keys_of(kernel, definition.key_size)) << "at step " << step;
  }
}

TEST(KernelMaps, RandomOperationsGiveTheSameResults) {
  SKIP_WITHOUT_KERNEL_MAPS();
  unsigned seed = 1;
  for (uint32_t key_size : {1, 4, 8, 13, 16, 40})
    for (uint32_t flags : {0u, unsigned(BPF_F_NO_PREALLOC)}) compare(hash_of(key_size, 12, 20, flags), seed++);
  compare(array_of(12, 20), seed++);
  compare(array_of(8, 1), seed++);
}

TEST(KernelMaps, CreationFailsWithTheSameErrors) {
  SKIP_WITHOUT_KERNEL_MAPS();
  std::vector<Definition> definitions;
  for (uint32_t flags = 0; flags < 16; flags++)
    for (const Definition &base : {hash_of(8, 8, 4), array_of(8, 4)}) {
      constexpr uint32_t kFlags[] = {BPF_F_NO_PREALLOC, BPF_F_RDONLY, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG};
      Definition &definition = definitions.emplace_back(base);
      for (int bit = 0; bit < 4; bit++)
        if ((flags >> bit & 1) != 0) definition.map_flags |= kFlags[bit];
    }
  for (uint32_t flag : {BPF_F_MMAPABLE, BPF_F_ZERO_SEED, BPF_F_INNER_MAP, BPF_F_STACK_BUILD_ID, BPF_F_NO_COMMON_LRU,
                        BPF_F_PRESERVE_ELEMS, BPF_F_CLONE})
    for (Definition base : {hash_of(8, 8, 4), array_of(8, 4)}) {
      base.map_flags = flag;
      definitions.push_back(base);
    }
  for (uint32_t size : {0u, 1u, 3u, 4u, 8u, 512u, 513u, 4096u, (4u << 20) - 57, (4u << 20) - 56, 4u << 20, ~0u}) {
    definitions.push_back(hash_of(size, 8, 1));
    definitions.push_back(hash_of(8, size, 1));
    definitions.push_back({"m", BPF_MAP_TYPE_ARRAY, size, 8, 1, 0, 0});
    if (size <= 4u << 20) definitions.push_back(array_of(size, 1));
  }
  definitions.push_back(array_of(~0u, 1));
  definitions.push_back(hash_of(8, 8, 0));
  definitions.push_back(array_of(8, 0));
  definitions.push_back(hash_of(8, 8, (1u << 31) + 1));
  definitions.push_back({"m", BPF_MAP_TYPE_HASH, 8, 8, 1, 0, 1});
  for (const Definition &definition : definitions) {
    const KernelMap kernel(definition);
    const auto ours = create(definition);
    EXPECT_EQ(ours ? 0 : -ours.error().os_error, std::min<int64_t>(kernel.fd(), 0))
        << "type " << definition.type << " key " << definition.key_size << " value " << definition.value_size
        << " entries " << definition.max_entries << " flags " << definition.map_flags << ": "
        << (ours ? "accepted" : ours.error().message);
  }
}

}  // namespace
}  // namespace spile::maps
