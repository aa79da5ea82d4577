// Attributes: which mean something to us, which are known to mean nothing here, and which are told to the user.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "frontend/sema/analyzer.h"
#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/syscalls.h"
#include "lang-spec/tables/tables.h"
#include "lang-spec/tables/tracepoints.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::sema {

namespace {

enum class AttributeUse : uint8_t { Applied, Ignored, Rejected };
struct AttributeRow {
  std::string_view name;
  AttributeUse use;
};
constexpr auto kAttributes = std::to_array<AttributeRow>({
#define SPILE_ATTRIBUTE(name, what, in_clang) {name, AttributeUse::what},
#include "lang-spec/tables/attributes.def"
});

// How an attribute is used that read_attributes() has no branch for; nothing when it is none.
std::optional<AttributeUse> attribute_use(std::string_view name) {
  const auto *row = std::ranges::lower_bound(kAttributes, name, {}, &AttributeRow::name);
  if (row == kAttributes.end() || row->name != name) return {};
  return row->use;
}

constexpr uint32_t kLargestAlignment = 4096;

}  // namespace

std::string_view Analyzer::string_argument(const ast::Attribute &attribute, size_t index) {
  if (index >= attribute.args.size() || attribute.args[index]->kind != Expr::StringLit) {
    report<diag::AttributeWantsString>(attribute.range, attribute.name);
    return {};
  }
  Expr *e = attribute.args[index];
  if (e->type == nullptr) string_literal(e);
  return e->bytes;
}

uint32_t Analyzer::alignment_argument(const ast::Attribute &attribute) {
  if (attribute.type_arg != nullptr) {
    const Type *t = type_name(*attribute.type_arg);
    return require_complete(t, attribute.type_arg->range, "alignment") ? types::align_of(t) : 0;
  }
  if (attribute.args.empty()) return 16;  // the largest that the target ever needs, as clang has it
  const std::optional<int64_t> value = integer_constant(attribute.args[0], "alignment");
  if (!value) return 0;
  if (*value == 0) return 0;
  if (*value < 0 || *value > kLargestAlignment || !std::has_single_bit(static_cast<uint64_t>(*value))) {
    report<diag::BadAlignment>(attribute.args[0]->range, *value, kLargestAlignment);
    return 0;
  }
  return static_cast<uint32_t>(*value);
}

// GNU's mode(…): an integer of the same sign in a width that the machine has; an enum becomes the signed one (clang's
// choice). What bpftool writes for an enum of one or eight bytes.
const Type *Analyzer::machine_mode(const ast::Attribute &attribute, const Type *type) {
  if (types::is_error(type)) return type;
  std::string_view mode;
  if (attribute.args.size() == 1 && attribute.args[0]->kind == Expr::Identifier)
    mode = attribute.args[0]->text;
  else if (attribute.type_arg != nullptr)  // `typedef int word __attribute__((mode(word)))`: a type already
    mode = attribute.type_arg->specs->typedef_name;
  if (mode.size() > 4 && mode.starts_with("__") && mode.ends_with("__")) mode = mode.substr(2, mode.size() - 4);
  struct Width {
    std::string_view mode;
    Kind signed_kind, unsigned_kind;
  };
  static constexpr auto kWidths = std::to_array<Width>({{"QI", Kind::SChar, Kind::UChar},
                                                        {"byte", Kind::SChar, Kind::UChar},
                                                        {"HI", Kind::Short, Kind::UShort},
                                                        {"SI", Kind::Int, Kind::UInt},
                                                        {"DI", Kind::Long, Kind::ULong},
                                                        {"word", Kind::Long, Kind::ULong},
                                                        {"pointer", Kind::Long, Kind::ULong},
                                                        {"unwind_word", Kind::Long, Kind::ULong},
                                                        {"TI", Kind::Int128, Kind::UInt128}});
  const auto *row = std::ranges::find(kWidths, mode, &Width::mode);
  if (row == kWidths.end()) {
    report<diag::UnknownMode>(attribute.range, mode);
    return type;
  }
  if (!types::is_integer(type)) {
    report<diag::ModeOfType>(attribute.range, mode, types::to_string(type));
    return type;
  }
  const bool is_unsigned = !types::is_enum(type) && !types::is_signed(type);
  return types_.qualified(types_.basic(is_unsigned ? row->unsigned_kind : row->signed_kind), type->quals);
}

// What attributes that change a type make of it. Done once: the attributes of the specifiers are shared by declarators.
const Type *Analyzer::attributed(const Type *type, Attributes &attributes) {
  if (const auto *mode = std::exchange(attributes.mode, nullptr)) type = machine_mode(*mode, type);
  for (const std::string_view tag : attributes.type_tags) type = types_.tagged(tag, type);
  attributes.type_tags.clear();
  return std::exchange(attributes.arena, false) ? types_.qualified(type, types::kArena) : type;
}

