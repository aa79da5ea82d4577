#include "backend/emit/emit.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "backend/emit/check_maps.h"
#include "backend/emit/debug_info.h"
#include "backend/emit/function_code.h"
#include "ir/pack.h"
#include "support/check.h"
// IndirectCall: what lowering leaves to the optimizer, and that leaves.
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/sema.def"
#include "support/diag_table.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::codegen {

namespace {

using object::SectionId;
using object::SectionKind;
using object::SymbolId;

SectionKind kind_of_data(std::string_view name) {
  if (name == ".maps") return SectionKind::Maps;
  if (name == "maps") return SectionKind::LegacyMaps;
  if (name == "license") return SectionKind::License;
  if (name == "version") return SectionKind::Version;
  if (object::is_named(name, ".bss")) return SectionKind::Bss;
  if (object::is_named(name, ".rodata")) return SectionKind::Rodata;
  if (object::is_named(name, ".data")) return SectionKind::Data;
  return SectionKind::Other;
}

// What nobody refers to is not written, unless others may: functions that are not static or have a SEC().
bool is_root(const ir::Global &global) {
  if (is_extern(global.linkage)) return false;
  const SectionKind kind = kind_of_data(global.section);
  const bool is_plain = kind == SectionKind::Data || kind == SectionKind::Rodata || kind == SectionKind::Bss;
  return global.linkage != ir::Linkage::Static || !is_plain || global.used;
}

class Emitter {
 public:
  Emitter(ir::Module &module, const CodegenOptions &options, Diagnostics &diags)
      : module_(module), options_(options), diags_(diags) {}

  std::optional<object::Object> run() {
    object_.path = module_.path;
    find_needed();
    if (!generate_code()) return std::nullopt;
    place_functions();
    place_globals();
    make_symbols();
    apply_fixups();
    apply_global_relocs();
    if (options_.debug_info) add_debug_info();
    const auto finished = object::finish(object_);
    const auto told = [](Diagnostics::Builder report, const Error &error) {
      if (!error.hint.empty()) report.hint("{}", error.hint);
    };
    if (!finished) {
      told(diags_.report<diag::BadObjectCode>(Loc{}, finished.error().message), finished.error());
      return std::nullopt;
    }
    if (object_.map_fault) {
      const Error &fault = *object_.map_fault;
      if (!options_.unloadable_maps) {
        told(diags_.report<diag::BadObjectCode>(Loc{}, fault.message), fault);
        return std::nullopt;
      }
      told(diags_.report<diag::UnloadableMap>(Loc{}, fault.message), fault);
    }
    check_maps(object_, &module_, options_, diags_);
    if (diags_.has_errors()) return std::nullopt;
    return std::move(object_);
  }

  regalloc::SpillCount spilled() const { return spilled_; }

 private:
  struct PlacedFunction {
    ir::FunctionId id;
    EncodedFunction code;
    SectionId section;
    uint64_t offset = 0;
    uint64_t size() const { return code.insns.size() * sizeof(isa::Insn); }
  };

  // ---- what is needed

  void need(ir::FunctionId id) {
    if (needs_function_[id.index]) return;
    needs_function_[id.index] = true;
    functions_to_scan_.push_back(id);
  }
  void need(ir::GlobalId id) {
    if (needs_global_[id.index]) return;
    needs_global_[id.index] = true;
    for (const ir::GlobalReloc &reloc : module_[id].relocs)
      reloc.global.valid() ? need(reloc.global) : need(reloc.function);
  }

  void find_needed() {
    needs_function_.assign(module_.functions.size(), false);
    needs_global_.assign(module_.globals.size(), false);
    for (size_t i = 0; i < module_.functions.size(); i++)
      if (!module_.functions[i].is_declaration() && module_.functions[i].is_root()) need(ir::FunctionId(i));
    for (size_t i = 0; i < module_.globals.size(); i++)
      if (is_root(module_.globals[i])) need(ir::GlobalId(i));
    while (!functions_to_scan_.empty()) {
      const ir::Function &fn = module_[functions_to_scan_.back()];
      functions_to_scan_.pop_back();
      ir::for_each_name_use(fn, [&](const ir::NameUse &use) {
        use.name.kind == ir::NamedOutside::Kind::Global ? need(ir::GlobalId(use.name.id))
                                                        : need(ir::FunctionId(use.name.id));
      });
    }
  }

