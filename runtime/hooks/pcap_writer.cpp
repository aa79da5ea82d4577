#include "runtime/hooks/pcap_writer.h"

#include <fcntl.h>
#include <pcap/dlt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace spile::hooks {

namespace {

// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html, sections 4 and 5.
struct FileHeader {
  uint32_t magic;
  uint16_t major = 2, minor = 4;
  int32_t reserved1 = 0;
  uint32_t reserved2 = 0;
  uint32_t snapshot_length;
  uint32_t link_type;
};
struct PacketHeader {
  uint32_t seconds, fraction, captured, on_wire;
};
static_assert(sizeof(FileHeader) == 24 && sizeof(PacketHeader) == 16);
constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;

// What files carry is LINKTYPE_*; it is DLT_* but for a few that differ between systems, of which raw IP is read here.
uint32_t link_type_in_file(int dlt) {
  constexpr uint32_t kLinkTypeRaw = 101;
  return dlt == DLT_RAW ? kLinkTypeRaw : static_cast<uint32_t>(dlt);
}

}  // namespace

Result<std::unique_ptr<PcapWriter>> PcapWriter::create(const std::string &path, const Format &format) {
  // A device or a pipe is written to, not replaced.
  struct stat status{};
  const bool replace = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  std::string unfinished = replace ? path + ".XXXXXX" : "";
  const int fd = replace ? ::mkostemp(unfinished.data(), O_CLOEXEC) : ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return os_error(errno, fmt::format("cannot write `{}`", path));
  if (replace) {  // mkostemp() makes it private; the finished file is as any other
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(fd, 0666 & ~mask);
  }
  std::FILE *file = ::fdopen(fd, "wb");
  if (file == nullptr) {
    const int error = errno;
    ::close(fd);
    if (replace) ::unlink(unfinished.c_str());
    return os_error(error, fmt::format("cannot write `{}`", path));
  }
  const FileHeader header{.magic = format.nanoseconds ? kNanoseconds : kMicroseconds,
                          .snapshot_length = format.snapshot_length,
                          .link_type = link_type_in_file(format.link_type)};
  std::fwrite(&header, sizeof header, 1, file);
  return std::unique_ptr<PcapWriter>(new PcapWriter(path, std::move(unfinished), file, format.nanoseconds));
}

PcapWriter::~PcapWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

void PcapWriter::write(const CapturedPacket &packet) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t fraction = packet.time_ns % kSecond;
  const PacketHeader header{static_cast<uint32_t>(packet.time_ns / kSecond),
                            static_cast<uint32_t>(nanoseconds_ ? fraction : fraction / 1000),
                            static_cast<uint32_t>(packet.bytes.size()), packet.wire_length};
  std::fwrite(&header, sizeof header, 1, file_);
  std::fwrite(packet.bytes.data(), 1, packet.bytes.size(), file_);
}

Result<void> PcapWriter::commit() {
  int error = std::ferror(file_) != 0 ? EIO : 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0) error = errno;
  if (!unfinished_.empty() && error == 0 && ::rename(unfinished_.c_str(), path_.c_str()) != 0) error = errno;
  if (error == 0) return {};
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
  return os_error(error, fmt::format("cannot write `{}`", path_));
}

}  // namespace spile::hooks