void Analyzer::read_attributes(ast::List<ast::Attribute> list, Attributes &out) {
  for (const ast::Attribute *attribute : list) {
    const std::string_view name = attribute->name;
    SymbolAttributes &symbol = out.symbol;
    if (name == "section") {
      symbol.section = string_argument(*attribute);
      symbol.section_range = attribute->args.empty() ? attribute->range : attribute->args[0]->range;
    } else if (name == "aligned" || name == "_Alignas" || name == "alignas") {
      symbol.align = std::max(symbol.align, alignment_argument(*attribute));
    } else if (name == "packed") {
      out.packed = true;
    } else if (name == "always_inline") {
      symbol.always_inline = true;
    } else if (name == "noinline") {
      symbol.no_inline = true;
    } else if (name == "used" || name == "retain") {
      symbol.used = true;
    } else if (name == "unused" || name == "maybe_unused") {
      symbol.is_unused = true;
    } else if (name == "naked") {
      symbol.is_naked = true;
    } else if (name == "weak") {
      symbol.weak = true;
    } else if (name == "noreturn" || name == "_Noreturn") {
      symbol.is_noreturn = true;
    } else if (name == "visibility") {
      symbol.hidden = string_argument(*attribute) == "hidden";
    } else if (name == "preserve_access_index") {
      out.preserve_access_index = true;
    } else if (name == "btf_decl_tag") {
      if (const std::string_view tag = string_argument(*attribute); !tag.empty()) out.decl_tags.push_back(tag);
    } else if (name == "btf_type_tag") {
      if (const std::string_view tag = string_argument(*attribute); !tag.empty()) out.type_tags.push_back(tag);
    } else if (name == "mode") {
      out.mode = attribute;
    } else if (name == "address_space") {
      const auto space = attribute->args.empty() ? std::nullopt : integer_constant(attribute->args[0], "address space");
      if (space && *space != 0 && *space != 1) report<diag::AddressSpace>(attribute->range, *space);
      out.arena |= space && *space == 1;
    } else if (name == "deprecated") {
      symbol.deprecated = true;
      if (!attribute->args.empty()) symbol.deprecated_text = string_argument(*attribute);
    } else if (name == "error") {
      symbol.call_error = string_argument(*attribute);
    } else if (name == "fallthrough") {
      out.fallthrough = true;
    } else if (name == "cleanup") {
      symbol.cleanup = attribute->args.empty() ? nullptr : attribute->args[0];
    } else if (name == "warn_unused_result" || name == "nodiscard") {
      symbol.must_use_result = true;
    } else if (const std::optional<AttributeUse> use = attribute_use(name); !use) {
      report<diag::UnknownAttribute>(attribute->range, name);
    } else if (*use == AttributeUse::Rejected) {
      report<diag::UnsupportedAttribute>(attribute->range, name);
    }
  }
}

// Whether the section is of a tracepoint that does not exist; [nearest]: one that does. System calls are all known; of
// other events a kernel may have more than are known here, so that only a name like a known one counts as mistyped.
static bool is_no_tracepoint(std::string_view section, std::string &nearest) {
  constexpr std::string_view kCalls = "syscalls/sys_";
  constexpr size_t kMistyped = 3;
  if (section.starts_with('?')) section.remove_prefix(1);
  std::string_view name;
  for (const std::string_view prefix : {"tracepoint/", "tp/"})
    if (section.starts_with(prefix)) name = section.substr(prefix.size());
  if (name.empty() || !tables::tracepoint_record(name).empty()) return false;
  const bool is_call = name.starts_with(kCalls);
  size_t least = is_call ? SIZE_MAX : kMistyped;
  const auto take = [&](std::string_view candidate) {
    const size_t distance = tables::letters_apart(candidate, name, least - 1);
    if (distance >= least) return;
    least = distance;
    nearest = candidate;
  };
  if (is_call) {
    for (const tables::Syscall &call : tables::syscalls())
      for (const std::string_view side : {"enter", "exit"})
        take(std::string(kCalls) + std::string(side) + "_" + std::string(call.tracepoint));
    return least != 0;
  }
  tables::for_each_tracepoint([&](std::string_view known, std::string_view) { take(known); });
  return !nearest.empty();
}

// SEC() decides what the loader does with a thing. On variables custom data sections are allowed. A function's should
// be one of programs.def or plain code; other names are those of programs whose loader gives their type itself.
void Analyzer::check_section(const Symbol &symbol) {
  const std::string_view section = symbol.attributes.section;
  if (section.empty()) {
    if (!symbol.attributes.section_range.valid()) return;
    report<diag::EmptySection>(symbol.attributes.section_range);
    return;
  }
  if (symbol.kind != SymbolKind::Function) {
    if (tables::find_program_type(section) != nullptr && (section.find('/') != std::string_view::npos))
      report<diag::ProgramSectionOnVariable>(symbol.attributes.section_range, section, symbol.name)
          .hint("variables go into `.maps`, `license`, `.data…`, `.rodata…` or `.bss…`");
    return;
  }
  if (!symbol.is_defined) return;  // .ksyms and the like: the linker and the loader find them
  if (section.starts_with(".text") || section == "text") return;
  if (tables::find_program_type(section) != nullptr) {
    if (symbol.linkage == Linkage::Internal)
      report<diag::StaticProgram>(symbol.range, symbol.name)
          .hint("remove `static`: the loader finds programs by their symbols");
    if (std::string nearest; is_no_tracepoint(section, nearest)) {
      report<diag::UnknownTracepoint>(symbol.attributes.section_range, section, symbol.name)
          .hint("did you mean `{}`?", nearest);
      return;
    }
    check_context(symbol);
    return;
  }
  const auto nearest = tables::nearest_sections(section);
  report<diag::UnknownSection>(symbol.attributes.section_range, section, symbol.name)
      .hint("did you mean `{}`, `{}` or `{}`?", nearest[0], nearest[1], nearest[2]);
}

}  // namespace spile::sema
