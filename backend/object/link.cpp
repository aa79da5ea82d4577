// link: one entry of an object → a Program whose every call, map and global is resolved.
//
// The entry is copied first; each function that it reaches by a call or a callback is appended once, in the order of
// first use, as libbpf does (bpf_object__reloc_code). Then the instruction that refers to it gets a relative offset.

#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "backend/object/core_relocate.h"
#include "backend/object/object.h"
#include "lang-spec/tables/kfuncs.h"

namespace spile::object {

namespace {

using isa::Insn;

// BPF_COMPLEXITY_LIMIT_INSNS: the kernel takes no longer program.
constexpr size_t kMaxLinkedInsns = 1'000'000;
// libbpf's poison for a call of a weak kernel function that is not there; the verifier rejects it where it is reached.
constexpr int32_t kUnresolvedCall = 2002000000;

// callx (0x8d) calls through a register: nothing in it is relocated.
bool is_direct_call(const Insn &insn) { return insn.opcode == isa::opcode(isa::JMP, isa::CALL, isa::K); }

class Linker {
 public:
  Linker(const Object &object, const ProgramEntry &entry) : object_(object), entry_(entry) {
    for (size_t i = 0; i < object.symbols.size(); i++) {
      const Symbol &symbol = object.symbols[i];
      if (symbol.kind == SymbolKind::Function && symbol.section)
        functions_.try_emplace({symbol.section.index, symbol.value}, SymbolId(i));
    }
  }

  Result<Program> run() {
    program_.name = entry_.name;
    program_.section = entry_.section;
    program_.license = object_.license;
    program_.object = &object_;
    Result<uint32_t> start = place(entry_.symbol);
    if (!start) return std::unexpected(start.error());
    // The list grows as functions refer to others.
    size_t resolved = 0;
    for (const bool callbacks_placed : {false, true}) {
      if (callbacks_placed)
        if (Result<void> done = place_exception_callback(); !done) return std::unexpected(done.error());
      for (; resolved < placed_.size(); resolved++)
        if (Result<void> done = resolve(placed_[resolved]); !done) return std::unexpected(done.error());
    }
    return std::move(program_);
  }

 private:
  // What bpf_throw() ends in is named by a tag of the program, and called by none of its instructions.
  Result<void> place_exception_callback() {
    constexpr std::string_view kPrefix = "exception_callback:";
    const BtfId entry = program_.subprograms.front().func;
    for (uint32_t i = 1; entry && i < object_.btf.type_count(); i++) {
      const BtfType tag = object_.btf.type({i});
      if (tag.kind != BtfKind::DeclTag || tag.type != entry || !tag.name.starts_with(kPrefix)) continue;
      const SymbolId function = object_.find_symbol(tag.name.substr(kPrefix.size()));
      if (!function || object_[function].kind != SymbolKind::Function || !object_[function].section)
        return fail("`{}` names `{}` as its exception callback, and there is no such function", entry_.name,
                    tag.name.substr(kPrefix.size()));
      if (Result<uint32_t> start = place(function); !start) return std::unexpected(start.error());
    }
    return {};
  }

  struct Placed {
    SectionId section;
    uint64_t begin = 0, end = 0;  // bytes in the section
    uint32_t start = 0;           // instruction in the program
  };

