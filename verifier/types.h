// Types: the structs of the kernel as the program's BTF and the kernel's describe them, and how a pointer walks through
// them (btf_struct_walk).
//
// In: the object's BTF, the kernel's if one is given. Objects of the kernel are known by the name of their struct: the
// object's own BTF is asked first, because without relocation its offsets are those of the code.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "backend/object/btf.h"
#include "verifier/special_fields.h"

namespace spile::verifier {

struct TypeRef {
  bool in_kernel = false;  // of the kernel's BTF
  object::BtfId id;
  explicit operator bool() const { return static_cast<bool>(id); }
  friend bool operator==(const TypeRef &, const TypeRef &) = default;
};

// What a load of some bytes of a struct gives.
struct Walk {
  enum Kind : uint8_t {
    Error,
    Number,
    Pointer,  // to [type]
  } kind = Error;
  TypeRef type;
  std::string error;   // the kernel's words
  std::string member;  // the pointer's name
  std::string owner;   // the struct that it is a member of
  bool is_rcu = false, is_percpu = false, is_user = false, in_union = false;
};

// "task_struct___v2" → "task_struct".
std::string_view without_flavour(std::string_view name);

class Types {
 public:
  Types(const object::Btf &object, const object::Btf *kernel, bool relocated)
      : object_(object), kernel_(kernel), relocated_(relocated) {}

  // Something was looked for in the kernel's types, and there are none.
  bool was_missed() const { return was_missed_; }
  const object::Btf &btf(TypeRef type) const { return type.in_kernel ? *kernel_ : object_; }
  // A struct by name, without its flavour (`task_struct___v2`).
  TypeRef find_struct(std::string_view name) const;
  // A struct that only the program has: the kernel has none of this name. False where the kernel's BTF is not known.
  bool is_local(std::string_view name) const;
  TypeRef find_function(std::string_view name) const;  // of the kernel
  TypeRef find_typedef(std::string_view name) const;   // of the kernel
  // The struct that the code was made for: once it is relocated, the kernel's of that name, before that the object's
  // own view of it. A view such as `struct nf_conn___local` only names it.
  TypeRef as_relocated(TypeRef type) const;
  // A number that CO-RE put in the place of a type (bpf_core_type_id_kernel).
  TypeRef kernel_id(uint32_t number) const;
  TypeRef find_variable(std::string_view name) const;  // of the kernel
  bool is_per_cpu(TypeRef variable) const;
  // "task_struct"; flavours cut off.
  std::string_view name_of(TypeRef type) const;
  // The struct that a type is, through typedefs and qualifiers.
  TypeRef resolve(TypeRef type) const { return {type.in_kernel, btf(type).resolve(type.id)}; }
  uint64_t size_of(TypeRef type) const { return btf(type).size_of(type.id); }

  // The special fields of a struct of the object, by offset.
  const std::vector<SpecialField> &fields_of(object::BtfId type) const;

  Walk walk(TypeRef type, int64_t off, uint64_t size) const;
  // Whether byte [off] of [type] is the beginning of a [wanted]: the struct itself, or a first member of it. [exactly]:
  // only itself.
  bool begins_with(TypeRef type, int64_t off, std::string_view wanted, bool exactly) const;

 private:
  Walk walk(TypeRef type, uint64_t off, uint64_t size, unsigned depth) const;
  bool begins_with(TypeRef type, uint64_t off, std::string_view wanted, bool exactly, unsigned depth) const;
  TypeRef find_in_object(std::string_view name, object::BtfKind kind) const;
  TypeRef find_in_kernel(std::string_view name, object::BtfKind kind) const;

  const object::Btf &object_;
  const object::Btf *kernel_;
  bool relocated_;
  // What was looked for, by name: to look through all types of a kernel takes longer than to verify most programs.
  using Found = std::map<std::pair<std::string, object::BtfKind>, TypeRef>;
  mutable Found in_object_, in_kernel_;
  mutable std::map<uint32_t, std::vector<SpecialField>> fields_;  // by type
  mutable bool was_missed_ = false;
};

}  // namespace spile::verifier
