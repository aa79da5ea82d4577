// Declaration specifiers → the type they name: base words, typedef names, typeof, records and enums with their bodies.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "frontend/sema/analyzer.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

// The mixtures of words that mean a type (C11 6.7.2p2, and GNU's __int128).
const Type *Analyzer::words_type(const ast::DeclSpecs &specs) {
  const ast::BaseWords &w = specs.words;
  const int sign_words = w.signed_ + w.unsigned_;
  const int integer_words = w.char_ + w.short_ + w.int_ + w.long_ + w.int128_ + sign_words;
  const int other_words = w.void_ + w.bool_ + w.float_ + w.double_ + w.va_list + w.auto_type;
  const auto bad = [&] {
    report<diag::BadTypeWords>(specs.range);
    return types_.error();
  };
  if (integer_words == 0 && other_words == 0) {
    report<diag::MissingType>(specs.range);
    return types_.error();
  }
  if (w.va_list != 0) return types_.pointer_to(types_.void_type());
  if (w.void_ == 1 && integer_words == 0 && other_words == 1) return types_.void_type();
  if (w.bool_ == 1 && integer_words == 0 && other_words == 1) return types_.basic(Kind::Bool);
  if (w.float_ == 1 && integer_words == 0 && other_words == 1) return types_.basic(Kind::Float);
  if (w.double_ == 1 && integer_words == w.long_ && w.long_ <= 1 && other_words == 1)
    return types_.basic(w.long_ == 1 ? Kind::LongDouble : Kind::Double);
  if (other_words != 0 || sign_words > 1 || w.char_ > 1 || w.short_ > 1 || w.int_ > 1 || w.long_ > 2 || w.int128_ > 1)
    return bad();
  const bool is_unsigned = w.unsigned_ != 0;
  const auto choose = [&](Kind s, Kind u) { return types_.basic(is_unsigned ? u : s); };
  if (w.char_ == 1) {
    if (integer_words != 1 + sign_words) return bad();
    return sign_words == 0 ? types_.basic(Kind::Char) : choose(Kind::SChar, Kind::UChar);
  }
  if (w.int128_ == 1) return integer_words == 1 + sign_words ? choose(Kind::Int128, Kind::UInt128) : bad();
  if (w.short_ == 1) return w.long_ == 0 ? choose(Kind::Short, Kind::UShort) : bad();
  if (w.long_ == 2) return choose(Kind::LongLong, Kind::ULongLong);
  if (w.long_ == 1) return choose(Kind::Long, Kind::ULong);
  return choose(Kind::Int, Kind::UInt);
}

const Type *Analyzer::specifiers(ast::DeclSpecs &specs, Attributes &attributes, bool is_forward_declaration) {
  read_attributes(specs.attributes, attributes);
  const Type *t = nullptr;
  if (specs.record != nullptr) {
    t = record_specifier(*specs.record, attributes, is_forward_declaration);
  } else if (specs.enumeration != nullptr) {
    t = enum_specifier(*specs.enumeration);
  } else if (!specs.typedef_name.empty()) {
    const Symbol *symbol = lookup(specs.typedef_name);
    if (symbol == nullptr || symbol->kind != SymbolKind::Typedef) {
      SPILE_CHECK(diags_.has_errors(), "what the parser takes for a type is one, unless its declaration was wrong");
      t = types_.error();
    } else {
      t = symbol->type;
    }
  } else if (specs.typeof_expr != nullptr) {
    specs.typeof_expr = unevaluated(specs.typeof_expr);
    t = specs.typeof_expr->type;
  } else if (specs.typeof_type != nullptr) {
    t = type_name(*specs.typeof_type);
  } else {
    t = words_type(specs);
  }
  if (specs.typeof_unqual) t = types_.unqualified(t);
  t = attributed(t, attributes);
  return qualify(t, specs.qualifiers, specs.range);
}