  template <class... Args>
  std::unexpected<Error> fail(fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("{}: {}", object_.path, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  std::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args &&...args) const {
    return unsupported_error("{}: {}", object_.path, fmt::format(format, std::forward<Args>(args)...));
  }

  // Where the function begins in the program; it is copied there when it is not there yet.
  Result<uint32_t> place(SymbolId id) {
    const Symbol &symbol = object_[id];
    if (const auto found = starts_.find(id); found != starts_.end()) return found->second;
    const Section &section = object_[symbol.section];
    if (section.kind != SectionKind::Program && section.kind != SectionKind::UserSide)
      return fail("function `{}` is in section `{}`, which holds no instructions", symbol.name, section.name);
    const size_t count = symbol.size / sizeof(Insn);
    if (program_.insns.size() + count > kMaxLinkedInsns)
      return fail("program `{}` and the functions it calls have more than {} instructions", entry_.name,
                  kMaxLinkedInsns);
    const auto start = static_cast<uint32_t>(program_.insns.size());
    starts_.emplace(id, start);
    program_.insns.resize(start + count);
    std::memcpy(program_.insns.data() + start, section.bytes.data() + symbol.value, count * sizeof(Insn));
    placed_.push_back({symbol.section, symbol.value, symbol.value + symbol.size, start});
    if (Result<void> added = add_information(placed_.back(), symbol); !added) return std::unexpected(added.error());
    return start;
  }

  // Name, type and lines of a function that was placed.
  Result<void> add_information(const Placed &at, const Symbol &symbol) {
    // libbpf treats a hidden global function as static: it is verified with its callers.
    const bool is_hidden = symbol.visibility == Visibility::Hidden || symbol.visibility == Visibility::Internal;
    Program::Subprogram subprogram{symbol.name, at.start, {}, is_hidden ? Binding::Local : symbol.binding};
    auto inside = [&](uint32_t offset) { return offset >= at.begin && offset < at.end; };
    auto insn_at = [&](uint32_t offset) {
      return at.start + static_cast<uint32_t>((offset - at.begin) / sizeof(Insn));
    };
    if (const CodeInfo *info = object_.info_of(at.section)) {
      // CO-RE relocations are no matter of linking: what relocate_core() has not changed keeps the numbers of its own
      // types. What it found nothing for is remembered by name, for the verifier to say it.
      for (const CoreReloc &core : info->core)
        if (inside(core.offset)) add_poison(core, insn_at(core.offset));
      std::ranges::stable_sort(program_.poisons, {}, &Program::Poison::insn);
      for (const FuncInfo &func : info->funcs)
        if (func.offset == at.begin) subprogram.func = func.type;
      const auto first = std::ranges::lower_bound(info->lines, at.begin, {}, &LineInfo::offset);
      for (auto line = first; line != info->lines.end() && inside(line->offset); ++line)
        program_.lines.push_back({insn_at(line->offset), line->line, line->column, line->file, line->text});
    }
    program_.subprograms.push_back(std::move(subprogram));
    return {};
  }

  void add_poison(const CoreReloc &core, uint32_t insn) {
    const Insn &code = program_.insns[insn];
    const auto kind = tables::core_kind(core.kind);
    if (!is_direct_call(code) || code.imm != kCorePoison || !kind) return;
    const Result<CoreSpec> spec = parse_core_spec(object_.btf, core.type, core.access, *kind);
    program_.poisons.push_back({insn, spec ? print_core_spec(object_.btf, *spec, *kind) : core.access});
  }

  Result<void> resolve(const Placed at) {  // by value: the list moves when it grows
    const std::vector<Reloc> &relocs = object_[at.section].relocs;
    auto reloc = std::ranges::lower_bound(relocs, at.begin, {}, &Reloc::offset);
    for (uint64_t offset = at.begin; offset < at.end;) {
      const uint32_t insn = at.start + static_cast<uint32_t>((offset - at.begin) / sizeof(Insn));
      const bool is_wide = program_.insns[insn].is_lddw();
      const uint64_t next = offset + (is_wide ? 2 : 1) * sizeof(Insn);
      if (next > at.end) return fail("`{}`: the 64-bit load at byte {:#x} is cut off", section_name(at), offset);
      Result<void> done;
      if (reloc != relocs.end() && reloc->offset < next) {
        if (reloc->offset != offset)
          return fail("`{}`: the relocation at byte {:#x} is not at the beginning of an instruction", section_name(at),
                      reloc->offset);
        done = apply(*reloc, at, insn);
        ++reloc;
      } else {
        done = resolve_local(at, offset, insn);
      }
      if (!done) return done;
      offset = next;
    }
    return {};
  }

  std::string_view section_name(const Placed &at) const { return object_[at.section].name; }

  // Calls and callbacks within one section need no relocation, but the functions move when they are linked.
  Result<void> resolve_local(const Placed &at, uint64_t offset, uint32_t insn) {
    const Insn &code = program_.insns[insn];
    const bool is_call = is_direct_call(code) && code.src == isa::kPseudoCall;
    const bool is_callback = code.is_lddw() && code.src == isa::kPseudoFunc;
    if (code.is_lddw() && (code.src == isa::kPseudoMapFd || code.src == isa::kPseudoMapValue ||
                           code.src == isa::kPseudoMapIdx || code.src == isa::kPseudoMapIdxValue))
      return fail("`{}`: the instruction at byte {:#x} refers to a map, but has no relocation that says which",
                  section_name(at), offset);
    if (!is_call && !is_callback) return {};
    const int64_t target = static_cast<int64_t>(offset) + (int64_t{code.imm} + 1) * int64_t{sizeof(Insn)};
    return refer(at, offset, insn, at.section, target);
  }

  // Makes [insn] refer to the function at byte [target] of [section], relative to the instruction behind it.
  Result<void> refer(const Placed &at, uint64_t offset, uint32_t insn, SectionId section, int64_t target) {
    const auto found = target < 0 ? functions_.end() : functions_.find({section.index, static_cast<uint64_t>(target)});
    if (found == functions_.end())
      return fail("`{}`: the instruction at byte {:#x} calls byte {:#x} of `{}`, where no function begins",
                  section_name(at), offset, target, object_[section].name);
    Result<uint32_t> start = place(found->second);
    if (!start) return std::unexpected(start.error());
    program_.insns[insn].imm = static_cast<int32_t>(*start) - static_cast<int32_t>(insn) - 1;
    return {};
  }

  Result<void> apply(const Reloc &reloc, const Placed &at, uint32_t insn) {
    const Symbol &symbol = object_[reloc.symbol];
    const Insn &code = program_.insns[insn];
    if (reloc.type == RelocType::None) return resolve_local(at, reloc.offset, insn);
    if (reloc.type == RelocType::Call32 && is_direct_call(code)) return apply_call(reloc, symbol, at, insn);
    if (reloc.type == RelocType::Abs64_64 && code.is_lddw()) return apply_load(reloc, symbol, at, insn);
    return fail("`{}`: the relocation at byte {:#x} (type {}, to `{}`) does not fit its instruction", section_name(at),
                reloc.offset, static_cast<int>(reloc.type), symbol.name);
  }

  Result<void> apply_call(const Reloc &reloc, const Symbol &symbol, const Placed &at, uint32_t insn) {
    Insn &code = program_.insns[insn];
    if (!symbol.section) {
      const BtfId function = in_datasec(".ksyms", symbol.name);
      if (symbol.binding != Binding::Weak || (function && tables::find_kfunc(symbol.name) != nullptr)) {
        if (!function) return unresolved(symbol, at);
        code.src = isa::kPseudoKfuncCall;
        code.imm = static_cast<int32_t>(function.value);
        return {};
      }
      code.src = isa::kHelperCall;
      code.imm = kUnresolvedCall;
      return {};
    }
    // The field holds the distance in instructions, less one, from the symbol (or from its section's beginning).
    const int64_t target = static_cast<int64_t>(symbol.value) + (int64_t{code.imm} + 1) * int64_t{sizeof(Insn)};
    code.src = isa::kPseudoCall;
    return refer(at, reloc.offset, insn, symbol.section, target);
  }

  Result<void> apply_load(const Reloc &reloc, const Symbol &symbol, const Placed &at, uint32_t insn) {
    if (!symbol.section) return apply_extern(symbol, at, insn);
    Insn &low = program_.insns[insn], &high = program_.insns[insn + 1];
    const int64_t addend =
        static_cast<int64_t>(uint64_t{static_cast<uint32_t>(high.imm)} << 32 | static_cast<uint32_t>(low.imm));
    int64_t target = 0;
    const Section &section = object_[symbol.section];
    if (__builtin_add_overflow(static_cast<int64_t>(symbol.value), addend, &target) || target < 0 ||
        static_cast<uint64_t>(target) >= section.size)
      return fail("`{}`: the address at byte {:#x}, `{}` plus {}, is outside section `{}`", section_name(at),
                  reloc.offset, symbol.name, addend, section.name);
    switch (section.kind) {
      case SectionKind::Program:
      case SectionKind::UserSide:
        low.src = isa::kPseudoFunc;
        high.imm = 0;
        return refer(at, reloc.offset, insn, symbol.section, target);
      case SectionKind::Maps:
      case SectionKind::LegacyMaps:
        return load_map(symbol, static_cast<uint64_t>(target), at, insn);
      case SectionKind::Data:
      case SectionKind::Rodata:
      case SectionKind::Bss:
        return load_global(symbol.section, static_cast<uint64_t>(target), insn);
      case SectionKind::Arena:
        return load_arena(symbol, static_cast<uint64_t>(target), at, insn);
      case SectionKind::License:
      case SectionKind::Version:
      case SectionKind::StructOps:
      case SectionKind::Other:
        return fail("`{}` takes the address of `{}` in section `{}`, which holds no map, global or function",
                    section_name(at), symbol.name, section.name);
    }
    return {};
  }

  Result<void> apply_extern(const Symbol &symbol, const Placed &at, uint32_t insn) {
    const BtfId variable = in_datasec(".ksyms", symbol.name);
    if (symbol.binding != Binding::Weak && variable) {
      program_.insns[insn].src = isa::kPseudoBtfId;
      program_.insns[insn].imm = static_cast<int32_t>(variable.value);
      program_.insns[insn + 1].imm = 0;
      return {};
    }
    // A weak option would read as 0, but from memory; only an address can be 0 here.
    if (symbol.binding != Binding::Weak || in_datasec(".kconfig", symbol.name)) return unresolved(symbol, at);
    program_.insns[insn].src = 0;  // a weak symbol that is not there has address 0
    program_.insns[insn].imm = 0;
    program_.insns[insn + 1].imm = 0;
    return {};
  }

  // Only BTF says who is to provide an undefined symbol.
  std::unexpected<Error> unresolved(const Symbol &symbol, const Placed &at) const {
    if (in_datasec(".kconfig", symbol.name))
      return fail("`{}` reads the kernel option `{}` (extern __kconfig), whose value is not known", section_name(at),
                  symbol.name);
    auto error = fail("`{}` uses `{}`, which is not defined in this object", section_name(at), symbol.name);
    error.error().hint =
        "if another file defines it, link them: `spile build a.bpf.c b.bpf.c -o both.o`; if the kernel does, mark it "
        "__ksym";
    return error;
  }
  // The variable or function of that name in a DATASEC; none when it is not there.
  BtfId in_datasec(std::string_view section, std::string_view name) const {
    for (const BtfVarSecInfo &part : object_.btf.variables(object_.btf.find(section, BtfKind::DataSec)))
      if (object_.btf.type(part.var).name == name) return part.var;
    return {};
  }

  Result<void> load_map(const Symbol &symbol, uint64_t offset, const Placed &at, uint32_t insn) {
    const auto map = std::ranges::find_if(object_.maps, [&](const Map &m) {
      return m.section == symbol.section && m.section_offset == offset && !m.is_global_data;
    });
    if (map == object_.maps.end())
      return fail("`{}` refers to byte {:#x} of `{}`, where no map begins", section_name(at), offset,
                  object_[symbol.section].name);
    set_map(insn, isa::kPseudoMapIdx, map, 0);
    return {};
  }
  Result<void> load_global(SectionId section, uint64_t offset, uint32_t insn) {
    const auto map =
        std::ranges::find_if(object_.maps, [&](const Map &m) { return m.section == section && m.is_global_data; });
    if (map == object_.maps.end()) return fail("section `{}` has no map of its globals", object_[section].name);
    set_map(insn, isa::kPseudoMapIdxValue, map, static_cast<int32_t>(offset));
    return {};
  }
  // Globals of an arena have the map that the user declares, not one of their section.
  Result<void> load_arena(const Symbol &symbol, uint64_t offset, const Placed &at, uint32_t insn) {
    constexpr uint32_t kArena = 33;  // BPF_MAP_TYPE_ARENA
    const auto map = std::ranges::find(object_.maps, kArena, &Map::type);
    if (map == object_.maps.end())
      return fail("`{}` uses `{}` in the arena, but the object declares no map of type BPF_MAP_TYPE_ARENA",
                  section_name(at), symbol.name);
    set_map(insn, isa::kPseudoMapIdxValue, map, static_cast<int32_t>(offset));
    return {};
  }
  void set_map(uint32_t insn, uint8_t pseudo, std::vector<Map>::const_iterator map, int32_t offset) {
    program_.insns[insn].src = pseudo & 0xf;
    program_.insns[insn].imm = static_cast<int32_t>(map - object_.maps.begin());
    program_.insns[insn + 1].imm = offset;
  }

  const Object &object_;
  const ProgramEntry &entry_;
  Program program_;
  std::map<std::pair<uint32_t, uint64_t>, SymbolId> functions_;  // by section and byte
  std::map<SymbolId, uint32_t> starts_;
  std::vector<Placed> placed_;
};

}  // namespace

Result<Program> link(const Object &object, const ProgramEntry &entry) { return Linker(object, entry).run(); }

}  // namespace spile::object
