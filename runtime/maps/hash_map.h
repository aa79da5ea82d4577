// HashMap: BPF_MAP_TYPE_HASH and LRU_HASH. Buckets of chained elements from one preallocated slab.
//
//   bucket { head, state, spare } ──► element ──► element ──► 0
//
// Lookups take no lock and never miss a key that is there. A writer holds the bucket, by a bit of its state; the rest
// of the state is a version. An element that is removed keeps its link, so that a reader standing on it goes on; it may
// be reused at once, even in another bucket, and then leads the reader astray. But the version of the bucket it was
// removed from is counted up before that: a reader that found nothing looks at the version again, and starts over when
// it has moved.
//
// What was removed stays with its bucket, as its spare, for the next update there: two threads that update different
// keys have nothing in common. For that the slab has an element more for each bucket; memory that is not touched is not
// taken.
//
// An update of a present key puts a new element in the place of the old one: a pointer from an earlier lookup goes on
// seeing the old value, as in the kernel. Kernel: it adds the new element at the head and then unlinks the old one,
// between which a reader further down the chain misses the key; ours is stricter.
//
// LRU: a full map makes room by deleting an element that was not looked up lately, found by a hand that goes round the
// slab and takes away one mark of use at a time (the clock algorithm). Kernel: it keeps active and inactive lists and
// frees elements in batches, so that a full map may hold up to 128 elements a CPU fewer than max_entries; ours holds
// them all.
#pragma once

#include <linux/bpf.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "runtime/maps/hash_key.h"
#include "runtime/maps/map.h"
#include "runtime/maps/pages.h"
#include "runtime/maps/spin_lock.h"

namespace spile::maps {

template <size_t KeySize>
class HashMap final : public Map {
 public:
  // [definition] has passed create()'s checks.
  static Result<std::unique_ptr<Map>> make(const Definition &definition, PageSource &pages);

  std::byte *lookup(const std::byte *key) override;
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) override;
  // Here too, so that what programs call is one virtual call and not two.
  std::byte *lookup_on(const std::byte *key, uint32_t) override { return lookup(key); }
  int64_t update_on(const std::byte *key, const std::byte *value, uint64_t flags, uint32_t) override {
    return update(key, value, flags);
  }
  int64_t erase(const std::byte *key) override;
  int64_t next_key(const std::byte *key, std::byte *next) override;
  uint64_t for_each(const Visit &visit) override;
  size_t size() const override { return count_.load(std::memory_order_relaxed); }

  // Where the elements of a map that does not evict are, all its life. Compiled programs have these as constants, with
  // which a lookup takes two thirds of the instructions.
  struct Table {
    std::byte *buckets, *slab;
    uint64_t buckets_size, slab_size;
    uint32_t bucket_mask;
    uint64_t stride;  // of the slab
  };
  bool evicts() const { return evicts_; }
  Table table() const;
  // lookup() in such a map; [size]: of its keys.
  static std::byte *look_up(const Table &table, const std::byte *key, size_t size) {
    const HashKey<KeySize> keys(size);
    Element *const found = find(table, keys, key, keys.hash(key));
    return found == nullptr ? nullptr : found->key() + round_up_8(keys.size());
  }

 private:
  // The place of an element in the slab, from 1 on; 0 ends a chain. All-zero pages are thus an empty table.
  using Link = uint32_t;

  struct Bucket {
    static constexpr uint32_t kHeld = 1, kVersion = 2;
    std::atomic<Link> head;
    std::atomic<uint32_t>
        state;   // kHeld while a writer is at it; the rest counts removals and replacements in this chain
    Link spare;  // an element that was removed here and that no chain leads to, or 0; the writer's
    uint32_t unused;
  };
  // A writer at a bucket.
  class Hold {
   public:
    explicit Hold(Bucket &bucket) : bucket_(bucket) {
      Patience patience;
      uint32_t state = bucket.state.load(std::memory_order_relaxed);
      while ((state & Bucket::kHeld) != 0 ||
             !bucket.state.compare_exchange_weak(state, state | Bucket::kHeld, std::memory_order_acquire)) {
        patience.wait();
        state = bucket.state.load(std::memory_order_relaxed);
      }
      state_ = state;
    }
    ~Hold() { bucket_.state.store(state_, std::memory_order_release); }
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;
    Bucket &bucket() const { return bucket_; }
    // Something was removed: readers see that from the end of the hold on.
    void count_version() { state_ += Bucket::kVersion; }
    // Or at once, when what was removed becomes another bucket's.
    void show_version() { bucket_.state.store(state_ | Bucket::kHeld, std::memory_order_release); }

   private:
    Bucket &bucket_;
    uint32_t state_;
  };
  struct Element {  // the key follows, then the value, each rounded up to 8 bytes
    std::atomic<Link> next;
    std::atomic<uint32_t> hash;
    std::byte *key() { return reinterpret_cast<std::byte *>(this + 1); }
  };

  // What the clock's hand finds at an element.
  enum Use : uint8_t { Free, Cold, Hot };