  void report_unknown(const ir::Function &callee) {
    if (callee.stands_for == ir::Placeholder::PointerCall)
      diags_.report<diag::IndirectCall>(callee.loc)
          .hint("BPF calls only functions that are known when it is compiled: call them by name, in a `switch`");
    else
      diags_.report<diag::StrlenOfVariable>(callee.loc)
          .hint("`bpf_probe_read_kernel_str` and its kin return the length of what they copy");
  }

  bool generate_code() {
    bool ok = true;
    for (size_t i = 0; i < module_.functions.size(); i++) {
      const ir::FunctionId id(i);
      if (!needs_function_[i]) continue;
      if (module_[id].stands_for != ir::Placeholder::None) {
        report_unknown(module_[id]);
        ok = false;
      }
      if (!module_[id].call_error.empty()) {
        diags_.report<diag::CallOfForbidden>(module_[id].loc, module_[id].name, module_[id].call_error);
        ok = false;
      }
      if (is_extern(module_[id].linkage)) continue;
      if (module_[id].is_declaration()) {
        diags_.report<diag::CallOfUndefined>(module_[id].loc, module_[id].name)
            .hint("a `static` function is defined in the file that declares it");
        ok = false;
        continue;
      }
      const bool is_packed = !module_[id].packed.empty();
      ir::unpack(module_[id]);
      auto code = generate(module_, id, options_, diags_);
      if (is_packed) ir::forget_body(module_[id]);  // callers ask for no more than whether there is one
      ok &= code.has_value();
      if (code) {
        spilled_.spills += code->spilled.spills;
        spilled_.reloads += code->spilled.reloads;
        functions_.push_back({.id = id, .code = std::move(*code), .section = {}});
      }
      if (diags_.too_many()) return false;
    }
    return ok;
  }

  // ---- sections

  SectionId section(const std::string &name, SectionKind kind) {
    const auto [at, is_new] = section_ids_.try_emplace(name, SectionId(object_.sections.size()));
    if (is_new) object_.sections.push_back({.name = name, .kind = kind, .align = 1, .bytes = {}, .relocs = {}});
    return at->second;
  }

  // .text first, then each SEC() in the order of the source.
  void place_functions() {
    std::stable_partition(functions_.begin(), functions_.end(),
                          [&](const PlacedFunction &f) { return module_[f.id].section.empty(); });
    for (PlacedFunction &placed : functions_) {
      const ir::Function &fn = module_[placed.id];
      const SectionKind kind = fn.is_user_side ? SectionKind::UserSide : SectionKind::Program;
      placed.section = section(fn.section.empty() ? ".text" : fn.section, kind);
      object::Section &s = object_.sections[placed.section.index];
      s.align = sizeof(isa::Insn);
      placed.offset = s.bytes.size();
      const auto bytes = std::as_bytes(std::span(placed.code.insns));
      s.bytes.insert(s.bytes.end(), bytes.begin(), bytes.end());
      s.size = s.bytes.size();
      by_function_[placed.id.index] = &placed;
    }
  }

  void place_globals() {
    for (size_t i = 0; i < module_.globals.size(); i++) {
      const ir::Global &global = module_.globals[i];
      if (!needs_global_[i] || is_extern(global.linkage)) continue;
      const SectionId id = section(global.section, kind_of_data(global.section));
      object::Section &s = object_.sections[id.index];
      const uint32_t align = std::max(global.align, 1u);
      s.align = std::max(s.align, align);
      const uint64_t offset = (s.size + align - 1) / align * align;
      s.size = offset + global.size;
      if (s.kind != SectionKind::Bss) {
        s.bytes.resize(s.size);
        std::copy_n(global.bytes.begin(), std::min<uint64_t>(global.bytes.size(), global.size),
                    s.bytes.begin() + static_cast<ptrdiff_t>(offset));
      }
      by_global_[static_cast<uint32_t>(i)] = globals_.size();
      globals_.push_back({ir::GlobalId(i), id, offset});
    }
  }

  // ---- symbols

  static object::Binding binding(ir::Linkage linkage) {
    switch (linkage) {
      case ir::Linkage::Static:
        return object::Binding::Local;
      case ir::Linkage::Weak:
      case ir::Linkage::WeakHidden:
      case ir::Linkage::ExternalWeak:
        return object::Binding::Weak;
      case ir::Linkage::Global:
      case ir::Linkage::Hidden:
      case ir::Linkage::External:
        return object::Binding::Global;
    }
    SPILE_UNREACHABLE("a linkage that is not in Linkage");
  }

