#include "runtime/vm/code_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "support/file.h"

namespace spile::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".code";
constexpr uint64_t kMagic = 0x32'65646f'63'6c7073;  // "splcode2"

// A file: this, then the parts in this order, each in whole words.
struct Header {
  uint64_t magic = kMagic;
  uint64_t checksum = 0;  // of all that follows this field
  uint64_t key_bytes = 0, image_bytes = 0, data_offset = 0;
  uint64_t relocation_count = 0, function_count = 0, line_count = 0;
};

constexpr uint64_t in_words(uint64_t bytes) { return (bytes + 7) & ~uint64_t{7}; }

// Nobody else may say what this process executes.
bool only_owner_writes(const struct stat &status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Tells apart what accident makes of a file, not what an adversary would: only its owner may write there.
uint64_t hash_of(std::span<const std::byte> bytes) {
  constexpr uint64_t kPrime = 0x9e37'79b9'7f4a'7c15;
  uint64_t hash = bytes.size() * kPrime;
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t taken = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), taken);
    bytes = bytes.subspan(taken);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29;
  }
  return hash;
}

class Writer {
 public:
  void add(const void *from, uint64_t size) {
    const auto *const first = static_cast<const std::byte *>(from);
    bytes.insert(bytes.end(), first, first + size);
    bytes.resize(in_words(bytes.size()));
  }
  std::vector<std::byte> bytes;
};

// The parts of a file, one behind the other.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}
  template <class T>
  std::span<const T> take(uint64_t count) {
    if (count > rest_.size() / sizeof(T) || in_words(count * sizeof(T)) > rest_.size()) {
      complete_ = false;
      return {};
    }
    const std::span taken(reinterpret_cast<const T *>(rest_.data()), count);
    rest_ = rest_.subspan(in_words(count * sizeof(T)));
    return taken;
  }
  bool has_all() const { return complete_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool complete_ = true;
};

// A file's bytes, while it goes on existing; empty when it is not one that we wrote.
class Mapped {
 public:
  explicit Mapped(const std::string &path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status{};
    if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    if (!only_owner_writes(status)) return;
    bytes_.resize(static_cast<size_t>(status.st_size));
    if (::read(file.get(), bytes_.data(), bytes_.size()) != status.st_size) {
      bytes_.clear();
      return;
    }
    // What was used last goes last.
    const timespec now[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    ::futimens(file.get(), now);
  }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

std::string CodeCache::default_folder() {
  if (const char *cache = ::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/')
    return std::string(cache) + "/spile";
  if (const char *home = ::getenv("HOME"); home != nullptr && home[0] == '/')
    return std::string(home) + "/.cache/spile";
  return {};
}

std::string CodeCache::path_of(std::span<const std::byte> key) const {
  return fmt::format("{}/{:016x}{}", folder_, hash_of(key), kEnding);
}

bool CodeCache::is_ours() const {
  struct stat status{};
  return ::stat(folder_.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && only_owner_writes(status);
}

bool CodeCache::find(std::span<const std::byte> key, const std::function<void(const JitImage &)> &use) const {
  if (folder_.empty() || !is_ours()) return false;
  const Mapped file(path_of(key));
  const std::span<const std::byte> bytes = file.bytes();
  Header header;
  if (bytes.size() < sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  constexpr size_t kSummed = offsetof(Header, key_bytes);
  if (header.magic != kMagic || header.checksum != hash_of(bytes.subspan(kSummed))) return false;
  Reader parts(bytes.subspan(sizeof(header)));
  const auto stored_key = parts.take<std::byte>(header.key_bytes);
  const auto image = parts.take<std::byte>(header.image_bytes);
  const auto relocations = parts.take<JitRelocation>(header.relocation_count);
  const auto functions = parts.take<JitFunction>(header.function_count);
  const auto lines = parts.take<JitLine>(header.line_count);
  if (!parts.has_all() || !std::ranges::equal(stored_key, key)) return false;
  use({image.data(), image.size(), header.data_offset, relocations.data(), relocations.size(), functions.data(),
       functions.size(), lines.data(), lines.size()});
  return true;
}

namespace {
// With those above it that are missing, as $XDG_CACHE_HOME is to be made.
void make_folder(const fs::path &folder) {
  fs::path made;
  for (const fs::path &part : folder) {
    made /= part;
    ::mkdir(made.c_str(), S_IRWXU);
  }
}
}  // namespace

void CodeCache::store(std::span<const std::byte> key, const JitImage &image) const {
  if (folder_.empty()) return;
  make_folder(folder_);
  if (!is_ours()) return;
  Header header{.key_bytes = key.size(),
                .image_bytes = image.size,
                .data_offset = image.data_offset,
                .relocation_count = image.relocation_count,
                .function_count = image.function_count,
                .line_count = image.line_count};
  Writer out;
  out.add(&header, sizeof(header));
  out.add(key.data(), key.size());
  out.add(image.bytes, image.size);
  out.add(image.relocations, image.relocation_count * sizeof(JitRelocation));
  out.add(image.functions, image.function_count * sizeof(JitFunction));
  out.add(image.lines, image.line_count * sizeof(JitLine));
  header.checksum = hash_of(std::span(out.bytes).subspan(offsetof(Header, key_bytes)));
  std::memcpy(out.bytes.data(), &header, sizeof(header));
  // A cache that cannot be written is one that stays as it is.
  if (write_file(path_of(key), out.bytes, S_IRUSR | S_IWUSR, Content::Made)) shrink();
}

namespace {
struct Entry {
  fs::path path;
  uint64_t bytes;
  fs::file_time_type used;
};

std::vector<Entry> entries_of(const std::string &folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (const fs::directory_entry &file : fs::directory_iterator(folder, error))
    if (file.path().extension() == kEnding && file.is_regular_file(error))
      entries.push_back({file.path(), file.file_size(error), file.last_write_time(error)});
  return entries;
}
}  // namespace

CodeCache::Contents CodeCache::contents() const {
  Contents all;
  for (const Entry &entry : entries_of(folder_)) {
    all.files++;
    all.bytes += entry.bytes;
  }
  return all;
}

void CodeCache::shrink() const {
  std::vector<Entry> entries = entries_of(folder_);
  uint64_t bytes = 0;
  for (const Entry &entry : entries) bytes += entry.bytes;
  std::ranges::sort(entries, {}, &Entry::used);
  std::error_code error;
  for (const Entry &entry : entries) {
    if (bytes <= limit_) return;
    fs::remove(entry.path, error);
    bytes -= entry.bytes;
  }
}

}  // namespace spile::vm