const Type *Analyzer::record_specifier(ast::RecordSpec &spec, Attributes &attributes, bool is_forward_declaration) {
  Attributes own;
  if (spec.lazy == nullptr) read_attributes(spec.attributes, own);
  types::Record *record = nullptr;
  if (!spec.tag.empty()) {
    // A body, or `struct s;` alone, means the tag of this scope; a mere use means any that is visible.
    Tag *tag = lookup_tag(spec.tag, spec.has_body || is_forward_declaration);
    if (tag == nullptr && !spec.has_body && !is_forward_declaration && !at_file_scope() && postponed_ != nullptr &&
        postponed_->mentions_tag(spec.tag)) {
      // A header that was not read has named it first: it is declared there (C11 6.2.1p7).
      const AtFileScope at_file_scope(*this);
      record = types_.new_record(spec.is_union, spec.tag, spec.tag_range);
      tag = arena_.make<Tag>(record, nullptr, record->range);
      bind_tag(record->tag, tag);
    }
    if (tag != nullptr && (tag->record == nullptr || tag->record->is_union != spec.is_union)) {
      report<diag::WrongTagKind>(spec.tag_range.valid() ? spec.tag_range : spec.range, spec.tag,
                                 spec.is_union ? "union" : "struct")
          .note(tag->range, "`{}` was declared here", spec.tag);
      return types_.error();
    }
    if (tag == nullptr) {
      record = types_.new_record(spec.is_union, spec.tag, spec.tag_range.valid() ? spec.tag_range : spec.range);
      bind_tag(record->tag, arena_.make<Tag>(record, nullptr, record->range));
    } else {
      record = tag->record;
    }
  } else {
    record = types_.new_record(spec.is_union, {}, spec.range);
  }
  if (!spec.has_body) return record->type;
  if (types::complete(*record).is_complete && record->is_weak) {
    record = types_.new_record(spec.is_union, record->tag, spec.tag_range);
    lookup_tag(spec.tag, true)->record = record;
  }
  if (types::complete(*record).is_complete || record->is_being_defined) {
    auto message = report<diag::RecordRedefined>(spec.tag_range, types::to_string(record->type));
    const bool imported = is_imported(record->range);
    message.note(record->range, "the first definition {}", imported ? "is that of the BTF" : "is here");
    const SourceManager::File *file = diags_.sources().file_of(record->range.begin);
    if (imported)
      message.hint("use that one, and delete this; or give yours another name: the kernel has one of this name");
    else if (file != nullptr && file->is_system)
      message.hint("use that one, and delete this");
    // Still read the body, for the faults inside it.
    record = types_.new_record(spec.is_union, record->tag, spec.tag_range);
  }
  record->range = spec.tag.empty() ? spec.range : spec.tag_range;
  // `struct { ... } __attribute__((packed)) x;`: GNU gives what stands behind the brace to the type; the parser may
  // have put it with the specifiers.
  if (attributes.packed) own.packed = true;
  // What is defined inside a record whose accesses are relocated is a part of it.
  if (attributes.preserve_access_index || preserves_inner_) own.preserve_access_index = true;
  if (spec.lazy != nullptr) {
    postpone(spec, *record, own);
    return record->type;
  }
  define_record(spec, *record, own);
  return record->type;
}

void Analyzer::define_record(ast::RecordSpec &spec, types::Record &record, const Attributes &attributes) {
  record.is_being_defined = true;
  record.is_packed = attributes.packed;
  record.pack = spec.pack;
  record.explicit_align = attributes.symbol.align;
  record.preserve_access_index = attributes.preserve_access_index;
  const SourceManager::File *file = attributes.symbol.weak ? diags_.sources().file_of(spec.range.begin) : nullptr;
  record.is_weak = file != nullptr && file->is_system;
  record.decl_tags = arena_.copy(attributes.decl_tags);
  std::vector<types::Field> fields;
  const bool outer_preserves = std::exchange(preserves_inner_, attributes.preserve_access_index);
  for (ast::Decl *member : spec.members) {
    if (member->kind == ast::Decl::StaticAssert)
      static_assertion(*member);
    else if (member->kind == ast::Decl::Members) {
      add_members(*member, record, fields);
      if (member->lacks_semicolon)
        report<diag::MemberWithoutSemicolon>({member->range.end, member->range.end}).hint("write `;` behind it");
    }
  }
  preserves_inner_ = outer_preserves;
  check_duplicate_fields(fields);
  // Only the last member may be of unknown length.
  for (size_t i = 0; i < fields.size(); i++) {
    const Type *t = fields[i].type;
    if (types::is_array(t) && !t->plain->has_length) {
      record.has_flexible_array = true;
      if (i + 1 < fields.size() && !record.is_union)
        report<diag::FlexibleArrayNotLast>(fields[i].range, fields[i].name);
    }
    if ((t->quals & types::kConst) != 0) record.has_const_member = true;
    if (types::is_record(t)) {
      record.has_const_member |= t->plain->record->has_const_member;
      record.depth = std::max(record.depth, t->plain->record->depth + 1);
    }
  }
  record.fields = arena_.copy(fields);
  types::lay_out(record);
  record.is_being_defined = false;
  record.is_complete = true;
  if (record.depth > types::kMaxDepth) report<diag::TypeTooDeep>(spec.range, types::kMaxDepth);
  if (record.depth > types::kMaxDepth || record.size > types::kMaxSize) {
    if (record.size > types::kMaxSize) report<diag::ObjectTooLarge>(spec.range, types::kMaxSize);
    record.fields = {};
    record.size = record.align;
    record.depth = 1;
  }
}

