// Checks for people who write probes: whether a helper exists in this kind of program, whether its arguments fit the
// map's declared key and value, what a program may return, and whose licence lets it call what.
//
// They are warnings: the verifier has the last word, but here the source and its names are at hand.
#include <algorithm>
#include <array>

#include "frontend/sema/analyzer.h"
#include "frontend/sema/constant.h"
#include "lang-spec/tables/tables.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

using ast::CastKind;
using ast::UnaryOp;
using ast::without_casts;

namespace {

// The map whose address [e] is; null for others.
const Symbol *map_of(const Expr *e) {
  e = without_casts(e);
  if (e->kind != Expr::Unary || e->op.unary != UnaryOp::AddressOf) return nullptr;
  const Expr *object = e->a;
  if (object->kind != Expr::Identifier || object->symbol == nullptr) return nullptr;
  return object->symbol->attributes.section == ".maps" && types::is_record(object->symbol->type) ? object->symbol
                                                                                                 : nullptr;
}

// What `__type(key, T)` or `__uint(key_size, N)` of a map's declaration says: the type, null when only the size is
// known; the size, 0 when neither stands there.
struct Declared {
  const Type *type = nullptr;
  uint64_t size = 0;
};
Declared declared(const Symbol &map, std::string_view what) {
  const types::Record &record = *map.type->plain->record;
  if (const auto found = types::find_field(record, what);
      found.field != nullptr && types::is_pointer(found.field->type)) {
    const Type *t = types::base_of(found.field->type);
    return types::is_complete(t) ? Declared{t, types::size_of(t)} : Declared{};
  }
  const std::string size_name = std::string(what) + "_size";
  if (const auto found = types::find_field(record, size_name); found.field != nullptr &&
                                                               types::is_pointer(found.field->type) &&
                                                               types::is_array(types::base_of(found.field->type)))
    return {nullptr, types::base_of(found.field->type)->plain->length};
  return {};
}

// The object whose address is passed, when that is plain to see: &x, &x.member, an array.
const Expr *object_passed(const Expr *e) {
  e = e->kind == Expr::ImplicitCast && e->cast == CastKind::PointerToPointer ? e->a : e;
  if (e->kind == Expr::ImplicitCast && e->cast == CastKind::ArrayToPointer) return e->a;
  if (e->kind == Expr::Unary && e->op.unary == UnaryOp::AddressOf && e->a->kind != Expr::Index) return e->a;
  return nullptr;
}

// Bytes of a record that belong to no member; the names of the members around the first.
struct Hole {
  uint64_t offset = 0, size = 0;
};
Hole first_hole(const Type *t) {
  if (!types::is_record(t) || t->plain->record->is_union) return {};
  const types::Record &record = *t->plain->record;
  constexpr uint64_t kLargestKey = 512;
  if (record.size > kLargestKey) return {};
  uint64_t covered = 0;
  for (const types::Field &field : record.fields) {
    if (field.offset() > covered) return {covered, field.offset() - covered};
    if (const Hole inner = first_hole(field.type); inner.size != 0) return {field.offset() + inner.offset, inner.size};
    const uint64_t end = field.is_bitfield
                             ? (field.bit_position + field.bit_width + 7) / 8
                             : field.offset() + (types::is_complete(field.type) ? types::size_of(field.type) : 0);
    covered = std::max(covered, end);
  }
  return record.size > covered && !record.fields.empty() ? Hole{covered, record.size - covered} : Hole{};
}

}  // namespace

// The helper that a call means: `static void *(*bpf_map_lookup_elem)(...) = (void *)1`.
const tables::Helper *Analyzer::helper_of(const Symbol *callee) {
  if (callee == nullptr || callee->kind != SymbolKind::Variable || callee->initializer == nullptr ||
      callee->initializer->entries.size() != 1 || !types::is_function_pointer(callee->type))
    return nullptr;
  const auto number = evaluate_static(callee->initializer->entries[0].value);
  if (!number || !number->is_integer() || number->offset <= 0 || number->offset > UINT32_MAX) return nullptr;
  return tables::find_helper(static_cast<uint32_t>(number->offset));
}

void Analyzer::check_helper_call(const Expr *e, const Symbol &callee, const tables::Helper &helper) {
  if (dead_ != 0 || unevaluated_ != 0 || function_ == nullptr) return;
  const std::string_view section = function_->attributes.section;
  if (const tables::ProgramType *program = section.empty() ? nullptr : tables::find_program_type(section);
      program != nullptr && !tables::is_available(helper, program->number)) {
    // Where the user wrote the call: a helper behind a macro of libbpf is called by them all the same.
    auto message = report<diag::HelperNotAvailable>(diags_.sources().expansion(e->a->range), callee.name, section);
    message.note(function_->attributes.section_range, "`{}` is such a program", function_->name);
    // The nearest that does the same where it is missing.
    if (callee.name == "bpf_probe_read")
      message.hint("`bpf_probe_read_kernel` or `bpf_probe_read_user` say what they read");
    else if (callee.name == "bpf_skb_load_bytes")
      message.hint("read the packet between `data` and `data_end`");
    else
      message.hint("`spile tables helpers` lists the programs that can call it");
  }
  if ((helper.flags & tables::kGplOnly) != 0 && gpl_callee_ == nullptr) gpl_call_ = e->a->range, gpl_callee_ = &callee;
  check_format(e, helper);
  const Symbol *map = e->args.empty() ? nullptr : map_of(e->args[0]);
  if (map == nullptr) {
    if (!e->args.empty() && helper.args[0].kind == tables::ArgKind::ConstMapPtr) check_is_map(e->args[0]);
    return;
  }
  for (size_t i = 1; i < e->args.size() && i < helper.args.size(); i++) {
    if (helper.args[i].kind == tables::ArgKind::MapKey) check_map_argument(e->args[i], *map, "key");
    if (helper.args[i].kind == tables::ArgKind::MapValue) check_map_argument(e->args[i], *map, "value");
  }
}

