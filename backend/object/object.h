// Object: the waist of Spile. What a compiled eBPF file holds, in memory.
//
// The front end ends in one; the verifier, the engines, the loader and the dumper begin with one. An object read from
// an ELF file that clang made has the same shape as ours. Layout follows libbpf's conventions: a section per SEC(),
// `.text` for subprograms, `.maps` (BTF-defined) or `maps` (legacy) for maps, `.data*`, `.rodata*`, `.bss*` for
// globals, `license`, `version`.
//
//   emit ──► Object ──► write_elf          read_elf ──► Object ──► link ──► Program ──► verifier, engines, kernel
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/isa/insn.h"
#include "backend/object/btf.h"
#include "support/ids.h"
#include "support/result.h"

namespace spile::object {

using SectionId = Id<struct SectionTag>;
using SymbolId = Id<struct SymbolTag>;

// ELF relocation types of EM_BPF.
enum class RelocType : uint8_t { None = 0, Abs64_64 = 1 /* lddw */, Abs64 = 2, Abs32 = 3, NoDyld32 = 4, Call32 = 10 };

struct Reloc {
  uint64_t offset = 0;  // bytes into the section
  RelocType type = RelocType::Abs64_64;
  SymbolId symbol;  // the addend is in the relocated field (SHT_REL)
};

enum class SectionKind : uint8_t {
  Program,     // instructions: SEC("...") programs, or .text with subprograms
  UserSide,    // instructions that Spile runs itself: begin, end, interval/... Not SHF_EXECINSTR, so libbpf skips them
  Data,        // .data*: writable, initialised
  Rodata,      // .rodata*, .rodata.str*: read-only once loaded
  Bss,         // .bss*: writable, zero
  Maps,        // .maps: BTF-defined
  LegacyMaps,  // maps: an array of struct bpf_map_def
  License,
  Version,
  StructOps,  // .struct_ops, .struct_ops.link: tables of functions that the kernel calls
  Arena,      // .addr_space.1: globals that lie in the arena map
  Other,      // kept as bytes, not interpreted (.ksyms and .kconfig exist in BTF only)
};

struct Section {
  std::string name;
  SectionKind kind = SectionKind::Other;
  uint64_t size = 0;  // bytes; equals bytes.size() but for Bss
  uint32_t align = 8;
  std::vector<std::byte> bytes;  // contents; instructions for Program and UserSide
  std::vector<Reloc> relocs;     // ordered by offset
};

enum class SymbolKind : uint8_t { None, Object, Function, Section };
enum class Binding : uint8_t { Local, Global, Weak };
enum class Visibility : uint8_t { Default, Internal, Hidden, Protected };

struct Symbol {
  std::string name;
  SymbolKind kind = SymbolKind::None;
  Binding binding = Binding::Global;
  Visibility visibility = Visibility::Default;
  SectionId section;   // none: undefined (extern)
  uint64_t value = 0;  // bytes into the section
  uint64_t size = 0;
};

// .BTF.ext, per code section, offsets in bytes into the section.
struct LineInfo {
  uint32_t offset = 0;
  uint32_t line = 0, column = 0;
  std::string file;  // as in BTF's strings
  std::string text;  // the source line; may be empty
};
struct FuncInfo {
  uint32_t offset = 0;
  BtfId type;  // a BTF_KIND_FUNC
};
struct CoreReloc {
  uint32_t offset = 0;
  BtfId type;
  std::string access;  // "0:1:2"
  uint32_t kind = 0;   // enum bpf_core_relo_kind
};
struct CodeInfo {  // one for each code section that has any
  SectionId section;
  std::vector<LineInfo> lines;  // ordered by offset
  std::vector<FuncInfo> funcs;
  std::vector<CoreReloc> core;
};

// A map, whether it came from `.maps`, `maps`, or a global data section (`<obj>.rodata` and so on).
struct Map {
  std::string name;
  uint32_t type = 0;  // enum bpf_map_type
  uint32_t key_size = 0, value_size = 0, max_entries = 0;
  uint32_t map_flags = 0, numa_node = 0;
  uint64_t map_extra = 0;
  uint32_t pinning = 0;             // LIBBPF_PIN_NONE or LIBBPF_PIN_BY_NAME
  BtfId key_type, value_type;       // none when unknown
  SectionId section;                // where it is declared; its data section for a global-data map
  uint64_t section_offset = 0;      // of its variable, for .maps and maps
  bool is_global_data = false;      // an array of one element holding a data section
  bool is_readonly = false;         // .rodata*: frozen before programs run
  bool has_initial_values = false;  // `values`: a map of maps or of programs
  struct InitialValue {
    uint32_t index = 0;
    SymbolId symbol;  // a map's, or a program's
  };
  std::vector<InitialValue> initial_values;  // what `.values = { [0] = &inner }` puts in; ordered by index
  std::vector<Map> inner;                    // of a map of maps: what `values` says its elements are like; one, or none
};

// A function with a SEC(): an entry point.
struct ProgramEntry {
  std::string name;     // function name
  std::string section;  // as written in SEC()
  SectionId section_id;
  uint64_t offset = 0, size = 0;  // bytes in the section
  SymbolId symbol;
};

struct Object {
  std::string path;  // where it was read from, or the source it was compiled from; for messages
  std::vector<Section> sections;
  std::vector<Symbol> symbols;
  std::vector<CodeInfo> code_info;
  Btf btf;  // empty when the object has none
  // The kernel's types whose numbers are in its instructions (relocate_core()); null: those of [btf].
  const Btf *relocated_to = nullptr;
  std::string license;  // contents of `license`, without its NUL
  uint32_t kern_version = 0;

