// The types of the source program, as BTF will describe them. The IR itself does not look at them; lowering fills the
// table and emit translates it, one to one, to BTF_KIND_*. Ids run from 1; 0 is void.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spile::ir {

struct DebugTypeId {
  uint32_t index = 0;
  constexpr bool is_void() const { return index == 0; }
  friend constexpr auto operator<=>(DebugTypeId, DebugTypeId) = default;
};

enum class DebugKind : uint8_t {
  Int,
  Ptr,
  Array,
  Struct,
  Union,
  Enum,
  Fwd,
  Typedef,
  Volatile,
  Const,
  Restrict,
  FuncProto,
  Float,
  TypeTag,
};

struct DebugPart {  // member, enumerator or parameter
  std::string name;
  DebugTypeId type;
  uint32_t bit_offset = 0, bitfield_size = 0;  // members
  int64_t value = 0;                           // enumerators
  std::vector<std::string> decl_tags;
};

struct DebugType {
  DebugKind kind = DebugKind::Int;
  std::string name;
  uint32_t size = 0;  // bytes
  bool is_signed = false, is_bool = false, is_char = false;
  bool is_union = false;  // Fwd
  DebugTypeId type;       // pointee, element, aliased, result
  uint32_t length = 0;    // Array: elements
  bool is_variadic = false;
  std::vector<DebugPart> parts;
  std::vector<std::string> decl_tags;
};

class DebugTypes {
 public:
  // A recursive type is added first and filled later through operator[].
  DebugTypeId add(DebugType type) {
    types_.push_back(std::move(type));
    return DebugTypeId{static_cast<uint32_t>(types_.size())};
  }
  DebugType &operator[](DebugTypeId id) { return types_[id.index - 1]; }
  const DebugType &operator[](DebugTypeId id) const { return types_[id.index - 1]; }
  uint32_t size() const { return static_cast<uint32_t>(types_.size()); }

 private:
  std::vector<DebugType> types_;
};

}  // namespace spile::ir
