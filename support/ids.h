// Id<Tag>: a typed 32-bit index into a side table. The IR and the object model refer by id, never by pointer, so
// that tables can grow, be copied and be compared.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace spile {

template <class Tag>
struct Id {
  static constexpr uint32_t kNone = 0xffff'ffff;
  uint32_t index = kNone;

  constexpr Id() = default;
  constexpr explicit Id(size_t i) : index(static_cast<uint32_t>(i)) {}
  constexpr bool valid() const { return index != kNone; }
  constexpr explicit operator bool() const { return valid(); }
  friend constexpr auto operator<=>(Id, Id) = default;
};

}  // namespace spile

template <class Tag>
struct std::hash<spile::Id<Tag>> {
  size_t operator()(spile::Id<Tag> id) const noexcept { return id.index; }
};
