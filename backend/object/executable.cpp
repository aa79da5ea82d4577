#include "backend/object/executable.h"

#include <elf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "lang-spec/tables/spelling.h"
#include "lang-spec/tables/tables.h"
#include "support/file.h"

namespace spile::object {

namespace {

#ifdef __aarch64__
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_X86_64;
#endif
constexpr unsigned char kIfunc = 10;         // STT_GNU_IFUNC
constexpr uint16_t kHiddenVersion = 0x8000;  // VERSYM_HIDDEN: not the version that a program linked today gets
constexpr uint32_t kStapsdtProbe = 3;        // the type of a note of <sys/sdt.h>
constexpr std::string_view kStapsdt = "stapsdt";

// Up to the NUL at or behind [at]; none when the text does not end.
std::optional<std::string_view> text_at(std::string_view bytes, size_t &at) {
  const size_t end = bytes.find('\0', at);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = bytes.substr(at, end - at);
  at = end + 1;
  return text;
}

}  // namespace

struct Executable::File {
  Fd fd;
  Elf *elf = nullptr;

  ~File() {
    if (elf != nullptr) ::elf_end(elf);
  }
  // Calls [take](section, header) until it is true.
  template <class F>
  bool any_section(F &&take) const {
    for (Elf_Scn *section = nullptr; (section = ::elf_nextscn(elf, section)) != nullptr;) {
      GElf_Shdr header;
      if (::gelf_getshdr(section, &header) != nullptr && take(section, header)) return true;
    }
    return false;
  }
  std::string_view name_of(const GElf_Shdr &header) const {
    size_t names = 0;
    if (::elf_getshdrstrndx(elf, &names) != 0) return {};
    const char *const name = ::elf_strptr(elf, names, header.sh_name);
    return name != nullptr ? name : std::string_view{};
  }
};

Executable::Executable(std::string path) : path_(std::move(path)), file_(std::make_unique<File>()) {}
Executable::Executable(Executable &&) noexcept = default;
Executable &Executable::operator=(Executable &&) noexcept = default;
Executable::~Executable() = default;

Result<Executable> Executable::open(const std::string &path) {
  Executable executable(path);
  if (auto done = executable.read(); !done) return std::unexpected(done.error());
  return executable;
}

Result<void> Executable::read() {
  file_->fd = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_->fd.valid()) return os_error(errno, fmt::format("`{}` cannot be read", path_));
  ::elf_version(EV_CURRENT);
  file_->elf = ::elf_begin(file_->fd.get(), ELF_C_READ_MMAP, nullptr);
  if (file_->elf == nullptr || ::elf_kind(file_->elf) != ELF_K_ELF) {
    auto error = input_error("`{}` is no program: it is no ELF file", path_);
    char start[2]{};
    if (::pread(file_->fd.get(), start, 2, 0) == 2 && start[0] == '#' && start[1] == '!')
      error.error().hint = "it is a script: name the program that runs it";
    return error;
  }
  GElf_Ehdr header;
  if (::gelf_getehdr(file_->elf, &header) == nullptr)
    return input_error("`{}` is damaged: {}", path_, ::elf_errmsg(-1));
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return unsupported_error("`{}` is a 32-bit program: only 64-bit ones can be probed", path_);
  if (header.e_machine != kMachine)
    return unsupported_error("`{}` is a program of another machine (ELF number {})", path_, header.e_machine);
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
    return input_error("`{}` is neither a program nor a shared library", path_);
  size_t count = 0;
  ::elf_getphdrnum(file_->elf, &count);
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr segment;
    if (::gelf_getphdr(file_->elf, static_cast<int>(i), &segment) != nullptr && segment.p_type == PT_LOAD)
      segments_.push_back({segment.p_vaddr, segment.p_offset, segment.p_filesz});
  }
  read_symbols(true);
  read_symbols(false);
  return {};
}

