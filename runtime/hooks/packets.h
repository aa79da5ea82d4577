// Packets of a capture file, one event each, for socket filters; and the file that those which pass are written to.
//
// Reads pcap and pcapng through libpcap, which is opened when it is needed, so that the binary does not load it at
// start. A filter sees each packet as on an AF_PACKET socket: from its link-layer header on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/vm/event.h"
#include "support/result.h"

namespace spile::hooks {

class PacketReader {
 public:
  // Error: no such file, not a capture, a link type that is not Ethernet, raw IP or Linux cooked, no libpcap.
  static Result<std::unique_ptr<PacketReader>> open(const std::string &path);
  virtual ~PacketReader() = default;
  // The next packet as an event: ctx is a __sk_buff, packet its bytes; both valid until the next call. False at the end.
  // Error: the file ends in the middle of a packet, or is damaged there.
  virtual Result<bool> next(vm::Event &event) = 0;
  virtual int link_type() const = 0;  // DLT_*
  virtual int snapshot_length() const = 0;
};

// Writes a pcap file with the link type and the time stamps of [source]. The file appears under its name when finish()
// succeeds, never half-written.
class PacketWriter {
 public:
  static Result<std::unique_ptr<PacketWriter>> open(const std::string &path, const PacketReader &source);
  virtual ~PacketWriter() = default;  // without finish(): removes what was written
  // The packet that [source] gave last, cut to its first [length] bytes.
  virtual Result<void> write(const PacketReader &source, uint32_t length) = 0;
  virtual Result<void> finish() = 0;
};

}  // namespace spile::hooks