void Analyzer::add_members(ast::Decl &decl, types::Record &record, std::vector<types::Field> &fields) {
  Attributes shared;
  const Type *base = specifiers(*decl.specs, shared);
  if (decl.specs->storage != ast::Storage::None) report<diag::StorageInRecord>(decl.specs->range);
  if (decl.declarators.empty()) {
    const bool is_anonymous_record =
        decl.specs->record != nullptr && decl.specs->record->has_body && decl.specs->record->tag.empty();
    if (!is_anonymous_record) {
      // `struct tag { ... };` inside a record declares a type, or, as in MS C, nothing that C knows.
      if (decl.specs->record == nullptr && decl.specs->enumeration == nullptr)
        report<diag::DeclaresNothing>(decl.range);
      return;
    }
    types::Field field;
    field.type = base;
    field.range = decl.range;
    field.align = shared.symbol.align;
    field.is_packed = shared.packed;
    fields.push_back(field);
    return;
  }
  for (ast::InitDeclarator *member : decl.declarators) {
    types::Field field;
    const Type *t = declarator(*member->declarator, base);
    Attributes own;
    read_attributes(member->declarator->attributes, own);
    t = attributed(t, own);
    field.name = member->declarator->name;
    field.range = member->declarator->name.empty() ? member->declarator->range : member->declarator->name_range;
    field.type = t;
    field.is_packed = own.packed || (shared.packed && decl.specs->record == nullptr);
    field.align = std::max(own.symbol.align, shared.symbol.align);
    std::vector<std::string_view> tags = shared.decl_tags;
    tags.insert(tags.end(), own.decl_tags.begin(), own.decl_tags.end());
    field.decl_tags = arena_.copy(tags);
    if (types::is_arena(t)) {
      report<diag::AddressSpaceObject>(field.range, field.name, "a member");
      field.type = types_.error();
    } else if (types::is_function(t)) {
      report<diag::FunctionMember>(field.range, field.name)
          .hint("a pointer to a function is written `(*{})(…)`", field.name);
      field.type = types_.error();
    } else if (types::is_array(t) && !t->plain->has_length && types::is_complete(types::base_of(t))) {
      // A flexible array: complete enough.
    } else if (!types::is_error(t) && !types::is_complete(t)) {
      auto message = report<diag::IncompleteMember>(field.range, field.name, types::to_string(t));
      if (types::is_record(t))
        message.note(t->plain->record->range, "`{}` is {} here", types::to_string(t->plain),
                     t->plain->record->is_being_defined ? "still being defined" : "declared");
      field.type = types_.error();
    }
    if (member->bit_width != nullptr)
      read_bit_width(*member, field);
    else if (field.name.empty())
      continue;  // the parser has reported it
    (void)record;
    fields.push_back(field);
  }
}

void Analyzer::read_bit_width(ast::InitDeclarator &member, types::Field &field) {
  const std::optional<int64_t> width = integer_constant(member.bit_width, "the width of a bitfield");
  if (!width || types::is_error(field.type)) return;
  if (!types::is_integer(field.type) || types::is_int128(field.type) || types::is_atomic(field.type)) {
    report<diag::BitfieldType>(field.range, field.name, types::to_string(field.type));
    return;
  }
  const int64_t limit = types::is_bool(field.type) ? 1 : static_cast<int64_t>(types::size_of(field.type) * 8);
  if (*width < 0 || *width > limit || (*width == 0 && !field.name.empty())) {
    report<diag::BitfieldWidth>(member.bit_width->range, field.name, *width, types::to_string(field.type), limit);
    return;
  }
  field.is_bitfield = true;
  field.bit_width = static_cast<uint32_t>(*width);
}

void Analyzer::check_duplicate_fields(const std::vector<types::Field> &fields) {
  std::unordered_map<std::string_view, Range> seen;
  const std::function<void(const types::Field &)> visit = [&](const types::Field &field) {
    if (field.name.empty()) {
      if (!field.is_bitfield && types::is_record(field.type))
        for (const types::Field &inner : field.type->plain->record->fields) visit(inner);
      return;
    }
    const auto [it, is_new] = seen.emplace(field.name, field.range);
    if (!is_new)
      report<diag::DuplicateMember>(field.range, field.name).note(it->second, "the first `{}` is here", field.name);
  };
  for (const types::Field &field : fields) visit(field);
}

