// PcapReader: packets of a pcap or pcapng file, through libpcap, which is opened only when there is a file to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime/hooks/byte_stream.h"
#include "support/result.h"

namespace spile::hooks {

struct CapturedPacket {
  uint64_t time_ns = 0;              // since 1970
  std::span<const std::byte> bytes;  // as captured; valid until the next call of next()
  uint32_t wire_length = 0;
};

class PcapReader {
 public:
  // Environment error when the file or libpcap is missing, input error when it is not a capture. A pipe will do.
  static Result<std::unique_ptr<PcapReader>> open(const std::string &path);
  static Result<std::unique_ptr<PcapReader>> open(ByteStream bytes);
  ~PcapReader();
  PcapReader(const PcapReader &) = delete;
  PcapReader &operator=(const PcapReader &) = delete;

  // DLT_* of <pcap/dlt.h>, as the file's magic says; the longest packet that the capture was made with; whether its
  // times are finer than a microsecond.
  int link_type() const { return link_type_; }
  uint32_t snapshot_length() const { return snapshot_length_; }
  bool has_nanoseconds() const { return has_nanoseconds_; }
  std::string link_type_name() const;

  // False at the end of the file. Input error when the file is cut off or damaged; nothing follows then.
  Result<bool> next(CapturedPacket &packet);

 private:
  struct Library;
  PcapReader() = default;

  std::string path_;
  std::unique_ptr<Library> library_;
  std::unique_ptr<char[]> buffer_;  // of the file that capture_ reads
  void *capture_ = nullptr;
  int link_type_ = 0;
  uint32_t snapshot_length_ = 0;
  bool has_nanoseconds_ = false;
};

}  // namespace spile::hooks
