// How types relate: signedness, compatibility, the composite of two declarations.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "frontend/types/types.h"
#include "lang-spec/tables/spelling.h"
#include "support/check.h"

namespace spile::types {

bool is_signed(const Type *t) {
  t = t->plain;
  if (t->kind == Kind::Enum) t = t->enumeration->underlying->plain;
  switch (t->kind) {
    case Kind::Char:
    case Kind::SChar:
    case Kind::Short:
    case Kind::Int:
    case Kind::Long:
    case Kind::LongLong:
    case Kind::Int128:
    case Kind::Float:
    case Kind::Double:
    case Kind::LongDouble:
      return true;
    case Kind::Error:
    case Kind::Void:
    case Kind::Bool:
    case Kind::UChar:
    case Kind::UShort:
    case Kind::UInt:
    case Kind::ULong:
    case Kind::ULongLong:
    case Kind::UInt128:
    case Kind::Enum:
    case Kind::Pointer:
    case Kind::Array:
    case Kind::Function:
    case Kind::Record:
    case Kind::Typedef:
    case Kind::Qualified:
    case Kind::Tagged:
      return false;
  }
  SPILE_UNREACHABLE("every kind is named");
}

const Type *with_sign(Context &context, const Type *t, bool wants_signed) {
  t = t->plain;
  if (t->kind == Kind::Enum) t = t->enumeration->underlying->plain;
  const auto choose = [&](Kind s, Kind u) { return context.basic(wants_signed ? s : u); };
  switch (t->kind) {
    case Kind::Char:
    case Kind::SChar:
    case Kind::UChar:
      return choose(Kind::SChar, Kind::UChar);
    case Kind::Short:
    case Kind::UShort:
      return choose(Kind::Short, Kind::UShort);
    case Kind::Int:
    case Kind::UInt:
      return choose(Kind::Int, Kind::UInt);
    case Kind::Long:
    case Kind::ULong:
      return choose(Kind::Long, Kind::ULong);
    case Kind::LongLong:
    case Kind::ULongLong:
      return choose(Kind::LongLong, Kind::ULongLong);
    case Kind::Int128:
    case Kind::UInt128:
      return choose(Kind::Int128, Kind::UInt128);
    case Kind::Bool:
    case Kind::Error:
    case Kind::Void:
    case Kind::Float:
    case Kind::Double:
    case Kind::LongDouble:
    case Kind::Enum:
    case Kind::Pointer:
    case Kind::Array:
    case Kind::Function:
    case Kind::Record:
    case Kind::Typedef:
    case Kind::Qualified:
    case Kind::Tagged:
      return t;
  }
  SPILE_UNREACHABLE("every kind is named");
}

bool is_char_array(const Type *t) {
  if (!is_array(t)) return false;
  const Kind kind = t->plain->base->plain->kind;
  return kind == Kind::Char || kind == Kind::SChar || kind == Kind::UChar;
}

static bool same_parameters(const Type *a, const Type *b) {
  // f() goes with any prototype that the default promotions leave alone; the promotions rarely matter here.
  if (!a->has_prototype || !b->has_prototype) return true;
  if (a->params.size() != b->params.size() || a->is_variadic != b->is_variadic) return false;
  for (size_t i = 0; i < a->params.size(); i++)
    if (!compatible(a->params[i].type->plain, b->params[i].type->plain)) return false;
  return true;
}

bool compatible(const Type *a, const Type *b) {
  a = a->canonical;
  b = b->canonical;
  if (a == b || is_error(a) || is_error(b)) return true;
  if (a->quals != b->quals) return false;
  a = a->plain;
  b = b->plain;
  if (a == b) return true;
  // An enum is compatible with its underlying type.
  if (a->kind == Kind::Enum && b->kind != Kind::Enum) return a->enumeration->underlying->plain == b;
  if (b->kind == Kind::Enum && a->kind != Kind::Enum) return b->enumeration->underlying->plain == a;
  if (a->kind != b->kind) return false;
  if (a->kind == Kind::Pointer) return compatible(a->base, b->base);
  if (a->kind == Kind::Array)
    return (!a->has_length || !b->has_length || a->length == b->length) && compatible(a->base, b->base);
  if (a->kind == Kind::Function) return compatible(a->base, b->base) && same_parameters(a, b);
  return false;
}

const Type *composite(Context &context, const Type *a, const Type *b) {
  if (a->plain == b->plain) return a;
  const Type *pa = a->plain, *pb = b->plain;
  if (pa->kind == Kind::Array && pb->kind == Kind::Array) return pa->has_length ? a : b;
  if (pa->kind == Kind::Function && pb->kind == Kind::Function) return pa->has_prototype ? a : b;
  if (pa->kind == Kind::Pointer && pb->kind == Kind::Pointer) {
    const Type *base = composite(context, pa->base, pb->base);
    return base == pa->base ? a : context.qualified(context.pointer_to(base), a->quals);
  }
  return a;
}

static void collect_names(const Record &record, std::vector<std::string_view> &names) {
  for (const Field &field : complete(record).fields) {
    if (!field.name.empty())
      names.push_back(field.name);
    else if (!field.is_bitfield && is_record(field.type))
      collect_names(*field.type->plain->record, names);
  }
}

std::string_view nearest_field(const Record &record, std::string_view name) {
  std::vector<std::string_view> names;
  collect_names(record, names);
  return nearest_name(names, name);
}

std::string_view nearest_name(std::span<const std::string_view> names, std::string_view wanted) {
  // Long names are no slip of the fingers, and would be much work.
  constexpr size_t kLongest = 64;
  if (wanted.empty() || wanted.size() > kLongest) return {};
  std::string_view nearest;
  for (tables::Nearest likest(wanted); const std::string_view name : names)
    if (likest.take(name)) nearest = name;
  return nearest;
}

}  // namespace spile::types
