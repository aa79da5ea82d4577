// Bytes: values one behind the other, as they lie in memory.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

namespace spile::vm {

class Bytes {
 public:
  template <class T>
  void add(const T &value) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    add_bytes(&value, sizeof(value));
  }
  void add_bytes(const void *from, size_t size) {
    const auto *const first = static_cast<const std::byte *>(from);
    all.insert(all.end(), first, first + size);
  }
  // With a zero behind it.
  void add_name(std::string_view name) {
    add_bytes(name.data(), name.size());
    add('\0');
  }
  std::vector<std::byte> all;
};

}  // namespace spile::vm
