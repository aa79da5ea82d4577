#include "frontend/types/debug.h"

#include "support/check.h"

namespace spile::types {

using ir::DebugKind;
using ir::DebugPart;
using ir::DebugType;
using ir::DebugTypeId;

// The members that BTF must show of what is not read yet: of the type itself, and of what it points to directly, as an
// argument or as a member. The verifier wants the size of a global function's argument, libbpf that of a map's key and
// value (members of the map's definition). What those point to in turn stays a forward declaration, as in clang's BTF.
static void demand(const Type *t, bool is_member = false) {
  while (is_pointer(t) || is_array(t)) t = base_of(t);
  if (is_function(t)) {
    if (is_member) return;
    demand(t->plain->base, true);
    for (const Parameter &p : t->plain->params) demand(p.type, true);
  } else if (is_record(t)) {
    const Record &record = complete(*t->plain->record);
    if (!is_member)
      for (const Field &field : record.fields) demand(field.type, true);
  }
}

DebugTypeId DebugTypeBuilder::get(const Type *t) {
  demand(t);
  // What was a forward declaration so far may have got its members.
  std::erase_if(forwards_, [&](const Type *forward) {
    if (forward->record->is_complete) pending_.push_back(forward);
    return forward->record->is_complete;
  });
  const DebugTypeId id = id_of(t);
  // A list of work, not recursion: types of vmlinux.h reach each other through thousands of pointers.
  while (!pending_.empty()) {
    const Type *next = pending_.back();
    pending_.pop_back();
    fill(next, ids_.at(next));
  }
  return id;
}

// A tag is kept where a pointer points to what it is on, and nowhere else, as clang has it.
DebugTypeId DebugTypeBuilder::id_of(const Type *t) {
  while (t->kind == Kind::Tagged) t = t->base;
  return id_of_pointee(t);
}

DebugTypeId DebugTypeBuilder::id_of_pointee(const Type *t) {
  if (t->kind == Kind::Void || t->kind == Kind::Error) return {};
  // BTF has no word for an address space.
  while (t->kind == Kind::Qualified && (t->quals & ~t->base->quals) == kArena) t = t->base;
  if (t->kind == Kind::Void) return {};
  const auto [it, is_new] = ids_.try_emplace(t);
  if (is_new) {
    it->second = out_->add({});
    pending_.push_back(t);
  }
  return it->second;
}

// The parts are asked for before the row is written: asking may grow the table.
void DebugTypeBuilder::fill(const Type *t, DebugTypeId id) {
  DebugType made;
  const auto derived = [&](DebugKind kind) {
    made.kind = kind;
    made.type = id_of(t->base);
  };
  switch (t->kind) {
    case Kind::Typedef:
      derived(DebugKind::Typedef);
      made.name = t->name;
      break;
    case Kind::Tagged:
      made.kind = DebugKind::TypeTag;
      made.type = id_of_pointee(t->base);
      made.name = t->name;
      break;
    case Kind::Qualified: {
      // One node for each qualifier, the outermost first: const volatile T is CONST → VOLATILE → T.
      DebugTypeId inner = id_of(t->base);
      const uint8_t own = static_cast<uint8_t>(t->quals & ~t->base->quals);
      std::vector<DebugKind> kinds;
      if ((own & kRestrict) != 0) kinds.push_back(DebugKind::Restrict);
      if ((own & kVolatile) != 0) kinds.push_back(DebugKind::Volatile);
      if ((own & kConst) != 0) kinds.push_back(DebugKind::Const);
      // BTF has no word for _Atomic alone: the node stays, as volatile.
      if (kinds.empty()) kinds.push_back(DebugKind::Volatile);
      for (size_t i = 0; i + 1 < kinds.size(); i++) {
        DebugType node;
        node.kind = kinds[i];
        node.type = inner;
        inner = out_->add(std::move(node));
      }
      made.kind = kinds.back();
      made.type = inner;
      break;
    }
    case Kind::Pointer:
      made.kind = DebugKind::Ptr;
      made.type = id_of_pointee(t->base);
      break;
    case Kind::Array:
      derived(DebugKind::Array);
      made.length = static_cast<uint32_t>(t->length);
      break;
    case Kind::Function:
      derived(DebugKind::FuncProto);
      made.is_variadic = t->is_variadic;
      for (const Parameter &p : t->params) made.parts.push_back({.name = std::string(p.name), .type = id_of(p.type)});
      break;
    case Kind::Enum: {
      const Enum &e = *t->enumeration;
      made.name = e.tag;
      if (!e.is_complete) {
        made.kind = DebugKind::Enum;  // as clang writes a forward enum: no enumerators, size 4
        made.size = 4;
        break;
      }
      made.kind = DebugKind::Enum;
      made.size = static_cast<uint32_t>(size_of(t));
      made.is_signed = is_signed(e.underlying);
      for (const EnumConstant &c : e.constants) made.parts.push_back({.name = std::string(c.name), .value = c.value});
      break;
    }
    case Kind::Record:
      fill_record(*t->record, made);
      break;
    case Kind::Float:
    case Kind::Double:
    case Kind::LongDouble:
      made.kind = DebugKind::Float;
      made.name = to_string(t);
      made.size = static_cast<uint32_t>(size_of(t));
      break;
    case Kind::Bool:
    case Kind::Char:
    case Kind::SChar:
    case Kind::UChar:
    case Kind::Short:
    case Kind::UShort:
    case Kind::Int:
    case Kind::UInt:
    case Kind::Long:
    case Kind::ULong:
    case Kind::LongLong:
    case Kind::ULongLong:
    case Kind::Int128:
    case Kind::UInt128:
      made.kind = DebugKind::Int;
      made.name = to_string(t);
      made.size = static_cast<uint32_t>(size_of(t));
      made.is_signed = is_signed(t);
      made.is_bool = t->kind == Kind::Bool;
      break;
    case Kind::Error:
    case Kind::Void:
      SPILE_UNREACHABLE("void has no entry");
  }
  (*out_)[id] = std::move(made);
}

void DebugTypeBuilder::fill_record(const Record &record, DebugType &made) {
  made.name = record.tag;
  made.is_union = record.is_union;
  if (record.tag.empty()) complete(record);  // there is no forward declaration of what has no name
  // Also when its members are still to be read: nobody has asked for them.
  if (!record.is_complete) {
    made.kind = DebugKind::Fwd;
    forwards_.push_back(record.type);
    return;
  }
  made.kind = record.is_union ? DebugKind::Union : DebugKind::Struct;
  made.size = static_cast<uint32_t>(record.size);
  for (const std::string_view tag : record.decl_tags) made.decl_tags.emplace_back(tag);
  made.parts.reserve(record.fields.size());
  for (const Field &field : record.fields) {
    if (field.is_bitfield && field.name.empty()) continue;  // padding
    DebugPart part;
    part.name = field.name;
    part.type = id_of(field.type);
    part.bit_offset = static_cast<uint32_t>(field.bit_position);
    part.bitfield_size = field.bit_width;
    for (const std::string_view tag : field.decl_tags) part.decl_tags.emplace_back(tag);
    made.parts.push_back(std::move(part));
  }
}

}  // namespace spile::types
