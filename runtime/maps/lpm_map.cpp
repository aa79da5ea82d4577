#include "runtime/maps/lpm_map.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "runtime/maps/hash_key.h"
#include "runtime/maps/hash_map.h"

namespace spile::maps {

namespace {

uint32_t prefix_of(const std::byte *key) { return load<uint32_t>(key); }

}  // namespace

// Post-order of the trie: a prefix comes after everything below it, the branch of bit 0 before that of bit 1.
bool LpmMap::InOrder::operator()(const Key &a, const Key &b) const {
  const uint32_t length_a = prefix_of(a.data()), length_b = prefix_of(b.data());
  const uint32_t common = std::min(length_a, length_b);
  for (uint32_t bit = 0; bit < common;) {
    const auto byte_a = std::to_integer<unsigned>(a[4 + bit / 8]), byte_b = std::to_integer<unsigned>(b[4 + bit / 8]);
    const uint32_t bits = std::min(8u, common - bit);
    const unsigned top_a = byte_a >> (8 - bits), top_b = byte_b >> (8 - bits);
    if (top_a != top_b) return top_a < top_b;
    bit += bits;
  }
  return length_a > length_b;
}

LpmMap::LpmMap(const Definition &definition, std::unique_ptr<Map> elements)
    : Map(definition), elements_(std::move(elements)) {}

Result<std::unique_ptr<Map>> LpmMap::make(const Definition &definition, PageSource &pages) {
  Definition elements = definition;
  elements.type = BPF_MAP_TYPE_HASH;
  if (definition.value_size > INT32_MAX) return std::unexpected(os_error(ENOMEM, "its values").error());
  elements.value_size = static_cast<uint32_t>(round_up_8(definition.value_size) + definition.key_size);
  auto made = make_hash_map(elements, pages);
  if (!made) return made;
  std::unique_ptr<LpmMap> map(new LpmMap(definition, std::move(*made)));
  if (auto adopted = map->adopt(pages.content()); !adopted) return std::unexpected(adopted.error());
  return map;
}

Result<void> LpmMap::adopt(PageSource::Content content) {
  if (content == PageSource::Content::Zero) return {};
  std::vector<Key> astray;
  elements_->for_each([&](const std::byte *stored, std::byte *value) {
    const std::byte *given = value + key_offset();
    const uint32_t prefix = prefix_of(given);
    if (prefix <= max_prefix() && std::ranges::equal(masked(given, prefix), std::span(stored, definition().key_size)))
      note(given);
    else
      astray.emplace_back(stored, stored + definition().key_size);
    return false;
  });
  if (astray.empty()) return {};
  if (content == PageSource::Content::Whole) return input_error("a prefix in it is not that of its key");
  for (const Key &stored : astray) elements_->erase(stored.data());
  return {};
}

// [key], as it was given, is new here.
void LpmMap::note(const std::byte *key) {
  const uint32_t prefix = prefix_of(key);
  order_[masked(key, prefix)].assign(key, key + definition().key_size);
  in_use_[prefix].fetch_add(1, std::memory_order_release);
  if (prefix > longest_.load(std::memory_order_relaxed)) longest_.store(prefix, std::memory_order_release);
}

void LpmMap::mask(const std::byte *key, uint32_t prefix, std::byte *masked) const {
  const uint32_t whole = prefix / 8, size = definition().key_size;
  std::memcpy(masked, &prefix, 4);
  std::memcpy(masked + 4, key + 4, whole);
  if (4 + whole == size) return;
  std::memset(masked + 4 + whole, 0, size - 4 - whole);
  if (prefix % 8 != 0) masked[4 + whole] = key[4 + whole] & std::byte(0xff << (8 - prefix % 8));
}

LpmMap::Key LpmMap::masked(const std::byte *key, uint32_t prefix) const {
  Key result(definition().key_size);
  mask(key, prefix, result.data());
  return result;
}

std::byte *LpmMap::lookup(const std::byte *key) {
  const uint32_t prefix = prefix_of(key);
  if (prefix > max_prefix()) return nullptr;
  std::array<std::byte, 4 + kMaxDataBytes> candidate;
  for (int64_t length = std::min(prefix, longest_.load(std::memory_order_acquire)); length >= 0; length--) {
    if (in_use_[static_cast<size_t>(length)].load(std::memory_order_acquire) == 0) continue;
    mask(key, static_cast<uint32_t>(length), candidate.data());
    if (std::byte *value = elements_->lookup(candidate.data())) return value;
  }
  return nullptr;
}

int64_t LpmMap::update(const std::byte *key, const std::byte *value, uint64_t flags) {
  const uint32_t prefix = prefix_of(key);
  if (flags > BPF_EXIST || prefix > max_prefix()) return -EINVAL;
  const Key stored = masked(key, prefix);
  const std::lock_guard guard(writers_);
  const bool present = elements_->lookup(stored.data()) != nullptr;
  if (present && flags == BPF_NOEXIST) return -EEXIST;
  if (!present && flags == BPF_EXIST) return -ENOENT;
  if (!present && elements_->size() == definition().max_entries) return -ENOSPC;
  Key element(key_offset() + definition().key_size);
  std::memcpy(element.data(), value, definition().value_size);
  std::memcpy(element.data() + key_offset(), key, definition().key_size);
  if (const int64_t error = elements_->update(stored.data(), element.data(), BPF_ANY); error != 0) return error;
  if (present)
    order_[stored].assign(key, key + definition().key_size);
  else
    note(key);
  return 0;
}

int64_t LpmMap::erase(const std::byte *key) {
  const uint32_t prefix = prefix_of(key);
  if (prefix > max_prefix()) return -EINVAL;
  const Key stored = masked(key, prefix);
  const std::lock_guard guard(writers_);
  if (const int64_t error = elements_->erase(stored.data()); error != 0) return error;
  order_.erase(stored);
  in_use_[prefix].fetch_sub(1, std::memory_order_release);
  return 0;
}

int64_t LpmMap::next_key(const std::byte *key, std::byte *next) {
  const std::lock_guard guard(writers_);
  auto found = order_.begin();
  if (key != nullptr && prefix_of(key) <= max_prefix()) {
    const auto present = order_.find(masked(key, prefix_of(key)));
    if (present != order_.end()) found = std::next(present);
  }
  if (found == order_.end()) return -ENOENT;
  std::ranges::copy(found->second, next);
  return 0;
}

uint64_t LpmMap::for_each(const Visit &visit) {
  std::vector<Key> keys;
  {
    const std::lock_guard guard(writers_);
    for (const auto &[prefix, given] : order_) keys.push_back(given);
  }
  uint64_t visited = 0;
  for (const Key &key : keys) {
    std::byte *value = elements_->lookup(masked(key.data(), prefix_of(key.data())).data());
    if (value == nullptr) continue;
    visited++;
    if (visit(key.data(), value)) break;
  }
  return visited;
}

}  // namespace spile::maps
