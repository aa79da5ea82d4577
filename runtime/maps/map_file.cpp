#include "runtime/maps/map_file.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "lang-spec/tables/tables.h"
#include "runtime/maps/hash_key.h"
#include "support/file.h"

namespace spile::maps {

namespace {

constexpr char kMagic[8] = {'S', 'P', 'I', 'L', 'E', 'M', 'A', 'P'};
constexpr uint32_t kVersion = 2;
constexpr uint64_t kPage = 4096;
constexpr uint32_t kNoLock = UINT32_MAX;
constexpr uint32_t kMaxBtf = 64 << 20;  // more types than any object has

// What the file begins with. In the byte order of the machine, as the elements are.
struct Header {
  char magic[8];
  uint32_t version, type;
  uint32_t key_size, value_size, max_entries, map_flags;
  uint64_t map_extra;
  uint32_t cpus;  // that an element has values for: those of the machine, for per-CPU maps
  uint32_t lock;  // where the bpf_spin_lock lies in a value, or kNoLock
  uint32_t key_type, value_type, btf_size, btf_hash;
  uint64_t end;  // bytes of the whole file
  char name[64];
  uint32_t padding, hash;  // of all before it
};
static_assert(sizeof(Header) % 8 == 0 && offsetof(Header, hash) + 4 == sizeof(Header));

uint64_t whole_pages(uint64_t size) { return (size + kPage - 1) / kPage * kPage; }
uint64_t first_block(const Header &header) { return whole_pages(sizeof(Header) + header.btf_size); }
uint32_t hash_of(std::span<const std::byte> bytes) {
  return bytes.empty() ? 0 : hash_bytes(bytes.data(), bytes.size());
}
uint32_t hash_of(const Header &header) {
  return hash_bytes(reinterpret_cast<const std::byte *>(&header), offsetof(Header, hash));
}

// How many bytes the blocks of a map take.
class Measure final : public PageSource {
 public:
  Result<Pages> take(uint64_t size) override {
    total_ += whole_pages(size);
    return Pages::allocate(size);
  }
  uint64_t total() const { return total_; }

 private:
  uint64_t total_ = 0;
};

// The blocks of a file, one after the other.
class FilePages : public PageSource {
 public:
  FilePages(const Fd &file, const Header &header) : file_(file), at_(first_block(header)), end_(header.end) {}

  Result<Pages> take(uint64_t size) final {
    if (size > end_ || at_ > end_ - size) return input_error("it is too short");
    const uint64_t from = at_;
    at_ += whole_pages(size);
    return get(from, size);
  }

 protected:
  virtual Result<Pages> get(uint64_t from, uint64_t size) = 0;
  const Fd &file_;

 private:
  uint64_t at_, end_;
};

class SharedPages final : public FilePages {
 public:
  using FilePages::FilePages;
  Content content() const override { return Content::Whole; }

 private:
  Result<Pages> get(uint64_t from, uint64_t size) override { return Pages::of_file(file_.get(), from, size); }
};

// A copy, so that nothing that happens to the file later leads a reader astray. Holes stay holes.
class CopiedPages final : public FilePages {
 public:
  CopiedPages(const Fd &file, const Header &header, bool is_in_use) : FilePages(file, header), is_in_use_(is_in_use) {}
  Content content() const override { return is_in_use_ ? Content::Snapshot : Content::Whole; }

 private:
  Result<Pages> get(uint64_t from, uint64_t size) override {
    Result<Pages> pages = Pages::allocate(size);
    if (!pages) return pages;
    const auto end = static_cast<off_t>(from + size);
    for (off_t at = static_cast<off_t>(from); at < end;) {
      const off_t data = ::lseek(file_.get(), at, SEEK_DATA);
      if (data < 0 || data >= end) break;  // only holes are left
      const off_t hole = std::min(::lseek(file_.get(), data, SEEK_HOLE), end);
      if (hole <= data) return os_error(EIO, "its elements");  // it has been cut off
      const std::span<std::byte> piece(pages->data() + (data - static_cast<off_t>(from)),
                                       static_cast<size_t>(hole - data));
      const auto got = read_at(file_, static_cast<uint64_t>(data), piece, "its elements");
      if (!got) return std::unexpected(got.error());
      if (*got != piece.size()) return os_error(EIO, "its elements");
      at = hole;
    }
    return pages;
  }

