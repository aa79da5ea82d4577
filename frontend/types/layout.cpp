// Where the members of a record lie: the System V rules as GCC and clang apply them (bitfields share storage units of
// their declared type, an unnamed zero-width bitfield closes the unit, packed and aligned as GNU C defines them).
#include <algorithm>

#include "frontend/types/types.h"
#include "support/check.h"

namespace spile::types {

namespace {

uint64_t round_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

uint64_t basic_size(Kind kind) {
  switch (kind) {
    case Kind::Error:
    case Kind::Void:
    case Kind::Function:
      return 1;
    case Kind::Bool:
    case Kind::Char:
    case Kind::SChar:
    case Kind::UChar:
      return 1;
    case Kind::Short:
    case Kind::UShort:
      return 2;
    case Kind::Int:
    case Kind::UInt:
    case Kind::Float:
      return 4;
    case Kind::Long:
    case Kind::ULong:
    case Kind::LongLong:
    case Kind::ULongLong:
    case Kind::Double:
    case Kind::LongDouble:
    case Kind::Pointer:
      return 8;
    case Kind::Int128:
    case Kind::UInt128:
      return 16;
    case Kind::Enum:
    case Kind::Array:
    case Kind::Record:
    case Kind::Typedef:
    case Kind::Qualified:
    case Kind::Tagged:
      break;
  }
  SPILE_UNREACHABLE("the kind has no size of its own");
}

}  // namespace

bool is_complete(const Type *t) {
  for (t = t->plain; t->kind == Kind::Array; t = t->base->plain)
    if (!t->has_length) return false;
  if (t->kind == Kind::Record) return complete(*t->record).is_complete;
  if (t->kind == Kind::Enum) return t->enumeration->is_complete;
  return t->kind != Kind::Void && t->kind != Kind::Function;
}

uint64_t size_of(const Type *t) {
  t = t->plain;
  if (t->kind == Kind::Array) return t->has_length ? t->length * size_of(t->base) : 0;
  if (t->kind == Kind::Record) return complete(*t->record).size;
  if (t->kind == Kind::Enum) return size_of(t->enumeration->underlying);
  return basic_size(t->kind);
}

uint32_t align_of(const Type *t) {
  while (t->kind == Kind::Typedef || t->kind == Kind::Qualified || t->kind == Kind::Tagged || t->kind == Kind::Array) {
    if (t->kind == Kind::Typedef && t->align != 0) return t->align;
    t = t->base;
  }
  if (t->kind == Kind::Record) return complete(*t->record).align;
  if (t->kind == Kind::Enum) return align_of(t->enumeration->underlying);
  return static_cast<uint32_t>(basic_size(t->kind));
}

void lay_out(Record &record) {
  uint64_t bits = 0;  // the next free bit of a struct
  uint64_t size = 0;  // in bits, of the largest member of a union
  uint32_t align = 1;
  for (Field &field : record.fields) {
    if (record.is_union) bits = 0;
    const bool packed = record.is_packed || field.is_packed;
    const uint64_t unit = size_of(field.type) * 8;
    if (field.is_bitfield) {
      // In bits: a packed bitfield may begin anywhere.
      uint64_t field_align = packed && field.bit_width != 0 ? 1 : uint64_t{align_of(field.type)} * 8;
      if (record.pack != 0) field_align = std::min(field_align, uint64_t{record.pack} * 8);
      const bool may_pad = record.pack == 0;
      if (field.bit_width == 0 || (may_pad && bits % field_align + field.bit_width > unit))
        bits = round_up(bits, field_align);
      if (field.align != 0) {
        bits = round_up(bits, uint64_t{field.align} * 8);
        field_align = std::max(field_align, uint64_t{field.align} * 8);
      }
      field.bit_position = bits;
      bits += field.bit_width;
      // An unnamed bitfield says nothing about the alignment of the whole.
      if (!field.name.empty()) align = std::max(align, static_cast<uint32_t>(std::max<uint64_t>(field_align / 8, 1)));
    } else {
      uint32_t field_align = packed ? 1 : align_of(field.type);
      field_align = std::max(field_align, field.align);
      if (record.pack != 0) field_align = std::min(field_align, record.pack);
      bits = round_up(bits, uint64_t{field_align} * 8);
      field.bit_position = bits;
      bits += unit;
      align = std::max(align, field_align);
    }
    size = std::max(size, bits);
  }
  record.align = std::max(align, record.explicit_align);
  record.size = round_up(round_up(size, 8) / 8, record.align);
}

FoundField find_field(const Record &record, std::string_view name) {
  for (const Field &field : complete(record).fields) {
    if (field.name == name && !name.empty()) return {&field, field.bit_position, 0};
    if (field.name.empty() && !field.is_bitfield && is_record(field.type)) {
      FoundField found = find_field(*field.type->plain->record, name);
      if (found.field == nullptr) continue;
      found.bit_position += field.bit_position;
      found.quals = static_cast<uint8_t>(found.quals | field.type->quals);
      return found;
    }
  }
  return {};
}

}  // namespace spile::types
