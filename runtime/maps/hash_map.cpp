#include "runtime/maps/hash_map.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "support/check.h"

namespace spile::maps {

template <size_t KeySize>
HashMap<KeySize>::HashMap(const Definition &definition, uint32_t bucket_count, Pages buckets, Pages slab, Pages marks)
    : Map(definition),
      key_(definition.key_size),
      bucket_mask_(bucket_count - 1),
      value_offset_(round_up_8(definition.key_size)),
      stride_(sizeof(Element) + value_offset_ + round_up_8(definition.value_size)),
      buckets_(std::move(buckets)),
      slab_(std::move(slab)),
      marks_(std::move(marks)),
      evicts_(definition.type == BPF_MAP_TYPE_LRU_HASH) {}

template <size_t KeySize>
Result<std::unique_ptr<Map>> HashMap<KeySize>::make(const Definition &definition, PageSource &pages) {
  const uint32_t bucket_count = std::bit_ceil(definition.max_entries);
  Result<Pages> buckets = pages.take(uint64_t{bucket_count} * sizeof(Bucket));
  if (!buckets) return std::unexpected(buckets.error());
  // One element more than the map may hold: an update of a full map needs the new one beside the old one.
  const uint64_t stride = sizeof(Element) + round_up_8(definition.key_size) + round_up_8(definition.value_size);
  Result<Pages> slab = pages.take((uint64_t{definition.max_entries} + 1) * stride);
  if (!slab) return std::unexpected(slab.error());
  const bool evicts = definition.type == BPF_MAP_TYPE_LRU_HASH;
  Result<Pages> marks = evicts ? pages.take(uint64_t{definition.max_entries} + 2) : Pages();
  if (!marks) return std::unexpected(marks.error());
  std::unique_ptr<HashMap> map(
      new HashMap(definition, bucket_count, std::move(*buckets), std::move(*slab), std::move(*marks)));
  if (pages.content() != PageSource::Content::Zero)
    if (auto adopted = map->adopt(pages.content()); !adopted) return std::unexpected(adopted.error());
  return map;
}

template <size_t KeySize>
Result<void> HashMap<KeySize>::adopt(PageSource::Content content) {
  const Link last = definition().max_entries + 1;
  std::vector<bool> reached(uint64_t{last} + 1);
  for (uint64_t i = 0; i <= bucket_mask_; i++) {
    std::atomic<Link> *from = &bucket_of(static_cast<uint32_t>(i)).head;
    for (Link link = from->load(std::memory_order_relaxed); link != 0; link = from->load(std::memory_order_relaxed)) {
      const bool is_element = link <= last && !reached[link];
      const uint32_t hash = is_element ? key_.hash(element(link).key()) : 0;
      if (!is_element || hash != element(link).hash.load(std::memory_order_relaxed) || (hash & bucket_mask_) != i) {
        if (content == PageSource::Content::Whole) return input_error("the chain of bucket {} leads astray", i);
        from->store(0, std::memory_order_relaxed);
        break;
      }
      reached[link] = true;
      fresh_ = std::max(fresh_, link + 1);
      count_.fetch_add(1, std::memory_order_relaxed);
      from = &element(link).next;
    }
  }
  if (content == PageSource::Content::Whole && count_.load(std::memory_order_relaxed) > definition().max_entries)
    return input_error("it has more than its {} elements", definition().max_entries);
  for (Link link = fresh_; --link != 0;) {
    if (!reached[link]) free_.push_back(link);
    if (!evicts_) continue;
    if (!reached[link])
      use_of(link).store(Free, std::memory_order_relaxed);
    else if (use_of(link).load(std::memory_order_relaxed) != Hot)
      use_of(link).store(Cold, std::memory_order_relaxed);
  }
  return {};
}

template <size_t KeySize>
std::atomic<typename HashMap<KeySize>::Link> *HashMap<KeySize>::link_to(const std::byte *key, uint32_t hash) {
  std::atomic<Link> *from = &bucket_of(hash).head;
  for (Link link = from->load(std::memory_order_relaxed); link != 0;) {
    Element &candidate = element(link);
    if (candidate.hash.load(std::memory_order_relaxed) == hash && key_.equal(candidate.key(), key)) return from;
    from = &candidate.next;
    link = from->load(std::memory_order_relaxed);
  }
  return nullptr;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  // Kernel: an LRU map never takes BPF_F_LOCK.
  const SpecialField *field = (flags & BPF_F_LOCK) != 0 && !evicts_ ? lock_field() : nullptr;
  if (field != nullptr) flags &= ~uint64_t{BPF_F_LOCK};
  if (flags > BPF_EXIST) return -EINVAL;
  const uint32_t hash = key_.hash(key);
  const std::lock_guard guard(lock_);
  std::atomic<Link> *old = link_to(key, hash);
  if (old != nullptr && flags == BPF_NOEXIST) return -EEXIST;
  if (old == nullptr && flags == BPF_EXIST) return -ENOENT;
  if (old != nullptr && field != nullptr) {  // in place, under the value's lock
    std::byte *present = value_of(element(old->load(std::memory_order_relaxed)));
    lock_value(present + field->offset);
    copy_value(present, value);
    unlock_value(present + field->offset);
    return 0;
  }
  if (old == nullptr && count_.load(std::memory_order_relaxed) == definition().max_entries) {
    if (!evicts_) return -E2BIG;
    evict();
  }

  const Link added = take();
  Element &fresh = element(added);
  std::memcpy(fresh.key(), key, key_.size());
  clear_special(value_of(fresh));
  copy_value(value_of(fresh), value);
  fresh.hash.store(hash, std::memory_order_relaxed);
  Bucket &bucket = bucket_of(hash);
  // Kernel: a replaced element counts as used, a new one has to be looked up first.
  if (evicts_) use_of(added).store(old == nullptr ? Cold : Hot, std::memory_order_relaxed);
  if (old == nullptr) {
    fresh.next.store(bucket.head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    bucket.head.store(added, std::memory_order_release);
    count_.fetch_add(1, std::memory_order_relaxed);
  } else {
    const Link replaced = old->load(std::memory_order_relaxed);
    fresh.next.store(element(replaced).next.load(std::memory_order_relaxed), std::memory_order_relaxed);
    old->store(added, std::memory_order_release);
    give_back(replaced, bucket);
  }
  return 0;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::erase(const std::byte *key) {
  const uint32_t hash = key_.hash(key);
  const std::lock_guard guard(lock_);
  std::atomic<Link> *from = link_to(key, hash);
  if (from == nullptr) return -ENOENT;
  const Link removed = from->load(std::memory_order_relaxed);
  from->store(element(removed).next.load(std::memory_order_relaxed), std::memory_order_release);
  give_back(removed, bucket_of(hash));
  count_.fetch_sub(1, std::memory_order_relaxed);
  return 0;
}

template <size_t KeySize>
typename HashMap<KeySize>::Link HashMap<KeySize>::take() {
  if (free_.empty()) return fresh_++;
  const Link taken = free_.back();
  free_.pop_back();
  // Whoever sees what is now written into the element also sees the version that give_back() counted up.
  std::atomic_thread_fence(std::memory_order_release);
  return taken;
}

template <size_t KeySize>
void HashMap<KeySize>::give_back(Link removed, Bucket &bucket) {
  release(value_of(element(removed)));
  if (evicts_) use_of(removed).store(Free, std::memory_order_relaxed);
  bucket.version.fetch_add(1, std::memory_order_release);
  free_.push_back(removed);
}

template <size_t KeySize>
void HashMap<KeySize>::evict() {
  // At most two rounds: the first takes the marks away that the second does not find, however many lookups run.
  const Link last = fresh_ - 1;
  for (uint64_t step = 0; step <= uint64_t{last} * 2; step++) {
    hand_ = hand_ >= last ? 1 : hand_ + 1;
    const uint8_t use = use_of(hand_).load(std::memory_order_relaxed);
    if (use == Free) continue;
    if (use == Hot && step < last) {
      use_of(hand_).store(Cold, std::memory_order_relaxed);
      continue;
    }
    Element &victim = element(hand_);
    const uint32_t hash = victim.hash.load(std::memory_order_relaxed);
    std::atomic<Link> *from = link_to(victim.key(), hash);
    from->store(victim.next.load(std::memory_order_relaxed), std::memory_order_release);
    give_back(hand_, bucket_of(hash));
    count_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  SPILE_UNREACHABLE("a full map has an element");
}

template <size_t KeySize>
bool HashMap<KeySize>::first_from(uint64_t bucket_index, std::byte *next) const {
  for (uint64_t i = bucket_index; i <= bucket_mask_; i++) {
    const Link link = bucket_of(static_cast<uint32_t>(i)).head.load(std::memory_order_relaxed);
    if (link == 0) continue;
    std::memcpy(next, element(link).key(), key_.size());
    return true;
  }
  return false;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::next_key(const std::byte *key, std::byte *next) {
  const std::lock_guard guard(lock_);
  uint64_t from_bucket = 0;
  if (key != nullptr) {
    const uint32_t hash = key_.hash(key);
    if (Element *found = find(key, hash)) {
      const Link link = found->next.load(std::memory_order_relaxed);
      if (link != 0) {
        std::memcpy(next, element(link).key(), key_.size());
        return 0;
      }
      from_bucket = uint64_t{hash & bucket_mask_} + 1;
    }
  }
  return first_from(from_bucket, next) ? 0 : -ENOENT;
}

template <size_t KeySize>
uint64_t HashMap<KeySize>::for_each(const Visit &visit) {
  // Kernel: has no bound on the visits; there and here a callback that keeps replacing the element that comes next
  // could go round for ever. Ours is stricter: as many visits as the map can have elements.
  const uint64_t limit = definition().max_entries;
  uint64_t visited = 0;
  for (uint64_t i = 0; i <= bucket_mask_; i++) {
    Link link = bucket_of(static_cast<uint32_t>(i)).head.load(std::memory_order_acquire);
    while (link != 0 && visited < limit) {
      Element &current = element(link);
      // Before the visit: it may delete this element, whose link then changes when the element is used again.
      link = current.next.load(std::memory_order_acquire);
      visited++;
      if (visit(current.key(), value_of(current))) return visited;
    }
  }
  return visited;
}

Result<std::unique_ptr<Map>> make_hash_map(const Definition &definition, PageSource &pages) {
  return with_key_size(definition.key_size,
                       [&](auto size) { return HashMap<decltype(size)::value>::make(definition, pages); });
}

}  // namespace spile::maps