  object::Symbol symbol_of(const PlacedFunction &placed) const {
    const ir::Function &fn = module_[placed.id];
    return {.name = fn.name,
            .kind = object::SymbolKind::Function,
            .binding = binding(fn.linkage),
            .visibility = is_hidden(fn.linkage) ? object::Visibility::Hidden : object::Visibility::Default,
            .section = placed.section,
            .value = placed.offset,
            .size = placed.size()};
  }

  object::Symbol symbol_of(const PlacedGlobal &placed) const {
    const ir::Global &global = module_[placed.global];
    return {.name = global.name,
            .kind = object::SymbolKind::Object,
            .binding = binding(global.linkage),
            .visibility = is_hidden(global.linkage) ? object::Visibility::Hidden : object::Visibility::Default,
            .section = placed.section,
            .value = placed.offset,
            .size = global.size};
  }

  std::vector<ir::FunctionId> needed_extern_functions() const {
    std::vector<ir::FunctionId> ids;
    for (size_t i = 0; i < module_.functions.size(); i++)
      if (needs_function_[i] && is_extern(module_.functions[i].linkage)) ids.emplace_back(i);
    return ids;
  }

  std::vector<ir::GlobalId> needed_extern_globals() const {
    std::vector<ir::GlobalId> ids;
    for (size_t i = 0; i < module_.globals.size(); i++)
      if (needs_global_[i] && is_extern(module_.globals[i].linkage)) ids.emplace_back(i);
    return ids;
  }

  template <class Extern>
  static object::Symbol extern_symbol(const Extern &declared) {
    return {
        .name = declared.name, .kind = object::SymbolKind::None, .binding = binding(declared.linkage), .section = {}};
  }

  SymbolId add(object::Symbol symbol) {
    object_.symbols.push_back(std::move(symbol));
    return SymbolId(object_.symbols.size() - 1);
  }

  // ELF wants local symbols first. References to a static name go to its section, as the assembler of LLVM does it.
  void make_symbols() {
    for (size_t i = 0; i < object_.sections.size(); i++)
      section_symbols_.push_back(add({.name = object_.sections[i].name,
                                      .kind = object::SymbolKind::Section,
                                      .binding = object::Binding::Local,
                                      .section = SectionId(i)}));
    for (const bool local : {true, false}) {
      for (const PlacedFunction &placed : functions_)
        if ((module_[placed.id].linkage == ir::Linkage::Static) == local)
          function_symbols_[placed.id.index] = add(symbol_of(placed));
      for (const PlacedGlobal &placed : globals_) {
        const ir::Global &global = module_[placed.global];
        if ((global.linkage == ir::Linkage::Static) != local) continue;
        if (local && (global.name.empty() || global.name.front() == '.')) continue;  // .str: a private name
        global_symbols_[placed.global.index] = add(symbol_of(placed));
      }
    }
    for (const ir::FunctionId id : needed_extern_functions())
      function_symbols_[id.index] = add(extern_symbol(module_[id]));
    for (const ir::GlobalId id : needed_extern_globals())
      global_symbols_[id.index] = add(extern_symbol(module_.globals[id.index]));
    for (const PlacedFunction &placed : functions_)
      for (const auto &load : placed.code.undefined_loads)
        if (!undefined_symbols_.contains(load.name))
          undefined_symbols_[load.name] = add(
              {.name = load.name, .kind = object::SymbolKind::None, .binding = object::Binding::Global, .section = {}});
  }

  // A symbol, and what to add to it.
  struct Reference {
    SymbolId symbol;
    int64_t addend;
  };
  Reference reference(ir::GlobalId id, int64_t addend) const {
    const ir::Global &global = module_[id];
    if (global.linkage != ir::Linkage::Static) return {global_symbols_.at(id.index), addend};
    const PlacedGlobal &placed = globals_[by_global_.at(id.index)];
    // libbpf finds a map by the symbol itself.
    const SectionKind kind = object_[placed.section].kind;
    if (kind == SectionKind::Maps || kind == SectionKind::LegacyMaps) return {global_symbols_.at(id.index), addend};
    return {section_symbols_[placed.section.index], static_cast<int64_t>(placed.offset) + addend};
  }
  Reference reference(ir::FunctionId id) const {
    if (module_[id].linkage != ir::Linkage::Static) return {function_symbols_.at(id.index), 0};
    const PlacedFunction &placed = *by_function_.at(id.index);
    return {section_symbols_[placed.section.index], static_cast<int64_t>(placed.offset)};
  }

  // ---- relocations

