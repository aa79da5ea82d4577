#include "backend/object/static_link.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <mutex>
#include <vector>

#include "support/file.h"

namespace spile::object {

namespace {

// libbpf reads and writes files by name: each object lies in memory that has one.
class MemoryFile {
 public:
  MemoryFile() : file_(memfd_create("spile object", MFD_CLOEXEC)) {}
  bool valid() const { return file_.valid(); }
  std::string name() const { return fmt::format("/proc/self/fd/{}", file_.get()); }
  Result<void> write(std::span<const std::byte> bytes) const { return write_all(file_, bytes, "an object in memory"); }
  Result<std::vector<std::byte>> read() const {
    std::vector<std::byte> bytes;
    for (;;) {
      const size_t filled = bytes.size();
      bytes.resize(filled + 65536);
      const ssize_t got = ::pread(file_.get(), bytes.data() + filled, 65536, static_cast<off_t>(filled));
      if (got < 0 && errno != EINTR) return os_error(errno, "reading a linked object");
      bytes.resize(filled + static_cast<size_t>(got > 0 ? got : 0));
      if (got == 0) return bytes;
    }
  }

 private:
  Fd file_;
};

// What libbpf prints while it links is the only place where it names what is wrong. Its printer is one for the whole
// process, so one link runs at a time.
class Listener {
 public:
  Listener() : lock_(mutex()) {
    heard().clear();
    libbpf_set_print(listen);
  }
  ~Listener() { libbpf_set_print(nullptr); }
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;

  // The last warning: the first ones lead up to it.
  static std::string text() { return heard(); }

 private:
  static std::mutex &mutex() {
    static std::mutex one;
    return one;
  }
  static std::string &heard() {
    static std::string one;
    return one;
  }
  __attribute__((format(printf, 2, 0))) static int listen(libbpf_print_level level, const char *format,
                                                          va_list arguments) {
    if (level != LIBBPF_WARN) return 0;
    char line[512];
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    std::string text(line);
    while (text.ends_with('\n')) text.pop_back();
    if (text.starts_with("libbpf: ")) text.erase(0, 8);
    if (text.starts_with("linker: ")) text.erase(0, 8);
    if (!text.empty()) heard() = std::move(text);
    return length;
  }
  std::lock_guard<std::mutex> lock_;
};

}  // namespace

Result<Object> link_objects(std::span<const Object *const> objects, const std::string &path) {
  const auto fail = [](std::string_view where, int error) {
    std::string why = Listener::text();
    if (why.empty()) return Error{Error::Kind::Input, fmt::format("{}: it cannot be linked", where), {}, error};
    return Error{Error::Kind::Input, fmt::format("{}: {}", where, why), {}, 0};
  };
  const Listener listener;
  const MemoryFile output;
  if (!output.valid()) return os_error(errno, "creating memory for an object");
  const std::unique_ptr<bpf_linker, decltype(&bpf_linker__free)> linker(bpf_linker__new(output.name().c_str(), nullptr),
                                                                        bpf_linker__free);
  if (linker == nullptr) return std::unexpected(fail(path, errno));
  std::vector<MemoryFile> inputs;  // libbpf reads them until it is done
  for (const Object *object : objects) {
    auto bytes = write_elf(*object);
    if (!bytes) return std::unexpected(bytes.error());
    const MemoryFile &input = inputs.emplace_back();
    if (!input.valid()) return os_error(errno, "creating memory for an object");
    if (auto written = input.write(*bytes); !written) return std::unexpected(written.error());
    if (const int error = bpf_linker__add_file(linker.get(), input.name().c_str(), nullptr); error != 0)
      return std::unexpected(fail(object->path, -error));
  }
  if (const int error = bpf_linker__finalize(linker.get()); error != 0) return std::unexpected(fail(path, -error));
  const auto bytes = output.read();
  if (!bytes) return std::unexpected(bytes.error());
  return read_elf(*bytes, path);
}

}  // namespace spile::object