  // Derived by finish(): the emitter and the ELF reader call it last.
  std::vector<Map> maps;
  std::optional<Error> map_fault;  // of a definition that is wrong: then [maps] is empty
  std::vector<ProgramEntry> programs;

  const Section &operator[](SectionId id) const { return sections[id.index]; }
  const Symbol &operator[](SymbolId id) const { return symbols[id.index]; }
  SectionId find_section(std::string_view name) const;
  SymbolId find_symbol(std::string_view name) const;
  const CodeInfo *info_of(SectionId section) const;
  const ProgramEntry *find_program(std::string_view name) const;
};

// ".data" and ".data.mine", but not ".database".
bool is_named(std::string_view section, std::string_view base);
// Fills [maps], [programs], [license], [kern_version] and section kinds from sections, symbols and BTF.
// A map definition that is wrong goes into [map_fault] (it names the map and the member).
Result<void> finish(Object &object);

// Reads an EM_BPF relocatable ELF file of either compiler. Checks every offset, size and index in it: a truncated or
// hostile file gives an Error, never a crash.
Result<Object> read_elf(std::span<const std::byte> bytes, std::string path);
Result<Object> read_elf_file(const std::string &path);
// The ELF image, as clang would lay it out: sections, .rel*, .symtab, .strtab, .BTF, .BTF.ext.
Result<std::vector<std::byte>> write_elf(const Object &object);
// Through a temporary file and rename(2): a failed build leaves no half-written object.
Result<void> write_elf_file(const Object &object, const std::string &path);

// ---- Linked programs

// A program ready to be verified or run: its instructions, then those of every subprogram it can reach, calls and
// callbacks resolved to relative offsets (src kPseudoCall, kPseudoFunc), maps to indices into Object::maps (src
// kPseudoMapIdx; kPseudoMapIdxValue with the offset in the second immediate). This is what libbpf hands to the
// kernel, with indices in place of fds.
struct Program {
  std::string name;
  std::string section;
  std::string license;
  std::vector<isa::Insn> insns;
  struct Subprogram {
    std::string name;
    uint32_t start = 0;  // instruction index
    BtfId func;          // BTF_KIND_FUNC, none when unknown
    Binding binding = Binding::Local;
  };
  std::vector<Subprogram> subprograms;  // [0] is the entry; ordered by start
  struct Line {
    uint32_t insn = 0;
    uint32_t line = 0, column = 0;
    std::string file, text;
  };
  std::vector<Line> lines;  // ordered by insn; may be empty
  struct Poison {           // an instruction whose CO-RE relocation found nothing (core_relocate.h)
    uint32_t insn = 0;
    std::string what;  // `struct task_struct.state`
  };
  std::vector<Poison> poisons;     // ordered by insn
  const Object *object = nullptr;  // maps and BTF; outlives the program

  // The line of an instruction: the last entry at or before it in the same subprogram. Null when there is none.
  const Line *line_of(uint32_t insn) const;
  // The subprogram that holds an instruction.
  const Subprogram &subprogram_of(uint32_t insn) const;
};

// Links one entry of [object]. Fails on an unresolved symbol, a relocation of an unknown kind, a call out of bounds.
//
// What only a kernel has (extern __ksym) stays a reference by name: a call of a kernel function has src
// kPseudoKfuncCall and the id of its BTF_KIND_FUNC in Object::btf, the address of a kernel variable kPseudoBtfId and
// that of its BTF_KIND_VAR. A weak one counts as absent: its address is 0.
Result<Program> link(const Object &object, const ProgramEntry &entry);

}  // namespace spile::object