uint64_t Executable::file_offset_of(uint64_t address) const {
  for (const Segment &segment : segments_)
    if (address >= segment.address && address - segment.address < segment.size)
      return address - segment.address + segment.file_offset;
  return 0;
}

void Executable::read_symbols(bool dynamic) {
  Elf_Data *symbols = nullptr, *versions = nullptr, *definitions = nullptr;
  GElf_Shdr symbols_header{}, definitions_header{};
  file_->any_section([&](Elf_Scn *section, const GElf_Shdr &header) {
    if (header.sh_type == (dynamic ? SHT_DYNSYM : SHT_SYMTAB)) {
      symbols = ::elf_getdata(section, nullptr);
      symbols_header = header;
    } else if (dynamic && header.sh_type == SHT_GNU_versym) {
      versions = ::elf_getdata(section, nullptr);
    } else if (dynamic && header.sh_type == SHT_GNU_verdef) {
      definitions = ::elf_getdata(section, nullptr);
      definitions_header = header;
    }
    return false;
  });
  if (symbols == nullptr || symbols_header.sh_entsize == 0) return;

  std::vector<std::string_view> version_names;  // by number
  for (int at = 0, left = static_cast<int>(definitions_header.sh_info); definitions != nullptr && left > 0; left--) {
    GElf_Verdef definition;
    GElf_Verdaux name;
    if (::gelf_getverdef(definitions, at, &definition) == nullptr ||
        ::gelf_getverdaux(definitions, at + static_cast<int>(definition.vd_aux), &name) == nullptr)
      break;
    const char *const text = ::elf_strptr(file_->elf, definitions_header.sh_link, name.vda_name);
    if (definition.vd_ndx >= version_names.size()) version_names.resize(definition.vd_ndx + size_t{1});
    if (text != nullptr) version_names[definition.vd_ndx] = text;
    if (definition.vd_next == 0) break;
    at += static_cast<int>(definition.vd_next);
  }

  const auto count = static_cast<int>(symbols_header.sh_size / symbols_header.sh_entsize);
  for (int i = 0; i < count; i++) {
    GElf_Sym symbol;
    if (::gelf_getsym(symbols, i, &symbol) == nullptr || symbol.st_shndx == SHN_UNDEF) continue;
    const unsigned char type = GELF_ST_TYPE(symbol.st_info);
    if (type != STT_FUNC && type != kIfunc) continue;
    const char *const name = ::elf_strptr(file_->elf, symbols_header.sh_link, symbol.st_name);
    const uint64_t offset = file_offset_of(symbol.st_value);
    if (name == nullptr || *name == '\0' || offset == 0) continue;
    Function function;
    function.name = name;
    function.address = symbol.st_value;
    function.file_offset = offset;
    function.is_dynamic = dynamic;
    function.is_weak = GELF_ST_BIND(symbol.st_info) == STB_WEAK;
    function.is_indirect = type == kIfunc;
    GElf_Versym version = 0;
    if (versions != nullptr && ::gelf_getversym(versions, i, &version) != nullptr) {
      const auto number = static_cast<size_t>(version & ~kHiddenVersion);
      function.is_default = (version & kHiddenVersion) == 0;
      if (number > VER_NDX_GLOBAL && number < version_names.size()) function.version = version_names[number];
    }
    functions_.push_back(function);
  }
}

