#include "frontend/btf/sources.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "frontend/btf/build_image.h"
#include "support/file.h"

namespace spile::btf {

namespace {

// No kernel's BTF is near that; a larger file is a mistake.
constexpr size_t kMaxFile = size_t{256} << 20;

Result<std::vector<std::byte>> read_all(int fd, const struct stat &status, const std::string &path) {
  std::vector<std::byte> bytes(static_cast<size_t>(status.st_size) + 1);  // one more: to see the end at once
  size_t used = 0;
  for (;;) {
    const ssize_t n = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error(errno, path);
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > kMaxFile) return unsupported_error("{}: more than {} bytes of BTF", path, kMaxFile);
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
  }
  bytes.resize(used);
  return bytes;
}

uint64_t mix(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ 0xff) * 0x100000001b3;
}
uint64_t mix(uint64_t hash, uint64_t value) {
  return mix(hash, std::string_view(reinterpret_cast<const char *>(&value), sizeof value));
}

// Changes whenever the file does. A kernel's own BTF has no inode that would tell kernels apart; its release, its build
// and its size do.
uint64_t identity_of(const std::string &path, const struct stat &status) {
  uint64_t hash = mix(0xcbf29ce484222325, ImageHeader::kMagic);
  if (path == kHostBtf) {
    utsname kernel{};
    ::uname(&kernel);
    hash = mix(mix(mix(hash, kernel.release), kernel.version), kernel.machine);
  } else {
    hash = mix(mix(hash, status.st_dev), status.st_ino);
    hash = mix(mix(hash, static_cast<uint64_t>(status.st_mtim.tv_sec)), static_cast<uint64_t>(status.st_mtim.tv_nsec));
  }
  hash = mix(hash, static_cast<uint64_t>(status.st_size));
  return hash == 0 ? 1 : hash;  // 0 is the frozen one's
}

std::optional<std::string> cache_directory() {
  if (const char *cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/')
    return std::string(cache) + "/spile";
  if (const char *home = std::getenv("HOME"); home != nullptr && home[0] == '/')
    return std::string(home) + "/.cache/spile";
  return {};
}

// Best effort: the next run makes the index again.
void write_cache(const std::string &directory, const std::string &path, std::span<const std::byte> bytes) {
  ::mkdir(directory.substr(0, directory.rfind('/')).c_str(), 0700);
  ::mkdir(directory.c_str(), 0700);
  (void)write_file(path, bytes, 0666, Content::Made);
}

// The .BTF section of an ELF file, of whatever machine; other bytes are BTF themselves.
Result<std::span<const std::byte>> find_btf(std::span<const std::byte> bytes) {
  Elf64_Ehdr header{};
  if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) return bytes;
  if (bytes.size() < sizeof header) return input_error("{} bytes are too few for an ELF header", bytes.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return unsupported_error("not a 64-bit little-endian ELF file");
  const auto section = [&](uint64_t number) -> std::optional<Elf64_Shdr> {
    Elf64_Shdr found{};
    // 64-bit sums of these fields cannot wrap once the offset is known to be inside the file.
    if (header.e_shentsize != sizeof found || header.e_shoff > bytes.size() ||
        header.e_shoff + (number + 1) * sizeof found > bytes.size())
      return {};
    std::memcpy(&found, bytes.data() + header.e_shoff + number * sizeof found, sizeof found);
    if (found.sh_type == SHT_NOBITS) found.sh_size = 0;
    if (found.sh_offset > bytes.size() || found.sh_size > bytes.size() - found.sh_offset) return {};
    return found;
  };
  const auto names = section(header.e_shstrndx);
  if (!names) return input_error("an ELF file that is cut off: its section names are outside");
  static constexpr std::string_view kName{".BTF\0", 5};
  for (uint64_t i = 0; i < header.e_shnum; i++) {
    const auto found = section(i);
    if (!found) return input_error("an ELF file that is cut off: section {} is outside", i);
    if (found->sh_name > names->sh_size || names->sh_size - found->sh_name < kName.size()) continue;
    if (std::memcmp(bytes.data() + names->sh_offset + found->sh_name, kName.data(), kName.size()) == 0)
      return bytes.subspan(found->sh_offset, found->sh_size);
  }
  return input_error("an ELF file without a .BTF section");
}

}  // namespace

Source::~Source() { drop_mapping(); }

void Source::drop_mapping() {
  // mmap's own type; the bytes are never written.
  if (!mapped_.empty()) ::munmap(const_cast<std::byte *>(mapped_.data()), mapped_.size());
  mapped_ = {};
}

Result<const Image *> Source::image() {
  if (!is_open_) {
    auto opened = open();
    if (!opened) return std::unexpected(opened.error());
    image_ = *opened;
    is_open_ = true;
  }
  return &image_;
}

Result<Image> Source::open() {
  if (where_.empty()) return Image::view(frozen_image());
  auto opened = open_file(where_ == kHost ? kHostBtf : where_);
  if (!opened && where_ == kHost && opened.error().os_error == ENOENT)
    opened.error().hint =
        "the kernel has no CONFIG_DEBUG_INFO_BTF; without --btf, Spile uses the BTF that ships with it";
  return opened;
}

Result<Image> Source::open_file(const std::string &path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return os_error(errno, path);
  if (!S_ISREG(status.st_mode)) return input_error("{}: not a file", path);
  const uint64_t identity = identity_of(path, status);
  const auto directory = cache_directory();
  const std::string cached = directory ? fmt::format("{}/btf-{:016x}", *directory, identity) : std::string{};
  if (directory && open_cache(cached, identity)) return Image::view(mapped_);
  auto bytes = read_all(file.get(), status, path);
  if (!bytes) return std::unexpected(bytes.error());
  const auto btf = find_btf(*bytes);
  auto built = btf ? build_image(*btf, identity) : std::unexpected(btf.error());
  if (!built) {
    built.error().message = fmt::format("{}: {}", path, built.error().message);
    return std::unexpected(built.error());
  }
  built_ = std::move(*built);
  if (directory) write_cache(*directory, cached, built_);
  return Image::view(built_);
}

bool Source::open_cache(const std::string &path, uint64_t identity) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || status.st_size <= 0) return false;
  const auto size = static_cast<size_t>(status.st_size);
  void *bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (bytes == MAP_FAILED) return false;
  mapped_ = {static_cast<const std::byte *>(bytes), size};
  const auto image = Image::view(mapped_);
  if (image && image->identity() == identity) return true;
  drop_mapping();
  return false;
}

}  // namespace spile::btf
