#include "runtime/vm/shared_object.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace spile::vm {
namespace {

// What differs between machines.
struct Target {
  uint16_t machine;
  uint32_t absolute, relative;  // relocations
  uint64_t page;
};
constexpr Target target_of(ElfMachine machine) {
  switch (machine) {
    case ElfMachine::X86_64:
      return {EM_X86_64, R_X86_64_64, R_X86_64_RELATIVE, 4096};
    case ElfMachine::AArch64:
      return {EM_AARCH64, R_AARCH64_ABS64, R_AARCH64_RELATIVE, 65536};
  }
  return {};
}

uint64_t round_up(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

// Names, one behind the other.
class Strings {
 public:
  uint32_t add(const std::string &text) {
    const auto at = static_cast<uint32_t>(bytes.size());
    bytes += text;
    bytes += '\0';
    return at;
  }
  std::string bytes = std::string(1, '\0');
};

}  // namespace

uint64_t SharedObject::page_of(ElfMachine machine) { return target_of(machine).page; }

size_t SharedObject::add_segment(std::vector<std::byte> bytes, Access access, std::string section) {
  segments_.push_back({std::move(bytes), access, std::move(section)});
  return segments_.size() - 1;
}

void SharedObject::define(const std::string &name, size_t segment, uint64_t offset, uint64_t size, bool is_function) {
  symbols_.push_back({name, segment, offset, size, is_function});
}

void SharedObject::refer(size_t segment, uint64_t offset, const std::string &symbol, int64_t addend) {
  auto found = std::ranges::find(symbols_, symbol, &Symbol::name);
  if (found == symbols_.end()) found = symbols_.insert(found, {symbol, kNowhere, 0, 0, false});
  references_.push_back({segment, offset, static_cast<size_t>(found - symbols_.begin()), 0, addend});
}

void SharedObject::refer_to_segment(size_t segment, uint64_t offset, size_t target, uint64_t target_offset) {
  references_.push_back({segment, offset, kNowhere, target, static_cast<int64_t>(target_offset)});
}

// Offsets in the file are addresses: pages of the file are mapped as they lie.
//
//   ELF header, program headers, .dynsym, .dynstr, .hash, .rela.dyn │ each segment │ .dynamic │ section headers
class SharedObjectWriter {
 public:
  explicit SharedObjectWriter(const SharedObject &from) : from_(from), target_(target_of(from.machine_)) {}

  std::vector<std::byte> run() {
    const size_t loads = from_.segments_.size() + 2;
    const size_t headers = sizeof(Elf64_Ehdr) + (loads + 3) * sizeof(Elf64_Phdr);
    pad(headers);
    place_segments_behind(headers + size_of_tables());
    add_section(".dynsym", SHT_DYNSYM, SHF_ALLOC, bytes_.size(), symbols(), 8, sizeof(Elf64_Sym), 2, 1);
    add_section(".dynstr", SHT_STRTAB, SHF_ALLOC, bytes_.size(), text(names_.bytes), 1);
    add_section(".hash", SHT_HASH, SHF_ALLOC, round_up(bytes_.size(), 8), hash(), 8, 4, 1);
    add_section(".rela.dyn", SHT_RELA, SHF_ALLOC, round_up(bytes_.size(), 8), relocations(), 8, sizeof(Elf64_Rela), 1);
    add_header(PT_LOAD, PF_R, 0, bytes_.size(), target_.page);
    for (size_t i = 0; i < from_.segments_.size(); i++) add_segment(from_.segments_[i], places_[i]);
    add_dynamic();
    add_header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 16);
    finish();
    return std::move(bytes_);
  }

 private:
  using Access = SharedObject::Access;

  void pad(uint64_t to) { bytes_.resize(to); }
  template <class T>
  static void append(std::vector<std::byte> &to, const T &value) {
    const auto *const first = reinterpret_cast<const std::byte *>(&value);
    to.insert(to.end(), first, first + sizeof(value));
  }
  static std::vector<std::byte> text(const std::string &from) {
    const auto *const first = reinterpret_cast<const std::byte *>(from.data());
    return {first, first + from.size()};
  }

  // Of the tables before the segments, at the most.
  uint64_t size_of_tables() const {
    uint64_t size = 64 + (from_.symbols_.size() + 1) * (sizeof(Elf64_Sym) + 2 * sizeof(uint32_t)) +
                    from_.references_.size() * sizeof(Elf64_Rela) + from_.name_.size();
    for (const SharedObject::Symbol &symbol : from_.symbols_) size += symbol.name.size() + 1;
    return size;
  }
  void place_segments_behind(uint64_t at) {
    for (const SharedObject::Segment &segment : from_.segments_) {
      places_.push_back(round_up(at, target_.page));
      at = places_.back() + segment.bytes.size();
    }
    dynamic_ = round_up(at, target_.page);
  }

