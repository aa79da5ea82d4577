// Btf: the BPF Type Format of an object, read and written through libbpf's BTF functions.
//
// Ids are those of the format: 0 is void. The view functions return plain structs, so that libbpf's types stay inside
// this target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/result.h"

struct btf;  // libbpf's

namespace spile::object {

struct BtfId {
  uint32_t value = 0;
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(BtfId, BtfId) = default;
};

// BTF_KIND_*, same numbers.
enum class BtfKind : uint8_t {
  Void = 0,
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
  Func,
  FuncProto,
  Var,
  DataSec,
  Float,
  DeclTag,
  TypeTag,
  Enum64,
};

struct BtfMember {
  std::string_view name;  // empty for an anonymous member
  BtfId type;
  uint32_t bit_offset = 0;
  uint32_t bitfield_size = 0;  // bits; 0: not a bitfield
};
struct BtfEnumerator {
  std::string_view name;
  int64_t value = 0;
};
struct BtfParam {
  std::string_view name;
  BtfId type;
};
struct BtfVarSecInfo {
  BtfId var;
  uint32_t offset = 0, size = 0;
};

struct BtfType {
  BtfKind kind = BtfKind::Void;
  std::string_view name;
  uint32_t size = 0;  // Int, Struct, Union, Enum, Enum64, DataSec, Float: bytes
  BtfId type;         // Ptr, Typedef, modifiers, Func (its proto), FuncProto (its return), Var, tags; element of Array
  BtfId index_type;   // Array
  uint32_t length = 0;                    // Array: elements; Struct, Union, Enum, FuncProto, DataSec: number of parts
  bool is_signed = false;                 // Int, Enum
  bool is_bool = false, is_char = false;  // Int encodings
  uint8_t bits = 0;                       // Int
  uint32_t linkage = 0;                   // Func, Var: BTF_FUNC_STATIC.. / BTF_VAR_STATIC..
  int32_t component = -1;                 // DeclTag
  bool is_union = false;                  // Fwd
};

class Btf {
 public:
  Btf();
  ~Btf();
  Btf(Btf &&) noexcept;
  Btf &operator=(Btf &&) noexcept;

  // Parses the bytes of a .BTF section (or /sys/kernel/btf/vmlinux).
  static Result<Btf> parse(std::span<const std::byte> bytes);
  // The same of bytes that are part of this program, and need no check.
  static Result<Btf> parse_own(std::span<const std::byte> bytes);
  // Reads a file of raw BTF, or the .BTF section of an ELF file.
  static Result<Btf> read(const std::string &path);
  // A new, empty BTF to which types can be added.
  static Result<Btf> create();

  bool empty() const { return btf_ == nullptr; }
  uint32_t type_count() const;  // ids run from 1 to type_count() - 1; 0 when empty

  // Views. An id out of range gives BtfKind::Void. A string_view lives until the next add_.
  BtfType type(BtfId id) const;
  std::vector<BtfMember> members(BtfId id) const;
  std::vector<BtfEnumerator> enumerators(BtfId id) const;
  std::vector<BtfParam> params(BtfId id) const;
  std::vector<BtfVarSecInfo> variables(BtfId id) const;
  BtfId find(std::string_view name, BtfKind kind) const;
  // Asked in place of looking through all types; what it does not know of is looked for there after all.
  using Index = std::function<std::optional<BtfId>(std::string_view name, BtfKind kind)>;
  void set_index(Index index) { index_ = std::move(index); }
  // Through typedefs and qualifiers.
  BtfId resolve(BtfId id) const;
  // In bytes; 0 when it has none.
  uint64_t size_of(BtfId id) const;
  std::string_view string(uint32_t offset) const;

  // Building (emit's BTF writer). Only what create() made may grow.
  uint32_t add_string(std::string_view text);  // offset in the string section
  BtfId add_int(std::string_view name, uint32_t size, bool is_signed, bool is_bool, bool is_char);
  BtfId add_float(std::string_view name, uint32_t size);
  BtfId add_ptr(BtfId to);
  BtfId add_modifier(BtfKind kind, BtfId of);  // Const, Volatile, Restrict
  BtfId add_typedef(std::string_view name, BtfId of);
  BtfId add_array(BtfId element, BtfId index, uint32_t length);
  BtfId add_composite(BtfKind kind, std::string_view name, uint32_t size);  // Struct, Union; then add_member
  // What BTF cannot express is left out: a bitfield past 2 MiB, a part past the 65535th.
  void add_member(std::string_view name, BtfId type, uint32_t bit_offset, uint32_t bitfield_size);
  BtfId add_enum(std::string_view name, uint32_t size, bool is_signed);  // Enum, or Enum64 when size is 8
  void add_enumerator(std::string_view name, int64_t value);
  BtfId add_fwd(std::string_view name, bool is_union);
  BtfId add_func_proto(BtfId result);  // then add_param
  void add_param(std::string_view name, BtfId type);
  BtfId add_func(std::string_view name, uint32_t linkage, BtfId proto);
  BtfId add_var(std::string_view name, uint32_t linkage, BtfId type);
  BtfId add_datasec(std::string_view name, uint32_t size);  // then add_datasec_var
  void add_datasec_var(BtfId var, uint32_t offset, uint32_t size);
  BtfId add_decl_tag(std::string_view value, BtfId of, int32_t component);
  BtfId add_type_tag(std::string_view value, BtfId of);
  // Types may refer to ids that are added later: Ptr to a struct that contains the pointer. This sets one afterwards.
  // This and set_datasec come before the first raw(), which keeps what it returned.
  void set_type(BtfId id, BtfId to);
  // Replaces size and variables of a DataSec by as many others: finish() knows where the sections put them.
  void set_datasec(BtfId id, uint32_t size, std::span<const BtfVarSecInfo> variables);

  // The bytes of the .BTF section.
  std::span<const std::byte> raw() const;
  ::btf *handle() const { return btf_; }

 private:
  ::btf *btf_ = nullptr;
  Index index_;
};

}  // namespace spile::object
