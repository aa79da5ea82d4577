// Arena: memory that is given out piece by piece and freed all at once. Holds the AST and the types.
// Objects in it are never destroyed, so they must be trivially destructible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spile {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  Arena(Arena &&) = default;
  Arena &operator=(Arena &&) = default;

  void *allocate(size_t size, size_t align) {
    auto at = (reinterpret_cast<uintptr_t>(next_) + align - 1) & ~(align - 1);
    if (at + size > reinterpret_cast<uintptr_t>(end_)) return allocate_slow(size, align);
    next_ = reinterpret_cast<char *>(at + size);
    return reinterpret_cast<void *>(at);
  }

  template <class T, class... Args>
  T *make(Args &&...args) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena never runs destructors");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  // Copies [items] into the arena.
  template <class T>
  std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    auto *p = static_cast<T *>(allocate(items.size_bytes(), alignof(T)));
    std::memcpy(p, items.data(), items.size_bytes());
    return {p, items.size()};
  }
  template <class T>
  std::span<T> copy(const std::vector<T> &items) {
    return copy(std::span<const T>(items));
  }
  // What was allocated since mark() is gone after release(): its memory is given out again.
  struct Mark {
    size_t blocks = 0;
    char *next = nullptr, *end = nullptr;
  };
  Mark mark() const { return {blocks_.size(), next_, end_}; }
  void release(Mark mark);

  std::string_view copy(std::string_view text) {
    auto bytes = copy(std::span<const char>(text.data(), text.size()));
    return {bytes.data(), bytes.size()};
  }

 private:
  void *allocate_slow(size_t size, size_t align);

  char *next_ = nullptr;
  char *end_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace spile
