// read_elf: bytes of any origin → Object.
//
// The header and the section table are checked here before libelf sees them, so that libelf never looks outside the
// file; names, symbols and relocations go through libelf and are checked one by one. What a loader does not load
// (DWARF, .llvm_addrsig, .comment) is left behind.

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "backend/object/btf_ext.h"
#include "backend/object/object.h"

namespace spile::object {

namespace {

// Bounds of what a file may make us do; real objects stay far below.
constexpr size_t kMaxSections = 8192;
constexpr uint64_t kMaxAlign = 4096;
constexpr size_t kMaxObjectFile = size_t{256} << 20;

struct ElfEnd {
  void operator()(Elf *elf) const { elf_end(elf); }
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string path) : bytes_(bytes) { object_.path = std::move(path); }

  Result<Object> run() {
    for (auto step : {&Reader::check_header, &Reader::check_section_table, &Reader::open, &Reader::read_sections,
                      &Reader::read_symbols, &Reader::read_all_relocs, &Reader::read_btf, &Reader::derive})
      if (Result<void> done = (this->*step)(); !done) return std::unexpected(done.error());
    return std::move(object_);
  }

 private:
  template <class... Args>
  std::unexpected<Error> fail(fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("{}: {}", object_.path, fmt::format(format, std::forward<Args>(args)...));
  }
  // BTF's own errors do not know the file.
  std::unexpected<Error> in_file(Error error) const {
    error.message = object_.path + ": " + error.message;
    return std::unexpected(std::move(error));
  }

  Result<void> check_header() {
    if (bytes_.empty()) return fail("the file is empty");
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) return fail("not an ELF file");
    if (bytes_.size() < sizeof header_) return fail("{} bytes are too few for an ELF header", bytes_.size());
    std::memcpy(&header_, bytes_.data(), sizeof header_);
    if (header_.e_ident[EI_CLASS] != ELFCLASS64) return fail("not a 64-bit ELF file");
    if (header_.e_ident[EI_DATA] == ELFDATA2MSB) {
      auto error = unsupported_error("{}: it is big-endian", object_.path);
      error.error().hint = "compile it with `-target bpfel`";
      return error;
    }
    if (header_.e_ident[EI_DATA] != ELFDATA2LSB) return fail("neither little- nor big-endian");
    if (header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT)
      return fail("ELF version {} is not known", header_.e_version);
    if (header_.e_machine != EM_BPF && header_.e_machine != EM_NONE) {  // clang before 3.9 left the machine 0
      auto error = fail("an ELF file for machine {}, not for eBPF ({})", header_.e_machine, EM_BPF);
      error.error().hint = "compile it with `clang -target bpf`";
      return error;
    }
    if (header_.e_type != ET_REL) return fail("not a relocatable object (ELF type {})", header_.e_type);
    return {};
  }