// The address of a variable that no loader takes for a map.
void Analyzer::check_is_map(const Expr *arg) {
  const Expr *address = without_casts(arg);
  if (address->kind != Expr::Unary || address->op.unary != UnaryOp::AddressOf) return;
  const Expr *object = address->a;
  if (object->kind != Expr::Identifier || object->symbol == nullptr) return;
  const Symbol &symbol = *object->symbol;
  const std::string_view section = symbol.attributes.section;
  if (symbol.kind != SymbolKind::Variable || !symbol.is_defined || section == ".maps" || section == "maps") return;
  report<diag::NotAMap>(arg->range, symbol.name)
      .note(symbol.range, "`{}` is declared here", symbol.name)
      .hint("`SEC(\".maps\")` behind the declaration makes a map of it");
}

void Analyzer::check_map_argument(const Expr *arg, const Symbol &map, std::string_view what) {
  const Declared wanted = declared(map, what);
  const Expr *object = object_passed(arg);
  if (object == nullptr || wanted.size == 0 || !types::is_complete(object->type)) return;
  const Type *have = object->type;
  const uint64_t size = types::size_of(have);
  // A whole record may be passed for the member at its head; less than what is read never fits.
  const bool both_scalar = types::is_scalar(have) && wanted.type != nullptr && types::is_scalar(wanted.type);
  const std::string name = wanted.type != nullptr ? fmt::format("`{}`", types::to_string(wanted.type)) : "object";
  if (size < wanted.size || (both_scalar && size > wanted.size)) {
    auto message =
        what == "key"
            ? report<diag::MapKeySize>(arg->range, types::to_string(have), size, map.name, name, wanted.size)
            : report<diag::MapValueSize>(arg->range, types::to_string(have), size, map.name, name, wanted.size);
    message.note(map.range, "`{}` is declared here", map.name);
    if (types::is_pointer(have) && types::is_complete(types::base_of(have)) &&
        types::size_of(types::base_of(have)) == wanted.size && object->kind == Expr::Identifier)
      message.hint("`{}` is a pointer already: leave out the `&`", object->text);
    else if (wanted.type != nullptr && types::is_scalar(have))
      message.hint("declare it as {}", name);
    return;
  }
  // Padding that nobody has written is garbage of the stack: two equal keys differ.
  if (what != "key" || object->kind != Expr::Identifier || object->symbol == nullptr) return;
  const Symbol &key = *object->symbol;
  const Hole hole = first_hole(have);
  if (hole.size == 0 || key.kind != SymbolKind::Variable || key.is_static_storage || key.initializer != nullptr ||
      key.is_filled)
    return;
  report<diag::MapKeyPadding>(arg->range, key.name, hole.size, hole.offset)
      .note(have->plain->record->range, "`{}` is defined here", types::to_string(have->plain))
      .hint("initialize it: `{} = {{}};` clears the padding too, as does `__builtin_memset`",
            types::to_string(types_.unqualified(have), key.name))
      .fixit({key.range.end, key.range.end}, " = {}");
}

// A constant that programs of this type may not return.
void Analyzer::check_return_range(const Expr *e) {
  if (!e->is_constant || dead_ != 0 || function_->attributes.section.empty()) return;
  const tables::ProgramType *program = tables::find_program_type(function_->attributes.section);
  if (program == nullptr || program->returns.any) return;
  const int64_t value = static_cast<int32_t>(e->value);
  if (value >= program->returns.low && value <= program->returns.high) return;
  report<diag::ReturnOutOfRange>(e->range, value, function_->attributes.section, program->returns.low,
                                 program->returns.high)
      .note(function_->attributes.section_range, "`{}` is such a program", function_->name)
      .hint("return a number from {} to {}", program->returns.low, program->returns.high);
}

// Helpers that only programs under the GPL may call: the licence is what stands in section `license`.
void Analyzer::check_license() {
  if (gpl_callee_ == nullptr) return;
  bool has_program = false;
  for (const Symbol *s : unit_.symbols) {
    has_program |= s->kind == SymbolKind::Function && !s->attributes.section.empty() && s->is_defined;
    if (s->kind != SymbolKind::Variable || s->attributes.section != "license") continue;
    if (s->initializer == nullptr || s->initializer->entries.empty()) return;
    const Expr *text = s->initializer->entries[0].value;
    if (text->kind != Expr::StringLit || tables::is_gpl_compatible(text->bytes.substr(0, text->bytes.find('\0'))))
      return;
    report<diag::GplHelperWithoutLicense>(diags_.sources().expansion(gpl_call_), gpl_callee_->name,
                                          fmt::format("the licence is \"{}\"", text->bytes))
        .note(s->range, "the licence is given here")
        .hint("`\"Dual MIT/GPL\"` and `\"Dual BSD/GPL\"` count too");
    return;
  }
  if (has_program)
    report<diag::GplHelperWithoutLicense>(diags_.sources().expansion(gpl_call_), gpl_callee_->name,
                                          "no licence is given")
        .hint("add `char LICENSE[] SEC(\"license\") = \"GPL\";`");
}

}  // namespace spile::sema
