// Making types: every derived type exists once, so that "the same type" is one pointer comparison.
#include <algorithm>
#include <unordered_map>
#include <vector>

#include "frontend/types/types.h"
#include "support/check.h"

namespace spile::types {

namespace {

// What distinguishes one derived type from another. Functions are compared by their parts.
struct KeyHash {
  size_t operator()(const Type *t) const noexcept {
    size_t h = static_cast<size_t>(t->kind) * 31 + t->quals;
    const auto mix = [&](uint64_t x) { h = (h ^ x) * 0x9e3779b97f4a7c15ull; };
    mix(reinterpret_cast<uintptr_t>(t->base));
    mix(t->length * 2 + (t->has_length ? 1 : 0));
    mix(std::hash<std::string_view>{}(t->name));
    for (const Parameter &p : t->params)
      mix(reinterpret_cast<uintptr_t>(p.type) ^ std::hash<std::string_view>{}(p.name));
    return h;
  }
};
struct KeyEqual {
  bool operator()(const Type *a, const Type *b) const noexcept {
    if (a->kind != b->kind || a->quals != b->quals || a->base != b->base || a->length != b->length ||
        a->has_length != b->has_length || a->name != b->name || a->is_variadic != b->is_variadic ||
        a->has_prototype != b->has_prototype || a->params.size() != b->params.size())
      return false;
    for (size_t i = 0; i < a->params.size(); i++)
      if (a->params[i].type != b->params[i].type || a->params[i].name != b->params[i].name) return false;
    return true;
  }
};

}  // namespace

struct Context::Tables {
  std::unordered_map<const Type *, const Type *, KeyHash, KeyEqual> derived;
};

Context::Context(Arena &arena) : arena_(&arena), tables_(std::make_unique<Tables>()) {
  for (size_t i = 0; i <= static_cast<size_t>(Kind::LongDouble); i++) {
    auto *t = arena_->make<Type>();
    t->kind = static_cast<Kind>(i);
    t->canonical = t->plain = t;
    basic_[i] = t;
  }
}
Context::~Context() = default;

const Type *Context::intern(const Type &key) {
  if (const auto it = tables_->derived.find(&key); it != tables_->derived.end()) return it->second;
  auto *made = arena_->make<Type>(key);
  made->params = arena_->copy(key.params);
  finish(made);
  tables_->derived.emplace(made, made);
  return made;
}

// Fills canonical, plain, quals and depth of a derived type from its parts.
const Type *Context::finish(Type *made) {
  const Type *base = made->base;
  made->depth = base->depth + 1;
  for (const Parameter &p : made->params) made->depth = std::max(made->depth, p.type->depth + 1);
  switch (made->kind) {
    case Kind::Pointer:
      if (base->canonical == base)
        made->canonical = made;
      else
        made->canonical = pointer_to(base->canonical);
      made->plain = made->canonical;
      break;
    case Kind::Array: {
      // The qualifiers of an array are those of its elements (C11 6.7.3p9).
      made->quals = base->quals;
      if (base->canonical == base) {
        made->canonical = made;
      } else {
        made->canonical =
            made->has_length ? array_of(base->canonical, made->length) : incomplete_array_of(base->canonical);
      }
      made->plain = made->canonical;  // its elements keep their qualifiers
      break;
    }
    case Kind::Function: {
      bool is_canonical = base->canonical == base;
      for (const Parameter &p : made->params)
        is_canonical = is_canonical && p.name.empty() && p.type == unqualified(p.type)->canonical;
      if (is_canonical) {
        made->canonical = made;
      } else {
        std::vector<Parameter> params;
        for (const Parameter &p : made->params) params.push_back({{}, unqualified(p.type)->canonical});
        made->canonical = function(base->canonical, params, made->is_variadic, made->has_prototype);
      }
      made->plain = made->canonical;
      break;
    }
    case Kind::Qualified:
      // [quals] is what the type has in all; the key's were those that this node adds.
      made->quals = static_cast<uint8_t>(made->quals | base->quals);
      made->plain = base->plain;
      made->canonical =
          base->canonical == base && base->kind != Kind::Qualified ? made : qualified(base->plain, made->quals);
      made->depth = base->depth;
      break;
    case Kind::Tagged:
    case Kind::Typedef:
      made->quals = base->quals;
      made->plain = base->plain;
      made->canonical = base->canonical;
      break;
    case Kind::Error:
    case Kind::Void:
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
    case Kind::Float:
    case Kind::Double:
    case Kind::LongDouble:
    case Kind::Enum:
    case Kind::Record:
      SPILE_UNREACHABLE("only derived types are finished");
  }
  return made;
}

const Type *Context::pointer_to(const Type *pointee) {
  Type key;
  key.kind = Kind::Pointer;
  key.base = pointee;
  return intern(key);
}

const Type *Context::array_of(const Type *element, uint64_t length) {
  Type key;
  key.kind = Kind::Array;
  key.base = element;
  key.length = length;
  key.has_length = true;
  key.quals = element->quals;
  return intern(key);
}

const Type *Context::incomplete_array_of(const Type *element) {
  Type key;
  key.kind = Kind::Array;
  key.base = element;
  key.quals = element->quals;
  return intern(key);
}

const Type *Context::function(const Type *result, std::span<const Parameter> params, bool is_variadic,
                              bool has_prototype) {
  Type key;
  key.kind = Kind::Function;
  key.base = result;
  key.params = params;
  key.is_variadic = is_variadic;
  key.has_prototype = has_prototype;
  return intern(key);
}

const Type *Context::qualified(const Type *type, uint8_t quals) {
  quals = static_cast<uint8_t>(quals | type->quals);
  if (quals == type->quals || type->plain->kind == Kind::Error) return type;
  if (type->kind == Kind::Array) {
    const Type *element = qualified(type->base, quals);
    return type->has_length ? array_of(element, type->length) : incomplete_array_of(element);
  }
  if (type->plain->kind == Kind::Array) return qualified(type->canonical, quals);
  if (type->plain->kind == Kind::Function) return type;  // C11 6.7.3p9: undefined; clang ignores it
  Type key;
  key.kind = Kind::Qualified;
  key.base = type->kind == Kind::Qualified ? type->base : type;
  key.quals = quals;
  return intern(key);
}

const Type *Context::unqualified(const Type *type) {
  while (type->quals != 0 && type->kind == Kind::Qualified) type = type->base;
  if (type->quals == 0 || type->kind == Kind::Array) return type;
  return type->plain;
}

const Type *Context::typedef_of(std::string_view name, const Type *aliased, Range range, uint32_t align) {
  auto *made = arena_->make<Type>();
  made->kind = Kind::Typedef;
  made->name = name;
  made->base = aliased;
  made->range = range;
  made->align = align;
  return finish(made);
}

const Type *Context::tagged(std::string_view tag, const Type *type) {
  Type key;
  key.kind = Kind::Tagged;
  key.base = type;
  key.name = tag;
  key.quals = type->quals;
  return intern(key);
}

Record *Context::new_record(bool is_union, std::string_view tag, Range range) {
  auto *record = arena_->make<Record>();
  auto *t = arena_->make<Type>();
  t->kind = Kind::Record;
  t->canonical = t->plain = t;
  t->record = record;
  record->type = t;
  record->is_union = is_union;
  record->tag = tag;
  record->range = range;
  return record;
}

Enum *Context::new_enum(std::string_view tag, Range range) {
  auto *enumeration = arena_->make<Enum>();
  auto *t = arena_->make<Type>();
  t->kind = Kind::Enum;
  t->canonical = t->plain = t;
  t->enumeration = enumeration;
  enumeration->type = t;
  enumeration->tag = tag;
  enumeration->range = range;
  enumeration->underlying = int_type();
  return enumeration;
}

}  // namespace spile::types