  Result<void> check_section_table() {
    const uint64_t size = bytes_.size();
    if (header_.e_shnum == 0 || header_.e_shoff == 0) return fail("it has no sections");
    if (header_.e_shnum > kMaxSections) return fail("{} sections; the limit is {}", header_.e_shnum, kMaxSections);
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) return fail("section headers of {} bytes", header_.e_shentsize);
    const uint64_t table = uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr);
    if (header_.e_shoff > size || table > size - header_.e_shoff)
      return fail("truncated: its section headers end at byte {:#x} of {:#x}", header_.e_shoff + table, size);
    if (header_.e_shstrndx >= header_.e_shnum)
      return fail("its section names are in section {}, of {}", header_.e_shstrndx, header_.e_shnum);
    uint64_t total = 0;  // sections that overlap would let a small file ask for much memory
    headers_.resize(header_.e_shnum);
    for (size_t i = 0; i < headers_.size(); i++) {
      Elf64_Shdr &section = headers_[i];
      std::memcpy(&section, bytes_.data() + header_.e_shoff + i * sizeof section, sizeof section);
      if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) continue;
      if (section.sh_offset > size || section.sh_size > size - section.sh_offset)
        return fail("truncated: section {} has {:#x} bytes at {:#x}, the file ends at {:#x}", i, section.sh_size,
                    section.sh_offset, size);
      total += section.sh_size;
    }
    if (total > size) return fail("its sections overlap");
    return {};
  }

  Result<void> open() {
    elf_version(EV_CURRENT);
    // libelf asks for writable memory, but only reads an image opened this way.
    elf_.reset(elf_memory(const_cast<char *>(reinterpret_cast<const char *>(bytes_.data())), bytes_.size()));
    if (elf_ == nullptr) return fail("libelf: {}", elf_errmsg(-1));
    return {};
  }

  Result<std::string> name(size_t strings, size_t offset, const char *what) {
    const char *text = elf_strptr(elf_.get(), strings, offset);
    if (text == nullptr) return fail("the name of a {} is at {:#x}, outside its strings", what, offset);
    std::string result(text);
    copied_ += result.size();
    if (copied_ > kMaxCopiedText) return fail("more than {} bytes of names", kMaxCopiedText);
    return result;
  }

  std::span<const std::byte> contents(const Elf64_Shdr &section) const {
    return bytes_.subspan(section.sh_offset, section.sh_size);
  }

  Result<void> read_sections() {
    sections_.resize(headers_.size());
    for (size_t i = 1; i < headers_.size(); i++) {
      const Elf64_Shdr &header = headers_[i];
      if (header.sh_type == SHT_SYMTAB) {
        if (symbol_table_ != 0) return fail("it has two symbol tables");
        symbol_table_ = i;
        continue;
      }
      if (header.sh_type != SHT_PROGBITS && header.sh_type != SHT_NOBITS) continue;
      Result<std::string> section_name = name(header_.e_shstrndx, header.sh_name, "section");
      if (!section_name) return std::unexpected(section_name.error());
      if (*section_name == ".BTF" && header.sh_type == SHT_PROGBITS) btf_ = contents(header);
      if (*section_name == ".BTF.ext" && header.sh_type == SHT_PROGBITS) btf_ext_ = contents(header);
      if ((header.sh_flags & SHF_ALLOC) == 0) continue;
      if (header.sh_addralign > kMaxAlign || (header.sh_addralign & (header.sh_addralign - 1)) != 0)
        return fail("section `{}` asks for alignment {}", *section_name, header.sh_addralign);

      Section section;
      section.name = *std::move(section_name);
      section.size = header.sh_size;
      section.align = std::max(1u, static_cast<uint32_t>(header.sh_addralign));
      section.kind = (header.sh_flags & SHF_EXECINSTR) != 0 ? SectionKind::Program : SectionKind::Other;
      if (header.sh_type == SHT_PROGBITS) section.bytes.assign(contents(header).begin(), contents(header).end());
      sections_[i] = SectionId(object_.sections.size());
      object_.sections.push_back(std::move(section));
    }
    return {};
  }

  // libelf's view of a table of fixed-size records, or null when there is none.
  Elf_Data *records(size_t section) const {
    Elf_Scn *scn = elf_getscn(elf_.get(), section);
    return scn == nullptr ? nullptr : elf_getdata(scn, nullptr);
  }

  static Binding binding_of(unsigned char info) {
    const unsigned binding = GELF_ST_BIND(info);
    return binding == STB_LOCAL ? Binding::Local : binding == STB_WEAK ? Binding::Weak : Binding::Global;
  }
  static SymbolKind kind_of(unsigned char info) {
    switch (GELF_ST_TYPE(info)) {
      case STT_OBJECT:
        return SymbolKind::Object;
      case STT_FUNC:
        return SymbolKind::Function;
      case STT_SECTION:
        return SymbolKind::Section;
      default:
        return SymbolKind::None;
    }
  }

  Result<void> read_symbols() {
    if (symbol_table_ == 0) return {};
    const Elf64_Shdr &header = headers_[symbol_table_];
    if (header.sh_entsize != sizeof(Elf64_Sym)) return fail("symbols of {} bytes", header.sh_entsize);
    Elf_Data *data = records(symbol_table_);
    const size_t count = header.sh_size / sizeof(Elf64_Sym);
    if (data == nullptr && count != 0) return fail("its symbol table is not readable: {}", elf_errmsg(-1));
    symbols_.resize(count);
    for (size_t i = 1; i < count; i++) {
      GElf_Sym raw{};
      if (gelf_getsym(data, static_cast<int>(i), &raw) == nullptr) return fail("symbol {} is not readable", i);
      Symbol symbol;
      if (raw.st_shndx != SHN_UNDEF) {
        // File names, absolute and common symbols, and those of sections that are not kept.
        if (raw.st_shndx >= sections_.size() || !sections_[raw.st_shndx]) continue;
        symbol.section = sections_[raw.st_shndx];
        if (raw.st_value > object_[symbol.section].size)
          return fail("symbol {} is at {:#x} of `{}`, which ends at {:#x}", i, raw.st_value,
                      object_[symbol.section].name, object_[symbol.section].size);
      }
      Result<std::string> symbol_name = name(header.sh_link, raw.st_name, "symbol");
      if (!symbol_name) return std::unexpected(symbol_name.error());
      symbol.name = *std::move(symbol_name);
      symbol.kind = kind_of(raw.st_info);
      // A section symbol has no name of its own.
      if (symbol.kind == SymbolKind::Section && symbol.section) symbol.name = object_[symbol.section].name;
      symbol.binding = binding_of(raw.st_info);
      symbol.visibility = static_cast<Visibility>(GELF_ST_VISIBILITY(raw.st_other));
      symbol.value = raw.st_value;
      symbol.size = raw.st_size;
      symbols_[i] = SymbolId(object_.symbols.size());
      object_.symbols.push_back(std::move(symbol));
    }
    return {};
  }

  Result<void> read_all_relocs() {
    for (size_t i = 1; i < headers_.size(); i++) {
      const Elf64_Shdr &header = headers_[i];
      if (header.sh_type != SHT_REL && header.sh_type != SHT_RELA) continue;
      if (header.sh_info >= sections_.size())
        return fail("relocations for section {}, of {}", header.sh_info, sections_.size());
      const SectionId section = sections_[header.sh_info];
      if (!section) continue;  // DWARF's, BTF's: offsets into sections, which need no relocation here
      if (header.sh_type == SHT_RELA)
        return fail("section `{}` has relocations with addends (RELA), which eBPF does not use", object_[section].name);
      if (Result<void> read = read_relocs(i, object_.sections[section.index]); !read) return read;
    }
    return {};
  }

  static bool is_known(uint64_t type) {
    switch (type) {
      case uint64_t(RelocType::None):
      case uint64_t(RelocType::Abs64_64):
      case uint64_t(RelocType::Abs64):
      case uint64_t(RelocType::Abs32):
      case uint64_t(RelocType::NoDyld32):
      case uint64_t(RelocType::Call32):
        return true;
      default:
        return false;
    }
  }

  Result<void> read_relocs(size_t table, Section &section) {
    const Elf64_Shdr &header = headers_[table];
    if (header.sh_link != symbol_table_ || header.sh_entsize != sizeof(Elf64_Rel))
      return fail("the relocations of `{}` are not in the form of an object's", section.name);
    Elf_Data *data = records(table);
    const size_t count = header.sh_size / sizeof(Elf64_Rel);
    if (data == nullptr && count != 0) return fail("the relocations of `{}` are not readable", section.name);
    for (size_t i = 0; i < count; i++) {
      GElf_Rel raw{};
      if (gelf_getrel(data, static_cast<int>(i), &raw) == nullptr)
        return fail("relocation {} of `{}` is not readable", i, section.name);
      const uint64_t type = GELF_R_TYPE(raw.r_info), symbol = GELF_R_SYM(raw.r_info);
      if (!is_known(type))
        return fail("relocation {} of `{}` has type {}, which eBPF does not have", i, section.name, type);
      if (raw.r_offset >= section.size)
        return fail("relocation {} of `{}` is at {:#x}, the section ends at {:#x}", i, section.name, raw.r_offset,
                    section.size);
      if (symbol >= symbols_.size() || !symbols_[symbol])
        return fail("relocation {} of `{}` refers to symbol {}, which is not in a loaded section", i, section.name,
                    symbol);
      section.relocs.push_back({raw.r_offset, static_cast<RelocType>(type), symbols_[symbol]});
    }
    std::ranges::stable_sort(section.relocs, {}, &Reloc::offset);
    return {};
  }

  Result<void> read_btf() {
    if (btf_.empty()) return {};
    Result<Btf> btf = Btf::parse(btf_);
    if (!btf) return in_file(btf.error());
    object_.btf = *std::move(btf);
    if (btf_ext_.empty()) return {};
    auto info = parse_btf_ext(btf_ext_, object_);
    if (!info) return in_file(info.error());
    object_.code_info = *std::move(info);
    return {};
  }

  Result<void> derive() {
    Result<void> finished = finish(object_);
    if (finished && object_.map_fault) return std::unexpected(*object_.map_fault);
    return finished;
  }

  std::span<const std::byte> bytes_, btf_, btf_ext_;
  Object object_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Shdr> headers_;
  std::unique_ptr<Elf, ElfEnd> elf_;
  std::vector<SectionId> sections_;  // by ELF index; none for what is left behind
  std::vector<SymbolId> symbols_;    // likewise
  size_t symbol_table_ = 0;
  size_t copied_ = 0;
};

}  // namespace

