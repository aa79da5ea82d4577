// PcapWriter: a classic pcap file, in the byte order of this machine. PcapngWriter: one of pcapng, whose packets say
// what the programs made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/hooks/pcap_reader.h"
#include "support/result.h"
#include "support/whole_file.h"

namespace spile::hooks {

// DLT_* as files carry it, LINKTYPE_*.
uint32_t link_type_in_file(int dlt);

class PcapWriter {
 public:
  struct Format {
    int link_type = 0;
    uint32_t snapshot_length = 0;
    bool nanoseconds = false;  // else microseconds
  };
  // The file appears with commit().
  static Result<std::unique_ptr<PcapWriter>> create(const std::string &path, const Format &format);

  // Errors of the disk show in commit().
  void write(const CapturedPacket &packet);
  Result<void> commit() { return file_.commit(); }

 private:
  PcapWriter(WholeFile file, bool nanoseconds) : file_(std::move(file)), nanoseconds_(nanoseconds) {}
  WholeFile file_;
  bool nanoseconds_;
};

// What a program answered, as pcapng's option epb_verdict has it. Other: of a kind that the option has no number for.
struct Verdict {
  enum class Kind : uint8_t { Other = 0, Tc = 1, Xdp = 2 };
  Kind kind = Kind::Other;
  int64_t result = 0;
  std::string comment;  // for people: "filter: XDP_DROP"
};

// Section 4 of draft-ietf-opsawg-pcapng: one section, times in nanoseconds, a packet block for each.
class PcapngWriter {
 public:
  // Interfaces are those that are added.
  static Result<std::unique_ptr<PcapngWriter>> create(const std::string &path);
  // Of packets of this link type (DLT_*); its number. [name]: none when empty.
  uint32_t add_interface(int link_type, uint32_t snapshot_length, std::string_view name);
  void write(const CapturedPacket &packet, std::span<const Verdict> verdicts, uint32_t interface = 0);
  Result<void> commit() { return file_.commit(); }

 private:
  explicit PcapngWriter(WholeFile file) : file_(std::move(file)) {}
  void write_block(uint32_t type);  // of body_
  void put_option(uint16_t code, std::span<const std::byte> value);
  void end_options();

  WholeFile file_;
  std::string body_;
  uint32_t interfaces_ = 0;
};

}  // namespace spile::hooks
