// LpmMap: BPF_MAP_TYPE_LPM_TRIE. Keys are prefixes, a lookup finds the longest one that its key begins with.
//
//   key { u32 prefixlen; u8 data[] }      the first prefixlen bits of data, most significant bit first
//
// Elements lie in a hash map under their masked prefix, each value with the key that was given behind it, which an
// iteration shows. A lookup tries the lengths that are in use, longest first: no
// lock, and for the few lengths that real tables use fewer steps than a trie has levels. The order of an iteration is
// kept beside it.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>

#include "runtime/maps/map.h"

namespace spile::maps {

class LpmMap final : public Map {
 public:
  static constexpr uint32_t kMaxDataBytes = 256;  // LPM_DATA_SIZE_MAX

  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);
  static Result<std::unique_ptr<Map>> make(const Definition &definition) {
    PageSource memory;
    return make(definition, memory);
  }

  std::byte *lookup(const std::byte *key) override;
  // A full map is -ENOSPC here, not -E2BIG.
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  int64_t erase(const std::byte *key) override;
  // Longer prefixes before those that they lie in, as trie_get_next_key().
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override { return elements_->size(); }

 private:
  using Key = std::vector<std::byte>;
  struct InOrder {
    bool operator()(const Key &a, const Key &b) const;
  };

  LpmMap(const Definition &definition, std::unique_ptr<Map> elements);
  // What elements_ has becomes known here; an error says what no map leaves behind.
  Result<void> adopt(PageSource::Content content);
  uint64_t key_offset() const { return round_up_8(definition().value_size); }  // in a value of elements_
  void note(const std::byte *key);
  uint32_t max_prefix() const { return (definition().key_size - 4) * 8; }
  // [key] with the bits from [prefix] on cleared, in [masked] of key_size bytes.
  void mask(const std::byte *key, uint32_t prefix, std::byte *masked) const;
  Key masked(const std::byte *key, uint32_t prefix) const;

  std::unique_ptr<Map> elements_;
  // By prefix length: how many elements have it.
  std::array<std::atomic<uint32_t>, kMaxDataBytes * 8 + 1> in_use_{};
  std::atomic<uint32_t> longest_{0};  // no length above is in use
  std::mutex writers_;
  std::map<Key, Key, InOrder> order_;  // from the masked key to the one that was given, which an iteration shows
};

}  // namespace spile::maps