Result<Object> read_elf(std::span<const std::byte> bytes, std::string path) {
  static_assert(std::endian::native == std::endian::little, "tables are copied as they stand in the file");
  return Reader(bytes, std::move(path)).run();
}

Result<Object> read_elf_file(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return os_error(errno, fmt::format("opening `{}`", path));
  struct Close {
    int fd;
    ~Close() { ::close(fd); }
  } close_at_end{fd};
  struct stat status{};
  if (fstat(fd, &status) != 0) return os_error(errno, fmt::format("reading `{}`", path));
  if (S_ISDIR(status.st_mode)) return os_error(EISDIR, fmt::format("reading `{}`", path));
  std::vector<std::byte> bytes;
  size_t filled = 0;
  // A pipe has no size to begin with, so the buffer grows as long as bytes come.
  for (size_t room = std::max<size_t>(static_cast<size_t>(status.st_size) + 1, 4096);; room = bytes.size() * 2) {
    if (room > kMaxObjectFile) return input_error("{}: larger than {} bytes", path, kMaxObjectFile);
    bytes.resize(room);
    while (filled < bytes.size()) {
      const ssize_t got = ::read(fd, bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return os_error(errno, fmt::format("reading `{}`", path));
      if (got == 0) return read_elf(std::span(bytes).first(filled), path);
      filled += static_cast<size_t>(got);
    }
  }
}

}  // namespace spile::object