  bool is_in_use_;
};

Result<std::vector<std::byte>> bytes_at(const Fd &file, uint64_t from, size_t size) {
  std::vector<std::byte> bytes(size);
  const auto got = read_at(file, from, bytes, "the types in it");
  if (!got) return std::unexpected(got.error());
  if (*got != size) return input_error("it is too short");
  return bytes;
}

Result<Header> read_header(const Fd &file) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return os_error(errno, "cannot be read");
  Header header{};
  if (!S_ISREG(status.st_mode) || ::pread(file.get(), &header, sizeof header, 0) < 8 ||
      std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return input_error("it is no map of `spile run --pin`");
  if (header.version != kVersion)
    return input_error("its format has version {}, and version {} is known here", header.version, kVersion);
  if (header.hash != hash_of(header)) return input_error("its header is damaged");
  if (header.end > static_cast<uint64_t>(status.st_size) || header.btf_size > kMaxBtf)
    return input_error("it is too short");
  return header;
}

Definition definition_in(const Header &header) {
  Definition definition{std::string(header.name, ::strnlen(header.name, sizeof header.name)),
                        header.type,
                        header.key_size,
                        header.value_size,
                        header.max_entries,
                        header.map_flags,
                        header.map_extra,
                        {}};
  if (header.lock != kNoLock) definition.special.push_back({SpecialField::SpinLock, header.lock, sizeof(uint32_t)});
  return definition;
}

bool is_array(uint32_t type) { return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY; }
bool is_per_cpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}
uint32_t cpus_of(uint32_t type) { return is_per_cpu(type) ? possible_cpus() : 1; }

// Whoever held a lock is gone.
void release_locks(Map &map) {
  for (const SpecialField &field : map.definition().special)
    map.for_each([&](const std::byte *, std::byte *value) {
      unlock_value(value + field.offset);
      return false;
    });
}

// Who reads has a map for as long as it takes to copy it, which is waited for.
constexpr int kTries = 100;
constexpr useconds_t kBetweenTries = 10'000;
bool lock(const Fd &file, int kind, int tries) {
  while (::flock(file.get(), kind | LOCK_NB) != 0) {
    if (--tries == 0) return false;
    ::usleep(kBetweenTries);
  }
  return true;
}

std::unexpected<Error> in_use(const std::string &path) {
  return std::unexpected(Error{Error::Kind::Environment, fmt::format("{}: another process works with this map", path),
                               "`spile map dump` reads it meanwhile", EWOULDBLOCK});
}

Result<MapFile> open_checked(const std::string &path, const Fd &file, MapFile::Access access) {
  const Result<Header> header = read_header(file);
  if (!header) return std::unexpected(header.error());
  MapFile opened;
  opened.key_type = header->key_type;
  opened.value_type = header->value_type;
  // The lock belongs to the open file, and the mapped pages keep that open when [file] is closed.
  const bool copies = access == MapFile::Access::Read;
  const bool shares = access == MapFile::Access::Update && is_array(header->type);
  opened.is_in_use = !lock(file, copies ? LOCK_SH : LOCK_EX, copies || shares ? 1 : kTries);
  if (opened.is_in_use && !copies && !shares) return in_use(path);

  if (header->cpus != cpus_of(header->type))
    return input_error("it has values for {} CPUs, and this machine has {}", header->cpus, possible_cpus());
  auto btf = bytes_at(file, sizeof(Header), header->btf_size);
  if (!btf) return std::unexpected(btf.error());
  if (hash_of(*btf) != header->btf_hash) return input_error("its types are damaged");
  opened.btf = std::move(*btf);

  const Definition definition = definition_in(*header);
  if (auto keepable = check_keepable(definition); !keepable) return std::unexpected(keepable.error());
  SharedPages shared(file, *header);
  CopiedPages copied(file, *header, opened.is_in_use);
  auto map = create(definition, copies ? static_cast<PageSource *>(&copied) : &shared);
  if (!map) return std::unexpected(map.error());
  if (!copies && !opened.is_in_use) release_locks(**map);
  opened.map = std::move(*map);
  return opened;
}

Result<void> fill(const Fd &file, const std::string &path, const Definition &definition, const MapFile &described) {
  Measure measure;
  if (auto tried = create(definition, &measure); !tried) return std::unexpected(tried.error());
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.type = definition.type;
  header.key_size = definition.key_size;
  header.value_size = definition.value_size;
  header.max_entries = definition.max_entries;
  header.map_flags = definition.map_flags;
  header.map_extra = definition.map_extra;
  header.cpus = cpus_of(definition.type);
  header.lock = definition.special.empty() ? kNoLock : definition.special.front().offset;
  header.key_type = described.key_type;
  header.value_type = described.value_type;
  header.btf_size = static_cast<uint32_t>(described.btf.size());
  header.btf_hash = hash_of(described.btf);
  header.end = first_block(header) + measure.total();
  definition.name.copy(header.name, sizeof header.name - 1);
  header.hash = hash_of(header);
  if (auto written = write_all(file, std::as_bytes(std::span(&header, 1)), path); !written) return written;
  if (auto written = write_all(file, described.btf, path); !written) return written;
  // All of it now: a page for which there is no room later would kill whoever touches it.
  if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(header.end)); error != 0)
    return os_error(error, fmt::format("{}: {} bytes", path, header.end));
  return {};
}

