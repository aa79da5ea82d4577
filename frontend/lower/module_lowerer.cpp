// Globals with their bytes and sections, functions with their headers, and the order in which things are emitted.
#include "frontend/lower/module_lowerer.h"

#include <algorithm>
#include <cstring>

#include "frontend/lower/function_lowerer.h"
#include "frontend/lower/lower.h"
#include "frontend/sema/constant.h"
#include "frontend/sema/sema.h"
#include "ir/pack.h"
#include "lang-spec/tables/tables.h"
#include "support/check.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"

namespace spile::lower {

using sema::Symbol;
using sema::SymbolKind;
using types::Kind;

Lowering::Lowering(const SourceManager &sources, Diagnostics &diags)
    : module_(std::make_unique<ModuleLowerer>(sources, diags)) {}
Lowering::~Lowering() = default;
bool Lowering::early(const Symbol &function) { return module_->lower_early(function); }
ir::Module Lowering::finish(const sema::Unit &unit) { return module_->run(unit); }

ir::Module lower(const sema::Unit &unit, const SourceManager &sources, Diagnostics &diags) {
  return Lowering(sources, diags).finish(unit);
}

ModuleLowerer::ModuleLowerer(const SourceManager &sources, Diagnostics &diags)
    : sources_(sources), diags_(diags), debug_(module_.debug_types) {
  module_.sources = &sources;
}

// Not of a function that calls what it is passed: copies of it may be wanted (FunctionLowerer::known_arguments).
bool ModuleLowerer::lower_early(const Symbol &function) {
  if (std::ranges::any_of(function.parameters, [](const Symbol *p) { return types::is_function_pointer(p->type); }))
    return false;
  Diagnostics faults(sources_);
  faults.is_draft = true;
  LoweredBody body = FunctionLowerer(*this, faults, function, {}).run();
  if (body.is_undecided) return false;
  body.faults = faults.all();
  early_.emplace(&function, std::move(body));
  return true;
}

ir::Module ModuleLowerer::run(const sema::Unit &unit) {
  // Nearly all functions of a large source were lowered early: their list need not double while the symbols are there.
  constexpr size_t kOthers = 64;
  module_.functions.reserve(early_.size() + kOthers);
  for (const Symbol *symbol : unit.symbols) {
    if (!symbol->is_defined) continue;
    const bool is_root = symbol->linkage == sema::Linkage::External || symbol->attributes.used;
    if (!is_root) continue;
    if (symbol->kind == SymbolKind::Function)
      function_of(*symbol);
    else
      global_of(*symbol);
    // What a function mentions is emitted right behind it, as clang does.
    while (!waiting_.empty()) {
      const Waiting next = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      const auto early = next.known.empty() ? early_.extract(next.symbol) : decltype(early_)::node_type();
      LoweredBody body =
          early.empty() ? FunctionLowerer(*this, diags_, *next.symbol, next.known).run() : std::move(early.mapped());
      add_body(next.id, std::move(body));
    }
  }
  report_recursion(module_, diags_);
  return std::move(module_);
}

void ModuleLowerer::add_body(ir::FunctionId id, LoweredBody body) {
  for (Diagnostic &fault : body.faults) diags_.add(std::move(fault));
  for (const auto &[variable, where] : body.assumed)
    if (variable->is_assigned) report_indirect_call(where, diags_);
  std::vector<uint32_t> ids;
  const auto made = [&](const Mention &mention) {
    if (const auto *function = std::get_if<FunctionMention>(&mention))
      return function_of(*function->symbol, function->known).index;
    if (const auto *global = std::get_if<GlobalMention>(&mention)) return global_of(*global->symbol).index;
    if (const auto *literal = std::get_if<StringMention>(&mention)) return string_of(*literal).index;
    if (const auto *call = std::get_if<PlaceholderMention>(&mention)) return placeholder_of(*call).index;
    return core_reloc(std::get<CoreMention>(mention));
  };
  for (const Mention &mention : body.mentions) ids.push_back(made(mention));
  ir::Function &function = module_[id];
  for (ir::NamedOutside &name : body.function.packed.names) name.id = ids[name.id];
  function.packed = std::move(body.function.packed);
  function.assemblies = std::move(body.function.assemblies);
  function.end_loc = body.function.end_loc;
}

ir::FunctionId ModuleLowerer::placeholder_of(const PlaceholderMention &call) {
  ir::Function f;
  f.name = fmt::format("{}.{}", call.stands_for == ir::Placeholder::PointerCall ? "called through a pointer" : "strlen",
                       module_.functions.size());
  f.linkage = ir::Linkage::External;
  f.stands_for = call.stands_for;
  f.result = call.result;
  f.params = call.params;
  f.loc = call.loc;
  module_.functions.push_back(std::move(f));
  return ir::FunctionId(module_.functions.size() - 1);
}

void report_indirect_call(Range at, Diagnostics &diags) {
  diags.report<diag::IndirectCall>(at).hint(
      "BPF calls only functions that are known when it is compiled: call them by name, in a `switch`");
}

ir::Type ModuleLowerer::type_of(const types::Type *type) {
  if (types::is_pointer(type)) return ir::Type::Ptr;
  if (!types::is_integer(type) || types::is_int128(type)) return ir::Type::Void;
  return ir::integer_type(static_cast<unsigned>(types::size_of(type) * 8));
}

ir::Linkage ModuleLowerer::linkage_of(const Symbol &symbol) {
  if (symbol.linkage != sema::Linkage::External) return ir::Linkage::Static;
  if (!symbol.is_defined) return symbol.attributes.weak ? ir::Linkage::ExternalWeak : ir::Linkage::External;
  if (symbol.attributes.weak) return symbol.attributes.hidden ? ir::Linkage::WeakHidden : ir::Linkage::Weak;
  return symbol.attributes.hidden ? ir::Linkage::Hidden : ir::Linkage::Global;
}

ir::Function ModuleLowerer::frame_of(const Symbol &symbol) {
  const types::Type *type = symbol.type->plain;
  ir::Function f;
  f.is_naked = symbol.attributes.is_naked && symbol.is_defined;
  // Records travel by hidden pointers: the result's first.
  if (by_pointer(type->base))
    f.params.push_back(ir::Type::Ptr);
  else
    f.result = type_of(type->base);
  f.result_is_signed = types::is_integer(type->base) && types::is_signed(type->base);
  for (const types::Parameter &p : type->params)
    f.params.push_back(by_pointer(p.type) ? ir::Type::Ptr : type_of(p.type));
  f.loc = symbol.range.begin;
  if (symbol.definition != nullptr) {
    const Loc end = symbol.definition->body->range.end;
    f.end_loc = end.raw > 1 ? Loc{end.raw - 1} : end;  // the closing brace
  }
  return f;
}

ir::FunctionId ModuleLowerer::function_of(const Symbol &symbol, const KnownParameters &known) {
  const ir::FunctionId id(module_.functions.size());
  if (known.empty()) {
    if (const auto [it, is_new] = functions_.emplace(&symbol, id); !is_new) return it->second;
  } else {
    if (const auto [it, is_new] = copies_.emplace(std::pair(&symbol, known), id); !is_new) return it->second;
  }
  const types::Type *type = symbol.type->plain;
  ir::Function f = frame_of(symbol);
  f.name = symbol.asm_label.empty() ? symbol.name : symbol.asm_label;
  if (!known.empty()) f.name += fmt::format(".{}", copies_.size());
  f.section = symbol.attributes.section;
  f.linkage = linkage_of(symbol);
  f.always_inline = symbol.attributes.always_inline;
  f.no_inline = symbol.attributes.no_inline;
  f.used = symbol.attributes.used;
  if (const tables::ProgramType *program = tables::find_program_type(symbol.attributes.section))
    f.is_user_side = (program->flags & tables::kUserSideProgram) != 0;
  f.call_error = symbol.attributes.call_error;
  for (const std::string_view tag : symbol.attributes.decl_tags) f.decl_tags.push_back({std::string(tag)});
  for (size_t i = 0; i < symbol.parameters.size(); i++)
    for (const std::string_view tag : symbol.parameters[i]->attributes.decl_tags)
      f.decl_tags.push_back({std::string(tag), static_cast<int32_t>(i)});
  f.debug_type = debug_.get(symbol.type->kind == Kind::Function ? symbol.type : type);
  if (symbol.is_defined) waiting_.push_back({&symbol, id, known});
  module_.functions.push_back(std::move(f));
  return id;
}

std::string_view ModuleLowerer::data_section(const types::Type *type, const ir::Global &global) const {
  if (types::is_arena(type)) return ".addr_space.1";
  if ((type->quals & types::kConst) != 0) return ".rodata";
  const bool is_zero =
      global.relocs.empty() && std::ranges::all_of(global.bytes, [](std::byte b) { return b == std::byte{0}; });
  return is_zero ? ".bss" : ".data";
}

ir::GlobalId ModuleLowerer::global_of(const Symbol &symbol) {
  if (const auto it = globals_.find(&symbol); it != globals_.end()) return it->second;
  const ir::GlobalId id(module_.globals.size());
  globals_.emplace(&symbol, id);
  module_.globals.emplace_back();  // its place; its initializer may mention other globals, or itself
  ir::Global g;
  g.name = !symbol.asm_label.empty() ? std::string(symbol.asm_label)
           : symbol.is_static_local && symbol.function != nullptr
               ? fmt::format("{}.{}", symbol.function->name, symbol.name)
               : std::string(symbol.name);
  // Two static locals of one name in one function are two variables.
  if (symbol.is_static_local)
    for (int n = 1; std::ranges::any_of(module_.globals, [&](const ir::Global &other) { return other.name == g.name; });
         n++)
      g.name = fmt::format("{}.{}.{}", symbol.function->name, symbol.name, n);
  g.linkage = linkage_of(symbol);
  // A kernel symbol without a type (`extern const void name __ksym`) counts as one byte, as clang has it.
  g.size = types::is_complete(symbol.type) ? types::size_of(symbol.type) : types::is_void(symbol.type) ? 1 : 0;
  if (symbol.initializer != nullptr) g.size = std::max(g.size, symbol.initializer->size);
  g.align = std::max(types::align_of(symbol.type), symbol.attributes.align);
  g.is_const = (symbol.type->quals & types::kConst) != 0 && !types::is_arena(symbol.type);
  g.is_volatile = types::is_shared(symbol.type);
  // A static scalar that nothing ever changes is a constant; what is not left of it takes no place.
  const bool is_scalar = types::is_integer(symbol.type) || types::is_pointer(symbol.type);
  g.is_const |= is_scalar && symbol.linkage != sema::Linkage::External && !symbol.is_assigned && symbol.is_defined &&
                !symbol.attributes.used && symbol.attributes.section.empty();
  g.used = symbol.attributes.used;
  for (const std::string_view tag : symbol.attributes.decl_tags) g.decl_tags.push_back({std::string(tag)});
  g.debug_type = debug_.get(symbol.type);
  g.loc = symbol.range.begin;
  if (symbol.initializer != nullptr && symbol.is_defined) fill(g, *symbol.initializer, 0);
  if (!symbol.attributes.section.empty())
    g.section = symbol.attributes.section;
  else if (symbol.is_defined)
    g.section = data_section(symbol.type, g);
  module_[id] = std::move(g);
  return id;
}

StringMention ModuleLowerer::string_in(const ast::Expr &literal) {
  StringMention mention{literal.type, std::string(literal.bytes), literal.range.begin};
  mention.bytes.append(types::size_of(types::base_of(literal.type)), '\0');
  return mention;
}

ir::GlobalId ModuleLowerer::string_of(const StringMention &literal) {
  const uint64_t unit = types::size_of(types::base_of(literal.type));
  const std::string &bytes = literal.bytes;
  const std::string key = fmt::format("{}:{}", unit, bytes);
  if (const auto it = strings_.find(key); it != strings_.end()) return it->second;
  const ir::GlobalId id(module_.globals.size());
  strings_.emplace(key, id);
  ir::Global g;
  g.name = fmt::format(".str{}{}", strings_.size() == 1 ? "" : ".",
                       strings_.size() == 1 ? "" : std::to_string(strings_.size() - 1));
  // A string with a zero inside cannot be merged by the linker.
  const bool merges = bytes.find('\0') == bytes.size() - unit;
  g.section = merges && unit == 1 ? ".rodata.str1.1" : ".rodata";
  g.size = bytes.size();
  g.align = static_cast<uint32_t>(unit);
  g.bytes.resize(bytes.size());
  std::memcpy(g.bytes.data(), bytes.data(), bytes.size());
  g.is_const = true;
  g.debug_type = debug_.get(literal.type);
  g.loc = literal.loc;
  module_.globals.push_back(std::move(g));
  return id;
}

ir::GlobalId ModuleLowerer::compound_literal_of(const ast::Expr &literal) {
  if (const auto it = literals_.find(&literal); it != literals_.end()) return it->second;
  const ir::GlobalId id(module_.globals.size());
  literals_.emplace(&literal, id);
  module_.globals.emplace_back();
  ir::Global g;
  g.name = fmt::format(".compoundliteral{}", literals_.size() == 1 ? "" : fmt::format(".{}", literals_.size() - 1));
  g.size = literal.initializer->size;
  g.align = types::align_of(literal.type);
  g.is_const = (literal.type->quals & types::kConst) != 0;
  g.debug_type = debug_.get(literal.type);
  g.loc = literal.range.begin;
  fill(g, *literal.initializer, 0);
  g.section = data_section(literal.type, g);
  module_[id] = std::move(g);
  return id;
}

std::optional<std::vector<std::byte>> ModuleLowerer::bytes_of(const ast::Expr &literal) {
  if (literal.initializer == nullptr) return std::nullopt;
  for (const sema::InitEntry &entry : literal.initializer->entries) {
    if (types::is_array(entry.type)) continue;
    const auto value = types::is_record(entry.type) ? std::nullopt : sema::evaluate_static(entry.value);
    if (!value || !value->is_integer()) return std::nullopt;
  }
  ir::Global scratch;
  scratch.size = literal.initializer->size;
  scratch.bytes.resize(scratch.size);
  fill(scratch, *literal.initializer, 0);
  return std::move(scratch.bytes);
}

static void put(std::vector<std::byte> &bytes, uint64_t at, uint64_t size, uint64_t value) {
  for (uint64_t i = 0; i < size && at + i < bytes.size(); i++) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

void ModuleLowerer::fill(ir::Global &global, const sema::Initializer &init, uint64_t offset) {
  if (init.entries.empty()) return;
  global.bytes.resize(global.size);
  for (const sema::InitEntry &entry : init.entries) fill_entry(global, entry, offset);
}

void ModuleLowerer::fill_entry(ir::Global &global, const sema::InitEntry &entry, uint64_t offset) {
  const uint64_t at = offset + entry.offset;
  const uint64_t size = types::size_of(entry.type);
  if (types::is_array(entry.type)) {
    const uint64_t length = std::min<uint64_t>(entry.value->bytes.size(), size);
    for (uint64_t i = 0; i < size && at + i < global.bytes.size(); i++)
      global.bytes[at + i] = i < length ? static_cast<std::byte>(entry.value->bytes[i]) : std::byte{0};
    return;
  }
  // What an earlier entry put here gives way.
  std::erase_if(global.relocs, [&](const ir::GlobalReloc &r) { return r.offset >= at && r.offset < at + size; });
  if (types::is_record(entry.type)) {
    const ast::Expr *e = ast::without_casts(entry.value);
    SPILE_CHECK(e->initializer != nullptr, "sema lets only compound literals initialize static records");
    for (uint64_t i = 0; i < size; i++) put(global.bytes, at + i, 1, 0);
    fill(global, *e->initializer, at);
    return;
  }
  const auto value = sema::evaluate_static(entry.value);
  SPILE_CHECK(value.has_value(), "sema lets only constants initialize static variables");
  // An address takes all of a word.
  if (!value->is_integer() && (size != 8 || entry.bits.bit_width != 0)) {
    diags_.report<diag::AddressNotConstant>(entry.value->range, global.name);
    return;
  }
  if (entry.bits.bit_width != 0) {
    for (uint32_t i = 0; i < entry.bits.bit_width; i++) {
      const uint64_t bit = entry.bits.bit_offset + i;
      const uint64_t byte = at + bit / 8;
      if (byte >= global.bytes.size()) break;
      const auto mask = static_cast<std::byte>(1u << (bit % 8));
      const bool set = ((static_cast<uint64_t>(value->offset) >> i) & 1) != 0;
      global.bytes[byte] = set ? global.bytes[byte] | mask : global.bytes[byte] & ~mask;
    }
    return;
  }
  if (value->is_integer()) {
    put(global.bytes, at, std::min<uint64_t>(size, 8), static_cast<uint64_t>(value->offset));
    if (size > 8)  // a 16-byte integer: the value was folded with the sign of what it came from
      put(global.bytes, at + 8, 8, value->is_negative ? ~uint64_t{0} : 0);
    return;
  }
  ir::GlobalReloc reloc;
  reloc.offset = at;
  reloc.addend = value->offset;
  if (value->object != nullptr)
    reloc.global = value->object->kind == ast::Expr::StringLit ? string_of(string_in(*value->object))
                                                               : compound_literal_of(*value->object);
  else if (value->symbol->kind == SymbolKind::Function)
    reloc.function = function_of(*value->symbol);
  else
    reloc.global = global_of(*value->symbol);
  global.relocs.push_back(reloc);
}

}  // namespace spile::lower
