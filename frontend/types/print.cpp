// Types in C syntax. A declarator is written from the inside out: each derivation wraps what stands for the name.
#include <fmt/format.h>

#include "frontend/types/types.h"
#include "support/check.h"

namespace spile::types {

namespace {

std::string quals_text(uint8_t quals) {
  std::string text;
  if ((quals & kConst) != 0) text += "const ";
  if ((quals & kVolatile) != 0) text += "volatile ";
  if ((quals & kRestrict) != 0) text += "restrict ";
  if ((quals & kAtomic) != 0) text += "_Atomic ";
  if ((quals & kArena) != 0) text += "__arena ";  // as the kernel's macro for address_space(1)
  return text;
}

std::string_view basic_name(Kind kind) {
  switch (kind) {
    case Kind::Error:
      return "<error>";
    case Kind::Void:
      return "void";
    case Kind::Bool:
      return "_Bool";
    case Kind::Char:
      return "char";
    case Kind::SChar:
      return "signed char";
    case Kind::UChar:
      return "unsigned char";
    case Kind::Short:
      return "short";
    case Kind::UShort:
      return "unsigned short";
    case Kind::Int:
      return "int";
    case Kind::UInt:
      return "unsigned int";
    case Kind::Long:
      return "long";
    case Kind::ULong:
      return "unsigned long";
    case Kind::LongLong:
      return "long long";
    case Kind::ULongLong:
      return "unsigned long long";
    case Kind::Int128:
      return "__int128";
    case Kind::UInt128:
      return "unsigned __int128";
    case Kind::Float:
      return "float";
    case Kind::Double:
      return "double";
    case Kind::LongDouble:
      return "long double";
    case Kind::Enum:
    case Kind::Pointer:
    case Kind::Array:
    case Kind::Function:
    case Kind::Record:
    case Kind::Typedef:
    case Kind::Qualified:
    case Kind::Tagged:
      break;
  }
  SPILE_UNREACHABLE("the kind has no name of its own");
}

std::string tagged_name(std::string_view keyword, std::string_view tag) {
  return tag.empty() ? fmt::format("{} (anonymous)", keyword) : fmt::format("{} {}", keyword, tag);
}

// What is written before the declarator: the type at the end of the derivations.
std::string head(const Type *t) {
  switch (t->kind) {
    case Kind::Typedef:
      return std::string(t->name);
    case Kind::Tagged:
      return head(t->base);
    case Kind::Qualified:
      return quals_text(t->quals) + head(t->base);
    case Kind::Record:
      return tagged_name(t->record->is_union ? "union" : "struct", t->record->tag);
    case Kind::Enum:
      return tagged_name("enum", t->enumeration->tag);
    default:
      return std::string(basic_name(t->kind));
  }
}

}  // namespace

std::string to_string(const Type *t, std::string_view name) {
  std::string inner(name);
  bool after_pointer = false;  // what comes next, inside out, binds tighter than the * just written
  for (;;) {
    const Type *derived = t;
    uint8_t quals = 0;
    while (derived->kind == Kind::Qualified || derived->kind == Kind::Tagged) {
      if (derived->kind == Kind::Qualified) quals = static_cast<uint8_t>(quals | derived->quals);
      derived = derived->base;
    }
    if (derived->kind == Kind::Pointer) {
      std::string words = quals_text(quals);
      if (inner.empty() && !words.empty()) words.pop_back();
      inner = "*" + words + inner;
      after_pointer = true;
      t = derived->base;
    } else if (derived->kind == Kind::Array) {
      if (after_pointer) inner = "(" + inner + ")";
      inner += derived->has_length ? fmt::format("[{}]", derived->length) : "[]";
      after_pointer = false;
      t = derived->base;
    } else if (derived->kind == Kind::Function) {
      if (after_pointer) inner = "(" + inner + ")";
      std::string params;
      for (const Parameter &p : derived->params) params += (params.empty() ? "" : ", ") + to_string(p.type);
      if (derived->is_variadic) params += params.empty() ? "..." : ", ...";
      if (params.empty() && derived->has_prototype) params = "void";
      inner += "(" + params + ")";
      after_pointer = false;
      t = derived->base;
    } else {
      std::string words = head(t);
      if (inner.empty()) return words;
      return words + (inner[0] == '[' ? "" : " ") + inner;
    }
  }
}

std::string spoken(const Type *t) {
  const std::string written = to_string(t);
  const std::string meant = to_string(t->canonical);
  return written == meant ? fmt::format("`{}`", written) : fmt::format("`{}` (aka `{}`)", written, meant);
}

}  // namespace spile::types