  std::vector<std::byte> symbols() {
    std::vector<std::byte> table;
    append(table, Elf64_Sym{});
    for (const SharedObject::Symbol &symbol : from_.symbols_) {
      const bool is_here = symbol.segment != SharedObject::kNowhere;
      const unsigned char type = !is_here ? STT_NOTYPE : symbol.is_function ? STT_FUNC : STT_OBJECT;
      // Sections of segments come behind the five tables.
      const auto section = static_cast<Elf64_Section>(is_here ? 5 + symbol.segment : SHN_UNDEF);
      append(table, Elf64_Sym{names_.add(symbol.name), static_cast<unsigned char>(ELF64_ST_INFO(STB_GLOBAL, type)), 0,
                              section, is_here ? places_[symbol.segment] + symbol.offset : 0, symbol.size});
    }
    soname_ = names_.add(from_.name_);
    return table;
  }
  // One chain through all symbols: there are few.
  std::vector<std::byte> hash() const {
    std::vector<std::byte> table;
    const auto count = static_cast<uint32_t>(from_.symbols_.size() + 1);
    for (const uint32_t word : {uint32_t{1}, count, count > 1 ? 1u : 0u, 0u}) append(table, word);
    for (uint32_t i = 1; i < count; i++) append(table, i + 1 < count ? i + 1 : 0);
    return table;
  }
  std::vector<std::byte> relocations() const {
    std::vector<std::byte> table;
    for (const SharedObject::Reference &reference : from_.references_) {
      const uint64_t place = places_[reference.segment] + reference.offset;
      if (reference.symbol == SharedObject::kNowhere)
        append(table, Elf64_Rela{place, ELF64_R_INFO(0, target_.relative),
                                 static_cast<int64_t>(places_[reference.target]) + reference.addend});
      else
        append(table, Elf64_Rela{place, ELF64_R_INFO(reference.symbol + 1, target_.absolute), reference.addend});
    }
    return table;
  }

  void add_section(const char *name, uint32_t type, uint64_t flags, uint64_t at, const std::vector<std::byte> &contents,
                   uint64_t alignment, uint64_t entry = 0, uint32_t link = 0, uint32_t info = 0) {
    pad(at);
    bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    sections_.push_back({section_names_.add(name), type, flags, at, at, contents.size(), link, info, alignment, entry});
  }
  void add_header(uint32_t type, uint32_t flags, uint64_t at, uint64_t size, uint64_t alignment) {
    program_headers_.push_back({type, flags, at, at, at, size, size, alignment});
  }
  void add_segment(const SharedObject::Segment &segment, uint64_t at) {
    const bool executes = segment.access == Access::Execute, relocates = segment.access == Access::Relocated;
    const bool writes = segment.access == Access::Write || relocates;
    add_section(segment.section.c_str(), SHT_PROGBITS,
                SHF_ALLOC | (executes ? SHF_EXECINSTR : 0u) | (writes ? SHF_WRITE : 0u), at, segment.bytes, 16);
    // Whole pages: what is not one, is not protected. The file has them, as .dynamic begins behind them.
    const uint64_t size = relocates ? round_up(segment.bytes.size(), target_.page) : segment.bytes.size();
    add_header(PT_LOAD, PF_R | (executes ? PF_X : 0u) | (writes ? PF_W : 0u), at, size, target_.page);
    if (relocates) add_header(PT_GNU_RELRO, PF_R, at, size, 1);
  }
  void add_dynamic() {
    const auto section = [this](size_t index) { return sections_[index].sh_addr; };
    std::vector<std::byte> table;
    const auto add = [&](int64_t tag, uint64_t value) { append(table, Elf64_Dyn{tag, {value}}); };
    add(DT_SONAME, soname_);
    add(DT_SYMTAB, section(0));
    add(DT_SYMENT, sizeof(Elf64_Sym));
    add(DT_STRTAB, section(1));
    add(DT_STRSZ, names_.bytes.size());
    add(DT_HASH, section(2));
    add(DT_RELA, section(3));
    add(DT_RELASZ, from_.references_.size() * sizeof(Elf64_Rela));
    add(DT_RELAENT, sizeof(Elf64_Rela));
    add(DT_NULL, 0);
    add_section(".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, dynamic_, table, 8, sizeof(Elf64_Dyn), 2);
    add_header(PT_LOAD, PF_R | PF_W, dynamic_, table.size(), target_.page);
    add_header(PT_DYNAMIC, PF_R | PF_W, dynamic_, table.size(), 8);
  }

  void finish() {
    const std::string shstrtab = ".shstrtab";
    Strings &names = section_names_;
    const uint32_t own = names.add(shstrtab);
    const uint64_t at = bytes_.size();
    sections_.push_back({own, SHT_STRTAB, 0, 0, at, names.bytes.size(), 0, 0, 1, 0});
    const std::vector<std::byte> contents = text(names.bytes);
    bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    pad(round_up(bytes_.size(), 8));
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = target_.machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof(header);
    header.e_shoff = bytes_.size();
    header.e_ehsize = sizeof(header);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<uint16_t>(program_headers_.size());
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<uint16_t>(sections_.size() + 1);
    header.e_shstrndx = static_cast<uint16_t>(sections_.size());
    append(bytes_, Elf64_Shdr{});
    for (const Elf64_Shdr &section : sections_) append(bytes_, section);
    std::memcpy(bytes_.data(), &header, sizeof(header));
    std::memcpy(bytes_.data() + sizeof(header), program_headers_.data(), program_headers_.size() * sizeof(Elf64_Phdr));
  }

  const SharedObject &from_;
  Target target_;
  std::vector<std::byte> bytes_;
  std::vector<uint64_t> places_;  // by segment
  uint64_t dynamic_ = 0;
  uint32_t soname_ = 0;
  Strings names_, section_names_;
  std::vector<Elf64_Shdr> sections_;
  std::vector<Elf64_Phdr> program_headers_;
};

std::vector<std::byte> SharedObject::write() const { return SharedObjectWriter(*this).run(); }

}  // namespace spile::vm
