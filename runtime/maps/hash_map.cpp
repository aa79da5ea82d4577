#include "runtime/maps/hash_map.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "support/check.h"

namespace spile::maps {

namespace {
// copy_value() of one without special fields; most are of 8 bytes.
void copy_plain_value(std::byte *to, const std::byte *from, uint32_t size) {
  if (size == sizeof(uint64_t))
    std::memcpy(to, from, sizeof(uint64_t));
  else
    std::memcpy(to, from, size);
}
}  // namespace

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
      evicts_(definition.type == BPF_MAP_TYPE_LRU_HASH),
      is_serial_(is_serial(definition)),
      last_(static_cast<Link>(definition.max_entries + spares_of(definition, bucket_count))) {}

template <size_t KeySize>
Result<std::unique_ptr<Map>> HashMap<KeySize>::make(const Definition &definition, PageSource &pages) {
  const uint32_t bucket_count = std::bit_ceil(definition.max_entries);
  Result<Pages> buckets = pages.take(uint64_t{bucket_count} * sizeof(Bucket));
  if (!buckets) return std::unexpected(buckets.error());
  const uint64_t stride = sizeof(Element) + round_up_8(definition.key_size) + round_up_8(definition.value_size);
  Result<Pages> slab = pages.take((definition.max_entries + spares_of(definition, bucket_count)) * stride);
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
  std::vector<bool> reached(uint64_t{last_} + 1);
  Link fresh = 1;
  for (uint64_t i = 0; i <= bucket_mask_; i++) {
    Bucket &bucket = bucket_of(static_cast<uint32_t>(i));
    bucket.state.store(0, std::memory_order_relaxed);  // whoever held it is gone
    bucket.spare = 0;
    std::atomic<Link> *from = &bucket.head;
    for (Link link = from->load(std::memory_order_relaxed); link != 0; link = from->load(std::memory_order_relaxed)) {
      const bool is_element = link <= last_ && !reached[link];
      const uint32_t hash = is_element ? key_.hash(element(link).key()) : 0;
      if (!is_element || hash != element(link).hash.load(std::memory_order_relaxed) || (hash & bucket_mask_) != i) {
        if (content == PageSource::Content::Whole) return input_error("the chain of bucket {} leads astray", i);
        from->store(0, std::memory_order_relaxed);
        break;
      }
      reached[link] = true;
      fresh = std::max(fresh, link + 1);
      count_.fetch_add(1, std::memory_order_relaxed);
      from = &element(link).next;
    }
  }
  if (content == PageSource::Content::Whole && count_.load(std::memory_order_relaxed) > definition().max_entries)
    return input_error("it has more than its {} elements", definition().max_entries);
  fresh_.store(fresh, std::memory_order_relaxed);
  for (Link link = fresh; --link != 0;) {
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
std::atomic<typename HashMap<KeySize>::Link> *HashMap<KeySize>::link_to(Bucket &bucket, const std::byte *key,
                                                                        uint32_t hash) {
  std::atomic<Link> *from = &bucket.head;
  for (Link link = from->load(std::memory_order_relaxed); link != 0;) {
    Element &candidate = element(link);
    if (candidate.hash.load(std::memory_order_relaxed) == hash && key_.equal(candidate.key(), key)) return from;
    from = &candidate.next;
    link = from->load(std::memory_order_relaxed);
  }
  return nullptr;
}

template <size_t KeySize>
bool HashMap<KeySize>::count_up() {
  uint32_t count = count_.load(std::memory_order_relaxed);
  do {
    if (count >= definition().max_entries) return false;
  } while (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
  return true;
}

template <size_t KeySize>
inline typename HashMap<KeySize>::Link HashMap<KeySize>::take(Hold &hold) {
  const Link spare = std::exchange(hold.bucket().spare, 0);
  if (spare == 0) return take_elsewhere();
  // Whoever sees what is now written into the element also sees the version that give_back() counted up.
  std::atomic_thread_fence(std::memory_order_release);
  return spare;
}

// There is one: each bucket keeps at most one spare, or takes it while it is held.
template <size_t KeySize>
[[gnu::noinline]] typename HashMap<KeySize>::Link HashMap<KeySize>::take_elsewhere() {
  const auto guard = is_serial_ ? std::unique_lock<SpinLock>() : std::unique_lock(lock_);
  if (free_.empty()) {
    const Link fresh = fresh_.fetch_add(1, std::memory_order_relaxed);
    SPILE_CHECK(fresh <= last_, "the slab has an element for each that the map may hold, and the spares");
    return fresh;
  }
  const Link taken = free_.back();
  free_.pop_back();
  std::atomic_thread_fence(std::memory_order_release);  // as in take()
  return taken;
}

template <size_t KeySize>
inline void HashMap<KeySize>::give_back(Hold &hold, Link removed) {
  release(value_of(element(removed)));
  if (evicts_) use_of(removed).store(Free, std::memory_order_relaxed);
  hold.count_version();
  if (is_serial_ || hold.bucket().spare != 0) return give_elsewhere(hold, removed);
  hold.bucket().spare = removed;
}

template <size_t KeySize>
[[gnu::noinline]] void HashMap<KeySize>::give_elsewhere(Hold &hold, Link removed) {
  hold.show_version();
  const auto guard = is_serial_ ? std::unique_lock<SpinLock>() : std::unique_lock(lock_);
  free_.push_back(removed);
}

template <size_t KeySize>
template <bool IsSerial>
[[gnu::always_inline]] inline int64_t HashMap<KeySize>::put(Hold &hold, std::atomic<Link> *old, const std::byte *key,
                                                            const std::byte *value, uint64_t flags, uint32_t hash) {
  if (old != nullptr && flags == BPF_NOEXIST) return -EEXIST;
  if (old == nullptr && (flags == BPF_EXIST || !count_up())) return flags == BPF_EXIST ? -ENOENT : -E2BIG;
  const Link added = take(hold);
  Element &fresh = element(added);
  std::memcpy(fresh.key(), key, key_.size());
  if constexpr (IsSerial) {
    clear_special(value_of(fresh));
    copy_value(value_of(fresh), value);
  } else {
    copy_plain_value(value_of(fresh), value, definition().value_size);
  }
  fresh.hash.store(hash, std::memory_order_relaxed);
  // Kernel: a replaced element counts as used, a new one has to be looked up first.
  if (IsSerial && evicts_) use_of(added).store(old == nullptr ? Cold : Hot, std::memory_order_relaxed);
  if (old == nullptr) {
    Bucket &bucket = hold.bucket();
    fresh.next.store(bucket.head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    bucket.head.store(added, std::memory_order_release);
  } else {
    const Link replaced = old->load(std::memory_order_relaxed);
    fresh.next.store(element(replaced).next.load(std::memory_order_relaxed), std::memory_order_relaxed);
    old->store(added, std::memory_order_release);
    give_back(hold, replaced);
  }
  return 0;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  if (is_serial_) return update_serially(key, value, flags);
  if (flags > BPF_EXIST) return -EINVAL;
  const uint32_t hash = key_.hash(key);
  Bucket &bucket = bucket_of(hash);
  Hold hold(bucket);
  return put<false>(hold, link_to(bucket, key, hash), key, value, flags, hash);
}

template <size_t KeySize>
[[gnu::noinline]] int64_t HashMap<KeySize>::update_serially(const std::byte *key, const std::byte *value,
                                                            uint64_t flags) {
  // Kernel: an LRU map never takes BPF_F_LOCK.
  const SpecialField *field = (flags & BPF_F_LOCK) != 0 && !evicts_ ? lock_field() : nullptr;
  if (field != nullptr) flags &= ~uint64_t{BPF_F_LOCK};
  if (flags > BPF_EXIST) return -EINVAL;
  const uint32_t hash = key_.hash(key);
  const std::lock_guard guard(lock_);
  if (evicts_ && count_.load(std::memory_order_relaxed) == definition().max_entries && flags != BPF_EXIST &&
      find(key, hash) == nullptr)
    evict();
  Hold hold(bucket_of(hash));
  std::atomic<Link> *old = link_to(hold.bucket(), key, hash);
  if (old == nullptr || field == nullptr || flags == BPF_NOEXIST) return put<true>(hold, old, key, value, flags, hash);
  // In place, under the value's lock.
  std::byte *present = value_of(element(old->load(std::memory_order_relaxed)));
  lock_value(present + field->offset);
  copy_value(present, value);
  unlock_value(present + field->offset);
  return 0;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::erase(const std::byte *key) {
  const uint32_t hash = key_.hash(key);
  const auto guard = is_serial_ ? std::unique_lock(lock_) : std::unique_lock<SpinLock>();
  Hold hold(bucket_of(hash));
  std::atomic<Link> *from = link_to(hold.bucket(), key, hash);
  if (from == nullptr) return -ENOENT;
  const Link removed = from->load(std::memory_order_relaxed);
  from->store(element(removed).next.load(std::memory_order_relaxed), std::memory_order_release);
  give_back(hold, removed);
  count_.fetch_sub(1, std::memory_order_relaxed);
  return 0;
}

template <size_t KeySize>
void HashMap<KeySize>::evict() {
  // At most two rounds: the first takes the marks away that the second does not find, however many lookups run.
  const Link last = fresh_.load(std::memory_order_relaxed) - 1;
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
    Hold hold(bucket_of(hash));
    std::atomic<Link> *from = link_to(hold.bucket(), victim.key(), hash);
    from->store(victim.next.load(std::memory_order_relaxed), std::memory_order_release);
    give_back(hold, hand_);
    count_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  SPILE_UNREACHABLE("a full map has an element");
}

template <size_t KeySize>
bool HashMap<KeySize>::first_from(uint64_t bucket_index, std::byte *next) {
  for (uint64_t i = bucket_index; i <= bucket_mask_; i++) {
    Bucket &bucket = bucket_of(static_cast<uint32_t>(i));
    if (bucket.head.load(std::memory_order_relaxed) == 0) continue;
    const Hold hold(bucket);
    const Link link = bucket.head.load(std::memory_order_relaxed);
    if (link == 0) continue;
    std::memcpy(next, element(link).key(), key_.size());
    return true;
  }
  return false;
}

template <size_t KeySize>
int64_t HashMap<KeySize>::next_key(const std::byte *key, std::byte *next) {
  uint64_t from_bucket = 0;
  if (key != nullptr) {
    const uint32_t hash = key_.hash(key);
    const Hold hold(bucket_of(hash));
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