// A file is whole when it gets its name. Who comes second finds the first one's.
Result<void> make_file(const std::string &path, const Definition &definition, const MapFile &described) {
  std::string beside = path + ".XXXXXX";
  const Fd file(::mkostemp(beside.data(), O_CLOEXEC));  // mode 0600: what a probe saw is for who ran it
  if (!file.valid()) return os_error(errno, path);
  Result<void> made = fill(file, path, definition, described);
  if (made && ::link(beside.c_str(), path.c_str()) != 0 && errno != EEXIST) made = os_error(errno, path);
  ::unlink(beside.c_str());
  return made;
}

Result<void> check_same(const std::string &path, const Definition &there, const Definition &wanted) {
  constexpr size_t kFacts = 7;
  const auto facts_of = [](const Definition &d) {
    return std::array<std::string, kFacts>{
        fmt::format("type {}", tables::find_map_type(d.type)->spoken),
        fmt::format("keys of {} bytes", d.key_size),
        fmt::format("values of {} bytes", d.value_size),
        fmt::format("{} entries", d.max_entries),
        fmt::format("flags {:#x}", d.map_flags),
        fmt::format("map_extra {:#x}", d.map_extra),
        d.special.empty() ? "no lock" : fmt::format("a lock at byte {} of its values", d.special.front().offset)};
  };
  const auto theirs = facts_of(there), ours = facts_of(wanted);
  std::string has, wants;
  for (size_t i = 0; i < kFacts; i++) {
    if (theirs[i] == ours[i]) continue;
    has += (has.empty() ? "" : ", ") + theirs[i];
    wants += (wants.empty() ? "" : ", ") + ours[i];
  }
  if (has.empty()) return {};
  return std::unexpected(
      Error{Error::Kind::Input,
            fmt::format("{}: another map lies there: it has {}; `{}` has {}", path, has, wanted.name, wants),
            "remove the file, or give --pin another folder", 0});
}

}  // namespace

Result<void> check_keepable(const Definition &definition) {
  if (!is_placeable(definition.type)) {
    const tables::MapType *type = tables::find_map_type(definition.type);
    return unsupported_error("a map of type {} is not kept in a file",
                             type == nullptr ? fmt::format("{}", definition.type) : std::string(type->spoken));
  }
  const auto &special = definition.special;
  if (special.size() > 1 || (special.size() == 1 && special.front().kind != SpecialField::SpinLock))
    return unsupported_error("timers and kernel objects in its values end with the process");
  for (const SpecialField &field : special)
    if (is_per_cpu(definition.type) || field.offset % 4 != 0 || definition.value_size < field.size ||
        field.offset > definition.value_size - field.size)
      return input_error("its lock lies outside of its values");
  return {};
}

bool is_map_file(const std::string &path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char magic[sizeof kMagic];
  return file.valid() && ::pread(file.get(), magic, sizeof magic, 0) == sizeof magic &&
         std::memcmp(magic, kMagic, sizeof magic) == 0;
}

Result<MapFile> open_map_file(const std::string &path, MapFile::Access access) {
  const Fd file(::open(path.c_str(), (access == MapFile::Access::Read ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return os_error(errno, path);
  Result<MapFile> opened = open_checked(path, file, access);
  if (!opened && opened.error().os_error != EWOULDBLOCK)
    opened.error().message = fmt::format("{}: {}", path, opened.error().message);
  return opened;
}

Result<MapFile> keep_in_file(const std::string &path, const Definition &definition, const MapFile &described) {
  if (auto keepable = check_keepable(definition); !keepable) return std::unexpected(keepable.error());
  if (::access(path.c_str(), F_OK) != 0)
    if (auto made = make_file(path, definition, described); !made) return std::unexpected(made.error());
  Result<MapFile> opened = open_map_file(path, MapFile::Access::Own);
  if (!opened) return opened;
  if (auto same = check_same(path, opened->map->definition(), definition); !same) return std::unexpected(same.error());
  return opened;
}

}  // namespace spile::maps
