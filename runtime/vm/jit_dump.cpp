#include "runtime/vm/jit_dump.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/vm/bytes.h"

namespace spile::vm {
namespace {

constexpr uint32_t kMagic = 0x4a695444;  // "JiTD"
constexpr uint32_t kVersion = 1;
enum : uint32_t { kCodeLoad = 0, kDebugInfo = 2 };

struct Header {
  uint32_t magic = kMagic, version = kVersion, size = sizeof(Header), machine = kElfMachine, padding = 0, pid = 0;
  uint64_t timestamp = 0, flags = 0;
};
struct Prefix {
  uint32_t id, size;
  uint64_t timestamp;
};
struct DebugInfo {
  uint64_t address, entries;  // then for each a DebugEntry and the file's name
};
struct DebugEntry {
  uint64_t address;
  uint32_t line, discriminator;
};
struct CodeLoad {
  uint32_t pid, tid;
  uint64_t vma, address, size, index;  // then the name, and the code
};

// The clock of `perf record -k mono`.
uint64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

class Record : public Bytes {
 public:
  explicit Record(uint32_t id) { add(Prefix{id, 0, now()}); }
  std::span<const std::byte> done() {
    const auto size = static_cast<uint32_t>(all.size());
    std::memcpy(all.data() + offsetof(Prefix, size), &size, sizeof(size));
    return all;
  }
};

}  // namespace

JitDump::~JitDump() {
  if (marker_ != nullptr) ::munmap(marker_, sizeof(Header));
}

Result<void> JitDump::open() {
  const char *const folder = ::getenv("JITDUMPDIR");
  path_ = fmt::format("{}/jit-{}.dump", folder != nullptr && *folder != 0 ? folder : "/tmp", ::getpid());
  // A file of that name is an earlier process's, or somebody else's, and then not to be written through.
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return os_error(errno, "cannot replace " + path_);
  file_ = Fd(::open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!file_.valid()) return os_error(errno, "cannot open " + path_);
  Header header;
  header.pid = static_cast<uint32_t>(::getpid());
  header.timestamp = now();
  if (auto written = write_all(file_, std::as_bytes(std::span(&header, 1)), path_); !written) return written;
  void *const mapped = ::mmap(nullptr, sizeof(header), PROT_READ | PROT_EXEC, MAP_PRIVATE, file_.get(), 0);
  if (mapped == MAP_FAILED) {
    auto error = os_error(errno, "cannot map " + path_ + ", which tells perf of it");
    error.error().hint = "set JITDUMPDIR to a folder whose files may be executed";
    return error;
  }
  marker_ = mapped;
  return {};
}

Result<void> JitDump::add(std::span<const ListedFunction> functions) {
  for (const ListedFunction &function : functions) {
    if (!function.lines.empty()) {
      Record record(kDebugInfo);
      // One more at the end: perf takes the last one for the end of the table.
      std::vector<ListedLine> lines = function.lines;
      lines.push_back({function.address + function.size, lines.back().line});
      record.add(DebugInfo{function.address, lines.size()});
      for (const ListedLine &line : lines) {
        record.add(DebugEntry{line.address, line.line->line, 0});
        record.add_name(line.line->file);
      }
      if (auto written = write_all(file_, record.done(), path_); !written) return written;
    }
    Record record(kCodeLoad);
    record.add(CodeLoad{static_cast<uint32_t>(::getpid()), static_cast<uint32_t>(::syscall(SYS_gettid)),
                        function.address, function.address, function.size, functions_++});
    record.add_name(function.name);
    record.add_bytes(reinterpret_cast<const void *>(function.address), function.size);
    if (auto written = write_all(file_, record.done(), path_); !written) return written;
  }
  return {};
}

}  // namespace spile::vm