  void apply_fixups() {
    for (const PlacedFunction &placed : functions_) {
      for (const EncodedFunction::Fixup &fixup : placed.code.fixups)
        if (fixup.is_call)
          apply_call(placed, fixup);
        else
          refer(placed, fixup.insn,
                fixup.global.valid() ? reference(fixup.global, fixup.addend) : reference(fixup.function));
      for (const auto &load : placed.code.undefined_loads)
        refer(placed, load.insn, {undefined_symbols_.at(load.name), load.addend});
    }
  }
  void apply_call(const PlacedFunction &placed, const EncodedFunction::Fixup &fixup) {
    constexpr auto kInsnBytes = static_cast<int64_t>(sizeof(isa::Insn));
    const auto callee = by_function_.find(fixup.function.index);
    if (callee != by_function_.end() && callee->second->section == placed.section &&
        module_[fixup.function].linkage == ir::Linkage::Static) {
      // In the same section the distance is known.
      const auto offset = static_cast<int64_t>(placed.offset) + fixup.insn * kInsnBytes;
      set_imm(placed, fixup.insn, (static_cast<int64_t>(callee->second->offset) - offset) / kInsnBytes - 1);
      return;
    }
    Reference to = reference(fixup.function);
    to.addend = to.addend / kInsnBytes - 1;
    refer(placed, fixup.insn, to, object::RelocType::Call32);
  }
  // A relocation whose addend is the immediate.
  void refer(const PlacedFunction &placed, uint32_t insn, Reference to,
             object::RelocType type = object::RelocType::Abs64_64) {
    set_imm(placed, insn, to.addend);
    object_.sections[placed.section.index].relocs.push_back(
        {.offset = placed.offset + insn * sizeof(isa::Insn), .type = type, .symbol = to.symbol});
  }
  void set_imm(const PlacedFunction &placed, uint32_t insn, int64_t value) {
    std::byte *at = &object_.sections[placed.section.index].bytes[placed.offset + insn * sizeof(isa::Insn)];
    isa::Insn changed;
    std::memcpy(&changed, at, sizeof changed);
    changed.imm = static_cast<int32_t>(value);
    std::memcpy(at, &changed, sizeof changed);
  }

  // Addresses in initial values: the field holds the addend.
  void apply_global_relocs() {
    for (const PlacedGlobal &placed : globals_)
      for (const ir::GlobalReloc &from : module_[placed.global].relocs) {
        object::Section &section = object_.sections[placed.section.index];
        Reference to = from.global.valid() ? reference(from.global, from.addend) : reference(from.function);
        // Maps of maps and of programs (.values) are filled in by name.
        if (section.kind == SectionKind::Maps)
          to = {from.global.valid() ? global_symbols_.at(from.global.index) : function_symbols_.at(from.function.index),
                0};
        const uint64_t offset = placed.offset + from.offset;
        SPILE_CHECK(offset + sizeof to.addend <= section.bytes.size(), "an address outside of its variable");
        std::memcpy(section.bytes.data() + offset, &to.addend, sizeof to.addend);
        section.relocs.push_back({.offset = offset, .type = object::RelocType::Abs64, .symbol = to.symbol});
      }
    for (object::Section &section : object_.sections)
      std::stable_sort(section.relocs.begin(), section.relocs.end(),
                       [](const object::Reloc &a, const object::Reloc &b) { return a.offset < b.offset; });
  }

  // ---- debug information

  void add_debug_info() {
    std::vector<ir::FunctionId> ids;
    bool any = false;
    for (const PlacedFunction &placed : functions_) {
      ids.push_back(placed.id);
      any |= !module_[placed.id].debug_type.is_void();
    }
    for (const PlacedGlobal &placed : globals_) any |= !module_[placed.global].debug_type.is_void();
    if (!any) return;
    // What is defined elsewhere comes last.
    std::ranges::copy(needed_extern_functions(), std::back_inserter(ids));
    std::vector<PlacedGlobal> globals = globals_;
    for (const ir::GlobalId id : needed_extern_globals()) globals.push_back({id, {}, 0});
    const WrittenBtf written = write_btf(module_, ids, globals, needed_core_relocs(), object_);
    std::unordered_map<uint32_t, size_t> info_of, lines_of;
    for (const PlacedFunction &placed : functions_) lines_of[placed.section.index] += placed.code.lines.size();
    for (size_t i = 0; i < functions_.size(); i++) {
      PlacedFunction &placed = functions_[i];
      if (!written.functions[i]) continue;
      const auto [at, is_new] = info_of.try_emplace(placed.section.index, object_.code_info.size());
      if (is_new) object_.code_info.push_back({.section = placed.section, .lines = {}, .funcs = {}, .core = {}});
      object::CodeInfo &info = object_.code_info[at->second];
      if (is_new) info.lines.reserve(lines_of[placed.section.index]);
      info.funcs.push_back({static_cast<uint32_t>(placed.offset), written.functions[i]});
      add_lines(placed, info);
      add_core_relocs(placed, written, info);
      // All of it is in the object now, and of a large source it is much.
      placed.code = EncodedFunction();
    }
  }

