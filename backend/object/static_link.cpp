#include "backend/object/static_link.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "backend/object/libbpf_listener.h"
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

}  // namespace

Result<Object> link_objects(std::span<const Object *const> objects, const std::string &path) {
  std::vector<MemoryFile> inputs;  // libbpf reads them until it is done
  const auto fail = [&](std::string_view where, int error) {
    std::string why = LibbpfListener::text();
    // It knows the objects by the names that memory has. The last first: one number may begin with another.
    for (size_t i = inputs.size(); i-- > 0;) {
      const std::string name = inputs[i].name();
      for (size_t at = why.find(name); at != std::string::npos; at = why.find(name, at + objects[i]->path.size()))
        why.replace(at, name.size(), objects[i]->path);
    }
    if (why.empty()) return Error{Error::Kind::Input, fmt::format("{}: it cannot be linked", where), {}, error};
    return Error{Error::Kind::Input, fmt::format("{}: {}", where, why), {}, 0};
  };
  const LibbpfListener listener;
  const MemoryFile output;
  if (!output.valid()) return os_error(errno, "creating memory for an object");
  const std::unique_ptr<bpf_linker, decltype(&bpf_linker__free)> linker(bpf_linker__new(output.name().c_str(), nullptr),
                                                                        bpf_linker__free);
  if (linker == nullptr) return std::unexpected(fail(path, errno));
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