Result<Executable::Function> Executable::find(std::string_view wanted) const {
  const size_t at_sign = wanted.find('@');
  const std::string_view name = wanted.substr(0, at_sign);
  const std::string_view version =
      at_sign == std::string_view::npos ? "" : wanted.substr(wanted.find_first_not_of('@', at_sign));
  for (const bool dynamic : {true, false}) {
    const Function *found = nullptr;
    for (const Function &function : functions_) {
      if (function.is_dynamic != dynamic || function.name != name) continue;
      if (version.empty() ? !function.is_default : function.version != version) continue;
      if (found != nullptr && found->file_offset != function.file_offset && !found->is_weak && !function.is_weak) {
        auto error = input_error("`{}` has several functions `{}`", path_, wanted);
        error.error().hint = fmt::format("the first two are at 0x{:x} and 0x{:x}: name another with +OFFSET behind it",
                                         found->address, function.address);
        return error;
      }
      if (found == nullptr || (found->is_weak && !function.is_weak)) found = &function;
    }
    if (found == nullptr) continue;
    if (found->is_indirect) {
      auto error = unsupported_error(
          "`{}` of {} is an indirect function (IFUNC): its own code only chooses the one that is called", name, path_);
      error.error().hint = "probe the one that it chooses, for example `__strlen_avx2` for `strlen`";
      return error;
    }
    return *found;
  }
  std::vector<std::pair<size_t, std::string_view>> ranked;
  for (const Function &function : functions_)
    if (function.is_default) ranked.emplace_back(tables::letters_apart(function.name, name), function.name);
  std::ranges::sort(ranked);
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(3, ranked.size()); i++)
    names += fmt::format("{}`{}`", i == 0 ? "" : ", ", ranked[i].second);
  return std::unexpected(Error{
      Error::Kind::Environment, fmt::format("`{}` has no function `{}`", path_, wanted),
      names.empty() ? "the file has no names of functions: it is stripped" : fmt::format("did you mean {}?", names),
      0});
}

std::vector<Executable::Function> Executable::match(const std::string &pattern) const {
  std::vector<Function> matching;
  std::set<uint64_t> places;
  for (const Function &function : functions_)
    if (!function.is_indirect && ::fnmatch(pattern.c_str(), std::string(function.name).c_str(), 0) == 0 &&
        places.insert(function.file_offset).second)
      matching.push_back(function);
  return matching;
}

// The address of a note is that of when it was linked; .stapsdt.base tells whether the file was moved since.
Result<std::vector<Executable::Usdt>> Executable::usdt_probes() const {
  std::vector<Usdt> probes;
  uint64_t base = 0;
  file_->any_section([&](Elf_Scn *, const GElf_Shdr &header) {
    if (file_->name_of(header) != ".stapsdt.base") return false;
    base = header.sh_addr;
    return true;
  });
  const bool is_damaged = file_->any_section([&](Elf_Scn *section, const GElf_Shdr &header) {
    if (header.sh_type != SHT_NOTE || file_->name_of(header) != ".note.stapsdt") return false;
    Elf_Data *const data = ::elf_getdata(section, nullptr);
    if (data == nullptr) return true;
    GElf_Nhdr note;
    size_t name_at = 0, desc_at = 0;
    for (size_t at = 0, next; at < data->d_size; at = next) {
      next = ::gelf_getnote(data, at, &note, &name_at, &desc_at);
      if (next == 0) return true;
      const auto *const bytes = static_cast<const char *>(data->d_buf);
      if (note.n_type != kStapsdtProbe || note.n_namesz != kStapsdt.size() + 1 ||
          std::string_view(bytes + name_at, kStapsdt.size()) != kStapsdt)
        continue;
      uint64_t addresses[3];  // of the probe, the base as it was, the semaphore
      const std::string_view desc(bytes + desc_at, note.n_descsz);
      if (desc.size() < sizeof addresses) return true;
      std::memcpy(addresses, desc.data(), sizeof addresses);
      size_t text = sizeof addresses;
      const auto provider = text_at(desc, text), name = text_at(desc, text), arguments = text_at(desc, text);
      if (!provider || !name || !arguments) return true;
      const uint64_t moved = base != 0 ? base - addresses[1] : 0;
      const uint64_t address = addresses[0] + moved;
      probes.push_back({*provider, *name, *arguments, address, file_offset_of(address),
                        addresses[2] != 0 ? addresses[2] + moved : 0});
    }
    return false;
  });
  if (is_damaged) return input_error("{}: .note.stapsdt, which lists its USDT probes, is damaged", path_);
  return probes;
}

}  // namespace spile::object
