// CO-RE accesses: which part of an expression is one path through a record that the loader relocates, and how the
// relocation writes that path down. Sema checks its builtins with it, lowering makes relocations of it.
//
// The rules are those of clang (CGExpr.cpp, BPFAbstractMemberAccess.cpp), so that the access strings are the same: a
// path goes through `.`, `->` behind `&`, and subscripts that are constants; loading a pointer begins a new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frontend/ast/ast.h"
#include "frontend/sema/builtins.h"
#include "frontend/types/types.h"
#include "lang-spec/tables/core_relocs.h"

namespace spile::sema {

struct CoreAccess {
  const ast::Expr *base = nullptr;         // where the path begins
  bool base_is_pointer = false;            // [base] is the address; else an object whose address is taken
  const types::Type *root = nullptr;       // what the first index counts: a record, or the typedef it was named by
  std::vector<uint32_t> indices;           // then members, as BTF numbers them, and elements
  const types::Type *reached = nullptr;    // the type at the end
  const types::Field *bitfield = nullptr;  // the member at the end, when it is one
  bool ends_in_element = false;            // the last index is that of an array's element
  uint64_t bit_position = 0;               // of what is reached, from the base

  std::string text() const;  // "0:1:2"
};

// The path that ends in [e], an lvalue. [everywhere]: inside __builtin_preserve_access_index every access counts, not
// only those of records with the attribute. Nothing when [e] is no such access.
std::optional<CoreAccess> find_core_access(const ast::Expr *e, bool everywhere);

// How libbpf reads a member: a load of [bytes] bytes at [offset], then a shift to the left and one to the right.
struct CoreLoad {
  uint64_t offset = 0, bytes = 0;
  uint32_t left = 0, right = 0;
};
// Nothing for a bitfield that no load of 8 bytes holds, and for what has no size.
std::optional<CoreLoad> core_load(const CoreAccess &access);

// What a relocation of a field is by the types of this program, as libbpf's relo_core.c computes it; nothing where the
// question has no answer (the sign of an array's element).
std::optional<int64_t> core_field_value(const CoreAccess &access, tables::CoreKind kind);

// The kind of relocation that a builtin asks for with its second argument.
tables::CoreKind core_kind_of(Builtin builtin, int64_t question);

// Which constant of its enum `*(enum type *)ENUMERATOR` names; nothing when it does not have that form.
std::optional<size_t> enumerator_position(const ast::Expr *e);

// The type that a relocation names: without qualifiers and tags, but with the typedef it was written by.
const types::Type *core_type(const types::Type *t);
// Its name; empty when it has none.
std::string_view core_type_name(const types::Type *t);

}  // namespace spile::sema
