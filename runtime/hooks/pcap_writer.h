// PcapWriter: a classic pcap file, in the byte order of this machine, that appears whole or not at all.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "runtime/hooks/pcap_reader.h"
#include "support/result.h"

namespace spile::hooks {

class PcapWriter {
 public:
  struct Format {
    int link_type = 0;
    uint32_t snapshot_length = 0;
    bool nanoseconds = false;  // else microseconds
  };
  // Writes into a new file beside [path]; commit() gives it its name. Without commit() nothing is left. What is not a
  // regular file (a pipe, a device) is written to at once.
  static Result<std::unique_ptr<PcapWriter>> create(const std::string &path, const Format &format);
  ~PcapWriter();
  PcapWriter(const PcapWriter &) = delete;
  PcapWriter &operator=(const PcapWriter &) = delete;

  // Errors of the disk show in commit().
  void write(const CapturedPacket &packet);
  Result<void> commit();

 private:
  PcapWriter(std::string path, std::string unfinished, std::FILE *file, bool nanoseconds)
      : path_(std::move(path)), unfinished_(std::move(unfinished)), file_(file), nanoseconds_(nanoseconds) {}
  std::string path_, unfinished_;  // the latter is empty when [path] is written to directly
  std::FILE *file_;
  bool nanoseconds_;
};

}  // namespace spile::hooks
