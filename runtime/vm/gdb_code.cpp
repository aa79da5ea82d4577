#include "runtime/vm/gdb_code.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "runtime/vm/bytes.h"

// The interface (GDB's manual, "JIT Compilation Interface"): these names, and a breakpoint of the debugger's in the
// function.
extern "C" {
struct jit_code_entry {
  jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version, action_flag;
  jit_code_entry *relevant_entry, *first_entry;
};
[[gnu::used, gnu::retain, gnu::visibility("default")]] jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
[[gnu::used, gnu::retain, gnu::noinline, gnu::visibility("default")]] void __jit_debug_register_code() {
  __asm__ volatile("" ::: "memory");
}
}

namespace spile::vm {
namespace {

enum : uint8_t {  // of DWARF 4
  kCompileUnit = 0x11,
  kSubprogram = 0x2e,
  kName = 0x03,
  kStatements = 0x10,
  kLowPc = 0x11,
  kHighPc = 0x12,
  kFormAddress = 0x01,
  kFormData8 = 0x07,
  kFormString = 0x08,
  kFormSectionOffset = 0x17,
};
enum : uint8_t { kCopy = 1, kAdvancePc = 2, kAdvanceLine = 3, kSetFile = 4 };  // of its line programs
enum : uint8_t { kEndSequence = 1, kSetAddress = 2 };

class Dwarf : public Bytes {
 public:
  using Bytes::add;
  void add(std::initializer_list<uint8_t> values) {
    for (const uint8_t value : values) add(value);
  }
  void add_unsigned(uint64_t value) {  // LEB128
    do {
      const auto low = static_cast<uint8_t>(value & 0x7f);
      value >>= 7;
      add(static_cast<uint8_t>(low | (value != 0 ? 0x80 : 0)));
    } while (value != 0);
  }
  void add_signed(int64_t value) {
    bool more = true;
    while (more) {
      const auto low = static_cast<uint8_t>(value & 0x7f);
      value >>= 7;
      more = !((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0));
      add(static_cast<uint8_t>(low | (more ? 0x80 : 0)));
    }
  }
  // Four bytes that will say how many come behind them.
  size_t begin_length() {
    add(uint32_t{0});
    return all.size();
  }
  void end_length(size_t begin) {
    const auto length = static_cast<uint32_t>(all.size() - begin);
    std::memcpy(&all[begin - sizeof(length)], &length, sizeof(length));
  }
};

// Rows of .debug_line, a sequence for each function.
Dwarf line_table(std::span<const ListedFunction> functions) {
  std::vector<std::string_view> files;
  const auto number_of = [&](std::string_view file) {
    const auto found = std::ranges::find(files, file);
    if (found != files.end()) return static_cast<uint64_t>(found - files.begin()) + 1;
    files.push_back(file);
    return static_cast<uint64_t>(files.size());
  };
  Dwarf program;
  for (const ListedFunction &function : functions) {
    if (function.lines.empty()) continue;
    uint64_t address = function.address, file = 1;
    int64_t line = 1;
    program.add({0, 1 + sizeof(address), kSetAddress});
    program.add(address);
    for (const ListedLine &row : function.lines) {
      program.add(uint8_t{kAdvancePc});
      program.add_unsigned(row.address - address);
      address = row.address;
      if (const uint64_t other = number_of(row.line->file); other != file) {
        program.add(uint8_t{kSetFile});
        program.add_unsigned(file = other);
      }
      program.add(uint8_t{kAdvanceLine});
      program.add_signed(row.line->line - line);
      line = row.line->line;
      program.add(uint8_t{kCopy});
    }
    program.add(uint8_t{kAdvancePc});
    program.add_unsigned(function.address + function.size - address);
    program.add({0, 1, kEndSequence});
  }
  Dwarf table;
  const size_t whole = table.begin_length();
  table.add(uint16_t{4});  // version
  const size_t header = table.begin_length();
  // Instructions of one byte, one operation each, rows are statements; special opcodes (from 13 on) are not used.
  table.add({1, 1, 1, static_cast<uint8_t>(-5), 14, 13});
  table.add({0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1});  // operands of the standard ones
  table.add(uint8_t{0});                            // no directories
  for (const std::string_view file : files) {
    table.add_name(file);
    table.add({0, 0, 0});
  }
  table.add(uint8_t{0});
  table.end_length(header);
  table.add_bytes(program.all.data(), program.all.size());
  table.end_length(whole);
  return table;
}

Dwarf abbreviations() {
  Dwarf bytes;
  bytes.add({1, kCompileUnit, 1, kName, kFormString, kStatements, kFormSectionOffset, kLowPc, kFormAddress, kHighPc,
             kFormData8, 0, 0});
  bytes.add({2, kSubprogram, 0, kName, kFormString, kLowPc, kFormAddress, kHighPc, kFormData8, 0, 0, 0});
  return bytes;
}

Dwarf units(const std::string &name, std::span<const ListedFunction> functions, uint64_t first, uint64_t size) {
  Dwarf info;
  const size_t whole = info.begin_length();
  info.add(uint16_t{4});  // version
  info.add(uint32_t{0});  // of .debug_abbrev
  info.add(uint8_t{8});   // bytes of an address
  info.add(uint8_t{1});
  info.add_name(name);
  info.add(uint32_t{0});  // of .debug_line
  info.add(first);
  info.add(size);
  for (const ListedFunction &function : functions) {
    info.add(uint8_t{2});
    info.add_name(function.name);
    info.add(function.address);
    info.add(function.size);
  }
  info.add(uint8_t{0});
  info.end_length(whole);
  return info;
}

jit_code_entry *entry_of(void *entry) { return static_cast<jit_code_entry *>(entry); }

std::mutex list_mutex;

void tell(uint32_t action, jit_code_entry *entry) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = 0;
  __jit_debug_descriptor.relevant_entry = nullptr;
}

}  // namespace