  std::vector<uint32_t> needed_core_relocs() const {
    std::vector<bool> is_needed(module_.core_relocs.size());
    for (const PlacedFunction &placed : functions_)
      for (const EncodedFunction::Core &core : placed.code.core)
        if (!module_[placed.id].debug_type.is_void()) is_needed[core.reloc] = true;
    std::vector<uint32_t> needed;
    for (uint32_t i = 0; i < is_needed.size(); i++)
      if (is_needed[i]) needed.push_back(i);
    return needed;
  }

  void add_core_relocs(const PlacedFunction &placed, const WrittenBtf &written, object::CodeInfo &info) {
    object::Section &section = object_.sections[placed.section.index];
    for (const EncodedFunction::Core &use : placed.code.core) {
      const ir::CoreReloc &core = module_.core_relocs[use.reloc];
      const object::BtfId type = written.core[use.reloc];
      const auto offset = static_cast<uint32_t>(placed.offset + use.insn * sizeof(isa::Insn));
      info.core.push_back({offset, type, core.access, static_cast<uint32_t>(core.kind)});
      if (core.kind != tables::CoreKind::TypeIdLocal && core.kind != tables::CoreKind::TypeIdTarget) continue;
      // Until it is loaded, the number is that of this object's own BTF, as clang has it.
      isa::Insn insn;
      std::memcpy(&insn, section.bytes.data() + offset, sizeof insn);
      insn.imm = static_cast<int32_t>(type.value);
      std::memcpy(section.bytes.data() + offset, &insn, sizeof insn);
    }
  }

  // One entry where the line changes. The kernel wants one at the first instruction of every function.
  void add_lines(const PlacedFunction &placed, object::CodeInfo &info) const {
    if (module_.sources == nullptr) return;
    bool is_first = true;
    for (const EncodedFunction::Line &line : placed.code.lines) {
      const Loc loc = line.loc.valid() || !is_first ? line.loc : module_[placed.id].loc;
      if (!loc.valid()) continue;
      const Place place = module_.sources->place(loc);
      if (place.line == 0) continue;
      if (!is_first && place.line == info.lines.back().line && place.path == info.lines.back().file) continue;
      // The second half of a 64-bit immediate is no place to point at.
      if (line.insn > 0 && placed.code.insns[line.insn - 1].is_lddw()) continue;
      info.lines.push_back({.offset = static_cast<uint32_t>(placed.offset + line.insn * sizeof(isa::Insn)),
                            .line = place.line,
                            .column = place.column,
                            .file = std::string(place.path),
                            .text = std::string(place.line_text)});
      is_first = false;
    }
  }

  ir::Module &module_;
  const CodegenOptions &options_;
  Diagnostics &diags_;
  object::Object object_;
  std::vector<bool> needs_function_, needs_global_;
  std::vector<ir::FunctionId> functions_to_scan_;
  std::vector<PlacedFunction> functions_;
  regalloc::SpillCount spilled_;
  std::vector<PlacedGlobal> globals_;
  std::unordered_map<std::string, SectionId> section_ids_;
  std::unordered_map<uint32_t, const PlacedFunction *> by_function_;
  std::unordered_map<uint32_t, size_t> by_global_;
  std::vector<SymbolId> section_symbols_;
  std::unordered_map<uint32_t, SymbolId> function_symbols_, global_symbols_;
  std::map<std::string, SymbolId> undefined_symbols_;  // that only assembly names
};

}  // namespace

std::optional<object::Object> emit(ir::Module &module, const CodegenOptions &options, Diagnostics &diags,
                                   regalloc::SpillCount *spilled) {
  Emitter emitter(module, options, diags);
  auto object = emitter.run();
  if (spilled != nullptr) *spilled = emitter.spilled();
  return object;
}

std::string print_mir(ir::Module &module, const CodegenOptions &options, std::string_view after, Diagnostics &diags) {
  std::string text;
  std::ranges::for_each(module.functions, ir::unpack);
  for (size_t i = 0; i < module.functions.size(); i++)
    if (!module.functions[i].is_declaration()) text += machine_text(module, ir::FunctionId(i), options, after, diags);
  return text;
}

}  // namespace spile::codegen
