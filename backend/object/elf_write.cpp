// write_elf: Object → the bytes of an EM_BPF object, laid out as clang lays it out:
//
//   .strtab, then each section with its .rel<name> behind it, .BTF, .BTF.ext, .symtab
//
// .BTF and .BTF.ext get no relocations: their offsets are final already, and libbpf, bpftool and LLVM's tools read
// them as they stand. A section that Spile runs itself is not executable, so that libbpf and bpftool pass it by.

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>

#include "backend/object/btf_ext.h"
#include "backend/object/object.h"
#include "support/check.h"
#include "support/file.h"

namespace spile::object {

namespace {

struct ElfEnd {
  void operator()(Elf *elf) const { elf_end(elf); }
};

// .strtab: names of sections and symbols; the first byte is the empty name.
class Strings {
 public:
  uint32_t offset_of(std::string_view text) {
    if (text.empty()) return 0;
    const auto [found, is_new] = offsets_.try_emplace(std::string(text), bytes_.size());
    if (is_new) bytes_.append(text).push_back('\0');
    return found->second;
  }
  std::string &bytes() { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
  std::unordered_map<std::string, uint32_t> offsets_;
};

uint64_t flags_of(SectionKind kind) {
  switch (kind) {
    case SectionKind::Program:
      return SHF_ALLOC | SHF_EXECINSTR;
    case SectionKind::UserSide:
    case SectionKind::Rodata:
      return SHF_ALLOC;
    case SectionKind::Data:
    case SectionKind::Bss:
    case SectionKind::Maps:
    case SectionKind::LegacyMaps:
    case SectionKind::License:
    case SectionKind::Version:
    case SectionKind::StructOps:
    case SectionKind::Arena:
    case SectionKind::Other:
      return SHF_ALLOC | SHF_WRITE;
  }
  SPILE_UNREACHABLE("every section kind has its flags");
}

unsigned char info_of(const Symbol &symbol) {
  const int binding = symbol.binding == Binding::Local  ? STB_LOCAL
                      : symbol.binding == Binding::Weak ? STB_WEAK
                                                        : STB_GLOBAL;
  const int type = symbol.kind == SymbolKind::Object     ? STT_OBJECT
                   : symbol.kind == SymbolKind::Function ? STT_FUNC
                   : symbol.kind == SymbolKind::Section  ? STT_SECTION
                                                         : STT_NOTYPE;
  return static_cast<unsigned char>(GELF_ST_INFO(binding, type));
}

class Writer {
 public:
  explicit Writer(const Object &object) : object_(object) {}

  Result<std::vector<std::byte>> run() {
    const Fd file(memfd_create("spile object", MFD_CLOEXEC));  // libelf writes to files only
    if (!file.valid()) return os_error(errno, "creating memory for an object");
    elf_version(EV_CURRENT);
    elf_.reset(elf_begin(file.get(), ELF_C_WRITE, nullptr));
    if (elf_ == nullptr) return failed();
    if (gelf_newehdr(elf_.get(), ELFCLASS64) == nullptr) return failed();

    number_symbols();
    add_section(".strtab", SHT_STRTAB, 0, 1);
    for (size_t i = 0; i < object_.sections.size(); i++) add_contents(SectionId(i));
    if (!object_.btf.empty()) add_btf();
    add_symbols();
    add_relocs();
    Elf_Scn *strings = elf_getscn(elf_.get(), kStringTable);
    set_data(strings, strings_.bytes().data(), strings_.bytes().size(), ELF_T_BYTE, 1);

    GElf_Ehdr ehdr{};
    gelf_getehdr(elf_.get(), &ehdr);
    ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
    ehdr.e_machine = EM_BPF;
    ehdr.e_type = ET_REL;
    ehdr.e_version = EV_CURRENT;
    ehdr.e_shstrndx = kStringTable;
    if (gelf_update_ehdr(elf_.get(), &ehdr) == 0) return failed();
    const int64_t size = elf_update(elf_.get(), ELF_C_WRITE);
    if (size < 0) return failed();
    return contents_of(file, static_cast<size_t>(size));
  }

 private:
  static constexpr size_t kStringTable = 1;

  static std::unexpected<Error> failed() {
    return std::unexpected(
        Error{Error::Kind::Environment, fmt::format("writing an object: libelf: {}", elf_errmsg(-1)), {}, 0});
  }

  static Result<std::vector<std::byte>> contents_of(const Fd &file, size_t size) {
    std::vector<std::byte> bytes(size);
    const auto got = read_at(file, 0, bytes, "an object in memory");
    if (!got) return std::unexpected(got.error());
    if (*got != size) return os_error(EIO, "reading back an object");
    return bytes;
  }

  // ELF wants local symbols before the others; symbol 0 is none.
  void number_symbols() {
    symbol_numbers_.resize(object_.symbols.size());
    for (const bool local : {true, false}) {
      for (size_t i = 0; i < object_.symbols.size(); i++) {
        if ((object_.symbols[i].binding == Binding::Local) != local) continue;
        symbol_order_.push_back(i);
        symbol_numbers_[i] = static_cast<uint32_t>(symbol_order_.size());
      }
      if (local) local_count_ = static_cast<uint32_t>(symbol_order_.size());
    }
  }

  Elf_Scn *add_section(std::string_view name, uint32_t type, uint64_t flags, uint64_t align, uint64_t entry_size = 0) {
    Elf_Scn *section = elf_newscn(elf_.get());
    SPILE_CHECK(section != nullptr, "libelf made no section: out of memory");
    GElf_Shdr header{};
    gelf_getshdr(section, &header);
    header.sh_name = strings_.offset_of(name);
    header.sh_type = type;
    header.sh_flags = flags;
    header.sh_addralign = align;
    header.sh_entsize = entry_size;
    gelf_update_shdr(section, &header);
    return section;
  }

