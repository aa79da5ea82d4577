// Objects of the kernel behind pointers whose struct BTF knows: what an access to one may do, what a load gives, and
// what a program that is attached by BTF finds in its context.
#pragma once

#include "verifier/check_memory.h"
#include "verifier/locks.h"
#include "verifier/types.h"

namespace spile::verifier {

inline TypeRef type_of(const RegState &r) { return {r.has(kKernelBtf), object::BtfId{r.target}}; }

// A pointer to an object of [type].
RegState object_pointer(TypeRef type, uint16_t flags, uint32_t origin);

// The address of a kernel variable (`__ksym`), which the program's BTF names by [variable].
RegState kernel_variable(const Env &env, object::BtfId variable, uint32_t at);

std::optional<Failure> check_object(const Env &env, const Request &a);
RegState load_object(const Env &env, State &state, const RegState &pointer, int64_t off, unsigned size, uint32_t at);

// A program's argument [index] (from 0), as the prototype of what it is attached to says (btf_ctx_access).
struct Argument {
  enum Kind : uint8_t {
    Number,
    Object,
    Buffer,   // read-only, or NULL
    Unknown,  // no BTF says it
    Outside,  // there is no such argument
  } kind = Unknown;
  TypeRef type;
  bool or_null = false, trusted = false, writable = false;
  bool is_result = false;  // what the function, or the program before this one, has returned
};
Argument argument_of(const Env &env, unsigned index);
// The member of a struct_ops map that the program is.
struct StructOpsMember {
  std::string_view ops, member;  // "tcp_congestion_ops", "release"
  object::BtfId type;
};
std::optional<StructOpsMember> struct_ops_member(const Env &env);
// The member of a struct_ops that the program is returns void: its r0 is not looked at.
bool returns_nothing(const Env &env);

}  // namespace spile::verifier
