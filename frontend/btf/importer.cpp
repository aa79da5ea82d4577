#include "frontend/btf/importer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/arena.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/btf.def"
#include "support/diag_table.h"

namespace spile::btf {

using types::Kind;
using types::Type;

namespace {

// Types inside types, and records inside records, nest no deeper; kernels have less than 20 levels. Reported as
// BtfFault.
constexpr uint32_t kMaxImportDepth = 150;

// BTF keeps DWARF's names of the C types. Where long and long long have one size, only the name tells them apart.
Kind kind_of_int(std::string_view name, uint32_t size, bool is_signed, bool is_bool) {
  if (is_bool || name == "_Bool") return Kind::Bool;
  const bool is_long_long = name.contains("long long");
  switch (size) {
    case 1:
      return name == "char" ? Kind::Char : is_signed ? Kind::SChar : Kind::UChar;
    case 2:
      return is_signed ? Kind::Short : Kind::UShort;
    case 4:
      return is_signed ? Kind::Int : Kind::UInt;
    case 8:
      return is_long_long ? (is_signed ? Kind::LongLong : Kind::ULongLong) : (is_signed ? Kind::Long : Kind::ULong);
    case 16:
      return is_signed ? Kind::Int128 : Kind::UInt128;
    default:
      return Kind::Error;
  }
}

}  // namespace

const Type *Importer::fault(uint32_t id, std::string_view what) {
  if (!has_fault_) diagnostics_.report<diag::BtfFault>(included_at_, id, what);
  has_fault_ = true;
  return context_.error();
}

const Type *Importer::type(uint32_t id) {
  if (id == 0) return context_.void_type();
  const auto [it, is_new] = types_.try_emplace(id);
  if (!is_new) return it->second != nullptr ? it->second : fault(id, "it is made of itself");
  if (depth_ >= kMaxImportDepth) return types_[id] = fault(id, "it is nested too deep");
  depth_++;
  const Type *made = make(id, image_.type(id));
  depth_--;
  if (made->depth > types::kMaxDepth) made = fault(id, "it is nested too deep");
  return types_[id] = made;
}

const Type *Importer::make(uint32_t id, const TypeView &view) {
  switch (view.kind) {
    case BtfKind::Int:
      return make_int(id, view);
    case BtfKind::Float:
      return context_.basic(view.size_or_id == 4   ? Kind::Float
                            : view.size_or_id == 8 ? Kind::Double
                                                   : Kind::LongDouble);
    case BtfKind::Ptr:
      return context_.pointer_to(type(view.size_or_id));
    case BtfKind::Array:
      return make_array(view);
    case BtfKind::Struct:
    case BtfKind::Union:
      return make_record(id, view);
    case BtfKind::Fwd:
      return make_forward(id, view);
    case BtfKind::Enum:
    case BtfKind::Enum64:
      return make_enum(id, view);
    case BtfKind::Typedef: {
      const Type *base = type(view.size_or_id);
      if (types::is_error(base)) return base;
      return context_.typedef_of(image_.name_of(id, Entry::kTypedef, view.name), base, included_at_, 0);
    }
    case BtfKind::Volatile:
      return context_.qualified(type(view.size_or_id), types::kVolatile);
    case BtfKind::Const:
      return context_.qualified(type(view.size_or_id), types::kConst);
    case BtfKind::Restrict:
      return context_.qualified(type(view.size_or_id), types::kRestrict);
    case BtfKind::TypeTag: {
      const Type *base = type(view.size_or_id);
      return types::is_error(base) ? base : context_.tagged(image_.string(view.name), base);
    }
    case BtfKind::FuncProto:
      return make_function(view);
    case BtfKind::Func:
      return type(view.size_or_id);
    case BtfKind::Void:
    case BtfKind::Var:
    case BtfKind::DataSec:
    case BtfKind::DeclTag:
      break;
  }
  return fault(id, "it is no type");
}

const Type *Importer::make_int(uint32_t id, const TypeView &view) {
  const uint32_t encoding = view.tail[0] >> 24;
  const Kind kind = kind_of_int(image_.string(view.name), view.size_or_id, (encoding & 1) != 0, (encoding & 4) != 0);
  return kind == Kind::Error ? fault(id, "it is an integer of a size that C does not have") : context_.basic(kind);
}

const Type *Importer::make_record(uint32_t id, const TypeView &view) {
  types::Record *record =
      context_.new_record(view.kind == BtfKind::Union, image_.name_of(id, Entry::kTag, view.name), included_at_);
  adopt(*record, id);
  return record->type;
}

void Importer::adopt(types::Record &record, uint32_t id) {
  types_[id] = record.type;
  ids_[&record] = id;
  record.pending = this;
}

// A tag that this BTF defines elsewhere is that type.
const Type *Importer::make_forward(uint32_t id, const TypeView &view) {
  const std::string_view tag = image_.string(view.name);
  const Entry *entry = image_.find(NameSpace::Tag, tag);
  if (entry != nullptr && entry->id != id) {
    const BtfKind wanted = view.flag ? BtfKind::Union : BtfKind::Struct;
    if (image_.type(entry->id).kind == wanted) return type(entry->id);
  }
  return context_.new_record(view.flag, tag, included_at_)->type;
}

const Type *Importer::make_enum(uint32_t id, const TypeView &view) {
  const bool is_signed = view.flag;
  Kind kind = Kind::Error;
  switch (view.size_or_id) {
    case 1:
      kind = is_signed ? Kind::SChar : Kind::UChar;
      break;
    case 2:
      kind = is_signed ? Kind::Short : Kind::UShort;
      break;
    case 4:
      kind = is_signed ? Kind::Int : Kind::UInt;
      break;
    case 8:
      kind = is_signed ? Kind::Long : Kind::ULong;
      break;
    default:
      return fault(id, "it is an enum of a size that C does not have");
  }
  types::Enum *made = context_.new_enum(image_.name_of(id, Entry::kTag, view.name), included_at_);
  std::vector<types::EnumConstant> constants(view.count);
  for (uint32_t i = 0; i < view.count; i++)
    constants[i] = {image_.name_of(id, i, view.enumerator_name(i)), view.enumerator_value(i)};
  made->constants = arena_.copy(constants);
  made->underlying = context_.basic(kind);
  made->is_packed = view.size_or_id < 4;
  made->is_complete = view.count != 0;
  return made->type;
}

const Type *Importer::make_array(const TypeView &view) {
  const Type *element = type(view.tail[0]);
  if (types::is_error(element)) return element;
  // Of a record, the size is not known yet: BTF says it.
  uint64_t size = 1;
  if (types::is_record(element) && element->plain->record->pending != nullptr)
    size = image_.type(ids_.at(element->plain->record)).size_or_id;
  else if (types::is_complete(element))
    size = types::size_of(element);
  else
    return fault(view.tail[0], "it has no size, but is the element of an array");
  if (size != 0 && view.tail[2] > types::kMaxSize / size) return fault(view.tail[0], "an array of it is too large");
  // BTF does not tell `x[]` from `x[0]`; bpftool writes the second.
  return context_.array_of(element, view.tail[2]);
}

const Type *Importer::make_function(const TypeView &view) {
  std::vector<types::Parameter> parameters;
  bool is_variadic = false;
  for (uint32_t i = 0; i < view.count; i++) {
    const uint32_t name = view.tail[i * 2], id = view.tail[i * 2 + 1];
    if (id == 0) {
      is_variadic = true;
      break;
    }
    const Type *parameter = type(id);
    if (types::is_error(parameter)) return parameter;
    parameters.push_back({image_.string(name), parameter});
  }
  const Type *result = type(view.size_or_id);
  if (types::is_error(result)) return result;
  return context_.function(result, parameters, is_variadic, true);
}

void Importer::define(types::Record &record) {
  record.pending = nullptr;
  const uint32_t id = ids_.at(&record);
  const TypeView view = image_.type(id);
  if (depth_ >= kMaxImportDepth) {
    fault(id, "it is nested too deep");
    return;
  }
  depth_++;
  record.is_being_defined = true;
  record.size = view.size_or_id;
  std::vector<types::Field> fields(view.count);
  bool is_sound = true;
  for (uint32_t i = 0; i < view.count && is_sound; i++) {
    types::Field &field = fields[i];
    is_sound = read_member(view, i, field);
    if (!is_sound) break;
    const Type *t = field.type;
    if ((t->quals & types::kConst) != 0) record.has_const_member = true;
    const uint64_t bits = field.is_bitfield ? field.bit_width : types::size_of(t) * 8;
    if (field.bit_position + bits > record.size * 8) is_sound = false, fault(id, "a member lies past its end");
    while (types::is_array(t)) t = types::base_of(t);
    if (!types::is_record(t)) continue;
    const types::Record &inner = *t->plain->record;
    record.has_const_member |= inner.has_const_member;
    record.depth = std::max(record.depth, inner.depth + 1);
  }
  record.is_being_defined = false;
  depth_--;
  if (!is_sound) return;  // it stays a tag without members
  record.fields = arena_.copy(fields);
  record.range = included_at_;
  record.preserve_access_index = preserve_access_index_;
  set_alignment(record);
  record.is_complete = true;
}

bool Importer::read_member(const TypeView &view, uint32_t index, types::Field &field) {
  field.name = image_.string(view.member_name(index));
  field.range = included_at_;
  field.type = type(view.member_type(index));
  field.bit_position = view.member_bit_offset(index);
  if (types::is_error(field.type)) return false;
  const TypeView type = image_.type(view.member_type(index));
  const bool is_short_int = type.kind == BtfKind::Int && (type.tail[0] & 0xff) != type.size_or_id * 8;
  if (view.member_bit_width(index) != 0 || is_short_int) return read_bitfield(view, index, field);
  if (field.bit_position % 8 != 0) return fault(view.member_type(index), "a member of it begins inside a byte"), false;
  if (types::is_complete(field.type)) return true;
  // bpftool would write it as it is here, and clang would reject it.
  return fault(view.member_type(index), "it has no size, but is a member"), false;
}

bool Importer::read_bitfield(const TypeView &view, uint32_t index, types::Field &field) {
  field.bit_width = view.member_bit_width(index);
  if (field.bit_width == 0) {  // the form of old kernels: an integer type with less bits than its size
    const uint32_t data = image_.type(view.member_type(index)).tail[0];
    field.bit_width = data & 0xff;
    field.bit_position += (data >> 16) & 0xff;
  }
  field.is_bitfield = true;
  if (types::is_integer(field.type) && field.bit_width <= types::size_of(field.type) * 8 && field.bit_width != 0)
    return true;
  return fault(view.member_type(index), "it cannot be a bitfield of that width"), false;
}

// BTF has no alignments. As libbpf's btf__align_of and btf_dump: that of the members, or 1 where an offset or the size
// shows that the record is packed.
void Importer::set_alignment(types::Record &record) {
  uint32_t align = 1;
  for (const types::Field &field : record.fields) {
    const uint32_t own = types::align_of(field.type);
    align = std::max(align, own);
    if (!field.is_bitfield && field.bit_position % (uint64_t{own} * 8) != 0) record.is_packed = true;
  }
  if (record.size % align != 0) record.is_packed = true;
  record.align = record.is_packed ? 1 : align;
}

}  // namespace spile::btf