  // The bytes stay where they are until elf_update; libelf does not change them.
  static void set_data(Elf_Scn *section, const void *bytes, size_t size, Elf_Type type, size_t align) {
    Elf_Data *data = elf_newdata(section);
    SPILE_CHECK(data != nullptr, "libelf made no section data: out of memory");
    data->d_buf = const_cast<void *>(bytes);
    data->d_size = size;
    data->d_type = type;
    data->d_align = align;
    data->d_version = EV_CURRENT;
  }

  static void link_to(Elf_Scn *section, size_t link, size_t info) {
    GElf_Shdr header{};
    gelf_getshdr(section, &header);
    header.sh_link = static_cast<uint32_t>(link);
    header.sh_info = static_cast<uint32_t>(info);
    gelf_update_shdr(section, &header);
  }

  void add_contents(SectionId id) {
    const Section &section = object_[id];
    const bool has_bytes = section.bytes.size() == section.size;
    SPILE_CHECK(has_bytes || section.bytes.empty(), "a section has all of its bytes or none");
    // Strings that a linker may merge.
    const bool is_strings = section.name == ".rodata.str1.1";
    Elf_Scn *scn = add_section(section.name, has_bytes && section.kind != SectionKind::Bss ? SHT_PROGBITS : SHT_NOBITS,
                               flags_of(section.kind) | (is_strings ? SHF_MERGE | SHF_STRINGS : 0), section.align,
                               is_strings ? 1 : 0);
    set_data(scn, section.bytes.empty() ? nullptr : section.bytes.data(), section.size, ELF_T_BYTE, section.align);
    section_numbers_.push_back(elf_ndxscn(scn));
    reloc_sections_.push_back(section.relocs.empty()
                                  ? nullptr
                                  : add_section(".rel" + section.name, SHT_REL, SHF_INFO_LINK, 8, sizeof(Elf64_Rel)));
  }

  void add_btf() {
    BtfStrings strings(object_.btf.raw());
    btf_ext_ = build_btf_ext(object_, strings);
    btf_ = strings.section();
    set_data(add_section(".BTF", SHT_PROGBITS, 0, 4), btf_.data(), btf_.size(), ELF_T_BYTE, 4);
    if (!btf_ext_.empty())
      set_data(add_section(".BTF.ext", SHT_PROGBITS, 0, 4), btf_ext_.data(), btf_ext_.size(), ELF_T_BYTE, 4);
  }

  void add_symbols() {
    Elf_Scn *scn = add_section(".symtab", SHT_SYMTAB, 0, 8, sizeof(Elf64_Sym));
    symbol_table_ = elf_ndxscn(scn);
    symbols_.resize(1);
    for (const size_t i : symbol_order_) {
      const Symbol &symbol = object_.symbols[i];
      Elf64_Sym raw{};
      raw.st_name = symbol.kind == SymbolKind::Section ? 0 : strings_.offset_of(symbol.name);
      raw.st_info = info_of(symbol);
      raw.st_other = static_cast<unsigned char>(symbol.visibility);
      raw.st_shndx = symbol.section ? static_cast<uint16_t>(section_numbers_[symbol.section.index]) : SHN_UNDEF;
      raw.st_value = symbol.value;
      raw.st_size = symbol.size;
      symbols_.push_back(raw);
    }
    set_data(scn, symbols_.data(), symbols_.size() * sizeof(Elf64_Sym), ELF_T_SYM, 8);
    link_to(scn, kStringTable, local_count_ + 1);
  }

  void add_relocs() {
    relocs_.resize(object_.sections.size());
    for (size_t i = 0; i < object_.sections.size(); i++) {
      if (reloc_sections_[i] == nullptr) continue;
      for (const Reloc &reloc : object_.sections[i].relocs)
        relocs_[i].push_back({reloc.offset, ELF64_R_INFO(uint64_t{symbol_numbers_[reloc.symbol.index]},
                                                         static_cast<uint32_t>(reloc.type))});
      set_data(reloc_sections_[i], relocs_[i].data(), relocs_[i].size() * sizeof(Elf64_Rel), ELF_T_REL, 8);
      link_to(reloc_sections_[i], symbol_table_, section_numbers_[i]);
    }
  }

  const Object &object_;
  // What libelf points at until it has written; declared before elf_, so it lives longer.
  Strings strings_;
  std::vector<std::byte> btf_, btf_ext_;
  std::vector<Elf64_Sym> symbols_;
  std::vector<std::vector<Elf64_Rel>> relocs_;
  std::unique_ptr<Elf, ElfEnd> elf_;

  std::vector<size_t> symbol_order_;      // indices into Object::symbols, locals first
  std::vector<uint32_t> symbol_numbers_;  // by SymbolId: ELF's number
  uint32_t local_count_ = 0;
  std::vector<size_t> section_numbers_;  // by SectionId: ELF's number
  std::vector<Elf_Scn *> reloc_sections_;
  size_t symbol_table_ = 0;
};

}  // namespace

Result<std::vector<std::byte>> write_elf(const Object &object) { return Writer(object).run(); }

Result<void> write_elf_file(const Object &object, const std::string &path) {
  const Result<std::vector<std::byte>> bytes = write_elf(object);
  if (!bytes) return std::unexpected(bytes.error());
  return write_file(path, *bytes, 0666, Content::Made);
}

}  // namespace spile::object
