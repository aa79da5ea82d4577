#include "runtime/maps/bloom_map.h"

#include <linux/bpf.h>

#include <atomic>
#include <bit>
#include <cerrno>

#include "runtime/maps/hash_key.h"

namespace spile::maps {

namespace {
constexpr uint32_t kDefaultHashes = 5, kMaxHashes = 15;
}

BloomMap::BloomMap(const Definition &definition, Pages bits, uint64_t mask)
    : KeylessMap(definition, {.update = -EINVAL, .erase = -EOPNOTSUPP, .next_key = -EOPNOTSUPP}),
      bits_(std::move(bits)),
      mask_(mask),
      hashes_((definition.map_extra & kMaxHashes) == 0 ? kDefaultHashes
                                                       : static_cast<uint32_t>(definition.map_extra & kMaxHashes)) {}

// The kernel's sizes: entries * hashes / ln 2, as 7/5, rounded up to a power of two.
Result<std::unique_ptr<Map>> BloomMap::make(const Definition &definition, PageSource &source) {
  const uint64_t extra = definition.map_extra & kMaxHashes;
  const uint64_t wanted = uint64_t{definition.max_entries} * (extra == 0 ? kDefaultHashes : extra) / 5 * 7;
  const uint64_t bits = std::min<uint64_t>(std::bit_ceil(std::max<uint64_t>(wanted, 64)), uint64_t{1} << 32);
  auto pages = source.take(bits / 8);
  if (!pages) return std::unexpected(pages.error());
  return std::unique_ptr<Map>(new BloomMap(definition, std::move(*pages), bits - 1));
}

uint64_t BloomMap::bit_of(uint64_t hash, uint32_t which) const {
  return fold_multiply(hash ^ kHashSeed0, kHashSeed1 + which) & mask_;
}

int64_t BloomMap::push(const std::byte *value, uint64_t flags) {
  if (flags != BPF_ANY) return -EINVAL;
  auto *words = reinterpret_cast<uint64_t *>(bits_.data());
  const uint64_t hash = hash_bytes(value, definition().value_size);
  for (uint32_t i = 0; i < hashes_; i++) {
    const uint64_t bit = bit_of(hash, i);
    std::atomic_ref(words[bit / 64]).fetch_or(uint64_t{1} << bit % 64, std::memory_order_relaxed);
  }
  return 0;
}

int64_t BloomMap::peek(std::byte *value) {
  auto *words = reinterpret_cast<uint64_t *>(bits_.data());
  const uint64_t hash = hash_bytes(value, definition().value_size);
  for (uint32_t i = 0; i < hashes_; i++) {
    const uint64_t bit = bit_of(hash, i);
    if ((std::atomic_ref(words[bit / 64]).load(std::memory_order_relaxed) >> bit % 64 & 1) == 0) return -ENOENT;
  }
  return 0;
}

}  // namespace spile::maps