std::vector<std::byte> debug_object(const std::string &name, std::span<const ListedFunction> functions) {
  uint64_t first = UINT64_MAX, end = 0;
  for (const ListedFunction &function : functions) {
    first = std::min(first, function.address);
    end = std::max(end, function.address + function.size);
  }
  constexpr Elf64_Section kText = 1;
  Bytes symbols, strings;
  strings.add('\0');
  symbols.add(Elf64_Sym{});
  for (const ListedFunction &function : functions) {
    symbols.add(Elf64_Sym{static_cast<uint32_t>(strings.all.size()), ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, kText,
                          function.address - first, function.size});
    strings.add_name(function.name);
  }

  Bytes file, names;
  std::vector<Elf64_Shdr> sections(1);
  names.add('\0');
  file.add(Elf64_Ehdr{});
  const auto add = [&](const char *section, uint32_t type, const Bytes &bytes) -> Elf64_Shdr & {
    file.all.resize((file.all.size() + 7) / 8 * 8);
    Elf64_Shdr header{};
    header.sh_name = static_cast<uint32_t>(names.all.size());
    header.sh_type = type;
    header.sh_offset = file.all.size();
    header.sh_size = bytes.all.size();
    header.sh_addralign = 8;
    names.add_name(section);
    file.add_bytes(bytes.all.data(), bytes.all.size());
    return sections.emplace_back(header);
  };
  sections.reserve(8);  // which stay where they are
  Elf64_Shdr &text = add(".text", SHT_NOBITS, {});
  text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  text.sh_addr = first;
  text.sh_size = end - first;
  Elf64_Shdr &table = add(".symtab", SHT_SYMTAB, symbols);
  table.sh_link = 3;
  table.sh_info = 1;
  table.sh_entsize = sizeof(Elf64_Sym);
  add(".strtab", SHT_STRTAB, strings);
  add(".debug_info", SHT_PROGBITS, units(name, functions, first, end - first));
  add(".debug_abbrev", SHT_PROGBITS, abbreviations());
  add(".debug_line", SHT_PROGBITS, line_table(functions));
  names.add_name(".shstrtab");
  const auto own = static_cast<uint32_t>(names.all.size() - sizeof(".shstrtab"));
  Bytes section_names;
  section_names.all = names.all;
  add("", SHT_STRTAB, section_names).sh_name = own;

  file.all.resize((file.all.size() + 7) / 8 * 8);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = kElfMachine;
  header.e_version = EV_CURRENT;
  header.e_shoff = file.all.size();
  header.e_ehsize = sizeof(header);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<uint16_t>(sections.size());
  header.e_shstrndx = static_cast<uint16_t>(sections.size() - 1);
  std::memcpy(file.all.data(), &header, sizeof(header));
  for (const Elf64_Shdr &section : sections) file.add(section);
  return std::move(file.all);
}

GdbCode::GdbCode(const std::string &name, std::span<const ListedFunction> functions)
    : object_(debug_object(name, functions)), entry_(new jit_code_entry{}) {
  const std::lock_guard lock(list_mutex);
  jit_code_entry &entry = *entry_of(entry_);
  entry.symfile_addr = reinterpret_cast<const char *>(object_.data());
  entry.symfile_size = object_.size();
  entry.next_entry = __jit_debug_descriptor.first_entry;
  if (entry.next_entry != nullptr) entry.next_entry->prev_entry = &entry;
  __jit_debug_descriptor.first_entry = &entry;
  tell(1, &entry);
}

GdbCode::~GdbCode() {
  const std::lock_guard lock(list_mutex);
  jit_code_entry *const entry = entry_of(entry_);
  (entry->prev_entry != nullptr ? entry->prev_entry->next_entry : __jit_debug_descriptor.first_entry) =
      entry->next_entry;
  if (entry->next_entry != nullptr) entry->next_entry->prev_entry = entry->prev_entry;
  tell(2, entry);
  delete entry;
}

}  // namespace spile::vm