  HashMap(const Definition &definition, uint32_t bucket_count, Pages buckets, Pages slab, Pages marks);
  Bucket &bucket_of(uint32_t hash) const { return reinterpret_cast<Bucket *>(buckets_.data())[hash & bucket_mask_]; }
  Element &element(Link link) const { return *reinterpret_cast<Element *>(slab_.data() + (link - 1) * stride_); }
  std::byte *value_of(Element &element) const { return element.key() + value_offset_; }
  static Element *find(const Table &table, const HashKey<KeySize> &keys, const std::byte *key, uint32_t hash);
  Element *find(const std::byte *key, uint32_t hash) const { return find(table(), key_, key, hash); }
  // The link that leads to the element with [key], or null. Its bucket is held.
  std::atomic<Link> *link_to(Bucket &bucket, const std::byte *key, uint32_t hash);
  // update() of such a map; and what is the same in all, with the bucket held and the link that leads to the key.
  int64_t update_serially(const std::byte *key, const std::byte *value, uint64_t flags);
  template <bool IsSerial>
  int64_t put(Hold &hold, std::atomic<Link> *old, const std::byte *key, const std::byte *value, uint64_t flags,
              uint32_t hash);
  // Both with the bucket held: an element that no chain leads to; what was taken out of its chain goes back.
  Link take(Hold &hold);
  Link take_elsewhere();
  void give_back(Hold &hold, Link removed);
  void give_elsewhere(Hold &hold, Link removed);
  // Counts one element more, unless there are as many as may be.
  bool count_up();
  // LRU, with lock_ and no bucket held: deletes one element.
  void evict();
  // What an element more than the map may hold is for: the new one of an update, beside the old one.
  static uint64_t spares_of(const Definition &definition, uint32_t bucket_count) {
    return is_serial(definition) ? 1 : bucket_count;
  }
  // Whether writers wait for one another: what they do is more than a change of a bucket.
  static bool is_serial(const Definition &definition) {
    return definition.type == BPF_MAP_TYPE_LRU_HASH || !definition.special.empty();
  }
  // Only of an LRU map: the marks of use, by link.
  std::atomic<uint8_t> &use_of(Link link) const {
    return reinterpret_cast<std::atomic<uint8_t> *>(marks_.data())[link];
  }
  Link link_of(const Element &element) const {
    return static_cast<Link>((reinterpret_cast<const std::byte *>(&element) - slab_.data()) / stride_ + 1);
  }
  // What is in the pages becomes what is known here: which elements are used. An error says what no map leaves behind;
  // of a snapshot, a chain ends where another process was at work.
  Result<void> adopt(PageSource::Content content);
  bool first_from(uint64_t bucket_index, std::byte *next);

  HashKey<KeySize> key_;
  uint32_t bucket_mask_;
  uint64_t value_offset_;  // from the key
  uint64_t stride_;
  Pages buckets_, slab_;
  Pages marks_;  // one byte an element
  const bool evicts_, is_serial_;
  const Link last_;  // of the slab

  SpinLock
      lock_;  // of all writers, where they are serial; else only of free_. Taken before a bucket, or inside of one.
  std::vector<Link> free_;      // deleted elements that are no bucket's spare; the last in is the first out
  Link hand_ = 0;               // of the clock
  std::atomic<Link> fresh_{1};  // elements from here on were never used
  std::atomic<uint32_t> count_{0};
};

template <size_t KeySize>
typename HashMap<KeySize>::Table HashMap<KeySize>::table() const {
  const uint64_t buckets = uint64_t{bucket_mask_} + 1;
  return {buckets_.data(), slab_.data(), buckets * sizeof(Bucket), last_ * stride_, bucket_mask_, stride_};
}

template <size_t KeySize>
typename HashMap<KeySize>::Element *HashMap<KeySize>::find(const Table &table, const HashKey<KeySize> &keys,
                                                           const std::byte *key, uint32_t hash) {
  const Bucket &bucket = reinterpret_cast<const Bucket *>(table.buckets)[hash & table.bucket_mask];
  while (true) {
    const uint32_t version = bucket.state.load(std::memory_order_acquire) / Bucket::kVersion;
    for (Link link = bucket.head.load(std::memory_order_acquire); link != 0;) {
      auto &candidate = *reinterpret_cast<Element *>(table.slab + uint64_t{link} * table.stride - table.stride);
      // A writer may be filling the element with another key meanwhile. If the key still compares equal, the answer is
      // as if the lookup had come a moment earlier. If a byte of the new key was seen, so is the new version below:
      // the fences here and in take() see to it.
      if (candidate.hash.load(std::memory_order_relaxed) == hash && keys.equal(candidate.key(), key)) return &candidate;
      link = candidate.next.load(std::memory_order_acquire);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (bucket.state.load(std::memory_order_relaxed) / Bucket::kVersion == version) return nullptr;
  }
}

template <size_t KeySize>
std::byte *HashMap<KeySize>::lookup(const std::byte *key) {
  Element *found = find(key, key_.hash(key));
  if (found == nullptr) return nullptr;
  if (evicts_) {
    // By exchange: an element that a writer has freed meanwhile stays Free, or evict() would take it for one in a
    // chain.
    std::atomic<uint8_t> &use = use_of(link_of(*found));
    if (uint8_t cold = Cold; use.load(std::memory_order_relaxed) == cold)
      use.compare_exchange_strong(cold, Hot, std::memory_order_relaxed);
  }
  return value_of(*found);
}

Result<std::unique_ptr<Map>> make_hash_map(const Definition &definition, PageSource &pages);
inline Result<std::unique_ptr<Map>> make_hash_map(const Definition &definition) {
  PageSource memory;
  return make_hash_map(definition, memory);
}

}  // namespace spile::maps