const Type *Analyzer::enum_specifier(ast::EnumSpec &spec) {
  Attributes own;
  read_attributes(spec.attributes, own);
  types::Enum *enumeration = nullptr;
  if (!spec.tag.empty()) {
    Tag *tag = lookup_tag(spec.tag, spec.has_body);
    if (tag != nullptr && tag->enumeration == nullptr) {
      report<diag::WrongTagKind>(spec.range, spec.tag, "enum").note(tag->range, "`{}` was declared here", spec.tag);
      return types_.error();
    }
    if (tag == nullptr) {
      enumeration = types_.new_enum(spec.tag, spec.range);
      bind_tag(enumeration->tag, arena_.make<Tag>(nullptr, enumeration, spec.range));
    } else {
      enumeration = tag->enumeration;
    }
  } else {
    enumeration = types_.new_enum({}, spec.range);
  }
  if (spec.fixed_type != nullptr) {
    const Type *fixed = type_name(*spec.fixed_type);
    if (types::is_integer(fixed)) {
      enumeration->underlying = fixed->plain;
      enumeration->has_fixed_type = true;
      if (!spec.has_body) enumeration->is_complete = true;
    } else if (!types::is_error(fixed)) {
      report<diag::EnumUnderlying>(spec.fixed_type->range, types::to_string(fixed));
    }
  }
  if (!spec.has_body) return enumeration->type;
  if (enumeration->is_complete && !enumeration->constants.empty()) {
    report<diag::RecordRedefined>(spec.range, types::to_string(enumeration->type))
        .note(enumeration->range, "the first definition {}",
              is_imported(enumeration->range) ? "is that of the BTF" : "is here");
    enumeration = types_.new_enum(enumeration->tag, spec.range);
  }
  enumeration->is_packed = own.packed;
  define_enum(spec, *enumeration);
  // The constants keep the types that their values give them, as clang has it.
  if (own.mode != nullptr) enumeration->underlying = machine_mode(*own.mode, enumeration->type)->plain;
  return enumeration->type;
}

// GNU C: the constants have type int while they all fit; when one does not, all have the type of the enum, which is the
// smallest of unsigned int, int, unsigned long, long that holds them (packed: from char on).
void Analyzer::define_enum(ast::EnumSpec &spec, types::Enum &enumeration) {
  std::vector<types::EnumConstant> constants;
  std::vector<Symbol *> symbols;
  int64_t next = 0;
  bool next_is_unsigned = false;  // [next] is above INT64_MAX
  bool has_negative = false, has_large_unsigned = false;
  int64_t low = 0, high = 0;
  for (ast::Enumerator *e : spec.enumerators) {
    Attributes ignored;
    read_attributes(e->attributes, ignored);
    int64_t v = next;
    bool is_unsigned = next_is_unsigned;
    if (e->value != nullptr) {
      if (const std::optional<int64_t> given = integer_constant(e->value, "the value of an enumerator")) {
        v = *given;
        is_unsigned = v < 0 && !types::is_signed(e->value->type);
      }
    }
    if (is_unsigned)
      has_large_unsigned = true;
    else if (v < 0)
      has_negative = true;
    if (!is_unsigned) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
    const std::string_view name = e->name;
    constants.push_back({name, v});
    Symbol *symbol = new_symbol(SymbolKind::Enumerator, name, types_.int_type(), e->range);
    symbol->value = v;
    if (is_unsigned)
      symbol->type = types_.basic(Kind::ULong);
    else if (v != static_cast<int32_t>(v))
      symbol->type =
          v == static_cast<int64_t>(static_cast<uint32_t>(v)) ? types_.basic(Kind::UInt) : types_.basic(Kind::Long);
    if (const Symbol *previous = lookup_here(name); previous != nullptr) {
      report<diag::Redefinition>(e->range, name).note(previous->range, "`{}` was defined here", name);
    } else {
      bind(symbol);  // at once: the next value may use it
    }
    symbols.push_back(symbol);
    next = static_cast<int64_t>(static_cast<uint64_t>(v) + 1);
    next_is_unsigned = is_unsigned || v == INT64_MAX;
  }
  enumeration.constants = arena_.copy(constants);
  if (!enumeration.has_fixed_type) {
    const auto fits = [&](int bits) {
      if (has_large_unsigned) return bits == 64;
      if (has_negative) return low >= INT64_MIN >> (64 - bits) && (bits == 64 || high < (int64_t{1} << (bits - 1)));
      return bits == 64 || high < (int64_t{1} << bits);
    };
    const int least = enumeration.is_packed ? 8 : 32;
    int bits = least;
    while (bits < 64 && !fits(bits)) bits *= 2;
    const Kind kind = bits == 8    ? (has_negative ? Kind::SChar : Kind::UChar)
                      : bits == 16 ? (has_negative ? Kind::Short : Kind::UShort)
                      : bits == 32 ? (has_negative ? Kind::Int : Kind::UInt)
                                   : (has_negative ? Kind::Long : Kind::ULong);
    enumeration.underlying = types_.basic(kind);
  }
  enumeration.is_complete = true;
  const bool all_int = !has_large_unsigned && low >= INT32_MIN && high <= INT32_MAX;
  for (Symbol *symbol : symbols)
    symbol->type = enumeration.has_fixed_type ? enumeration.type : all_int ? types_.int_type() : enumeration.underlying;
}

}  // namespace spile::sema
