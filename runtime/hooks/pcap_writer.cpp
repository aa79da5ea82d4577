#include "runtime/hooks/pcap_writer.h"

#include <pcap/dlt.h>

#include <algorithm>
#include <array>
#include <cstring>

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

// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html, sections 3.5, 4.1 to 4.3.
constexpr uint32_t kSectionBlock = 0x0a0d0d0a, kInterfaceBlock = 1, kPacketBlock = 6;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint16_t kEndOfOptions = 0, kComment = 1, kInterfaceName = 2, kUserApplication = 4, kTimeResolution = 9,
                   kVerdict = 7;
constexpr std::byte kNanosecondsExponent{9};

void append(std::string &to, std::span<const std::byte> bytes) {
  to.append(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}
template <class T>
void append_value(std::string &to, const T &value) {
  append(to, std::as_bytes(std::span(&value, 1)));
}
void pad(std::string &to) { to.append((4 - to.size() % 4) % 4, '\0'); }

}  // namespace

// LINKTYPE_* is DLT_* but for a few that differ between systems, of which raw IP is read here.
uint32_t link_type_in_file(int dlt) {
  constexpr uint32_t kLinkTypeRaw = 101;
  return dlt == DLT_RAW ? kLinkTypeRaw : static_cast<uint32_t>(dlt);
}

Result<std::unique_ptr<PcapWriter>> PcapWriter::create(const std::string &path, const Format &format) {
  auto file = WholeFile::create(path);
  if (!file) return std::unexpected(file.error());
  file->write_value(FileHeader{.magic = format.nanoseconds ? kNanoseconds : kMicroseconds,
                               .snapshot_length = format.snapshot_length,
                               .link_type = link_type_in_file(format.link_type)});
  return std::unique_ptr<PcapWriter>(new PcapWriter(std::move(*file), format.nanoseconds));
}

void PcapWriter::write(const CapturedPacket &packet) {
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t fraction = packet.time_ns % kSecond;
  file_.write_value(PacketHeader{static_cast<uint32_t>(packet.time_ns / kSecond),
                                 static_cast<uint32_t>(nanoseconds_ ? fraction : fraction / 1000),
                                 static_cast<uint32_t>(packet.bytes.size()), packet.wire_length});
  file_.write(packet.bytes);
}

Result<std::unique_ptr<PcapngWriter>> PcapngWriter::create(const std::string &path) {
  auto file = WholeFile::create(path);
  if (!file) return std::unexpected(file.error());
  auto writer = std::unique_ptr<PcapngWriter>(new PcapngWriter(std::move(*file)));
  std::string &body = writer->body_;
  append_value(body, kByteOrderMagic);
  for (const uint16_t version : {uint16_t{1}, uint16_t{0}}) append_value(body, version);
  append_value(body, int64_t{-1});  // how long the section is: not said
  constexpr std::string_view kName = "spile";
  writer->put_option(kUserApplication, std::as_bytes(std::span(kName)));
  writer->end_options();
  writer->write_block(kSectionBlock);
  return writer;
}

uint32_t PcapngWriter::add_interface(int link_type, uint32_t snapshot_length, std::string_view name) {
  append_value(body_, link_type_in_file(link_type) & 0xffff);  // and two bytes that are reserved
  append_value(body_, snapshot_length);
  if (!name.empty()) put_option(kInterfaceName, std::as_bytes(std::span(name)));
  put_option(kTimeResolution, std::span(&kNanosecondsExponent, 1));
  end_options();
  write_block(kInterfaceBlock);
  return interfaces_++;
}

void PcapngWriter::write(const CapturedPacket &packet, std::span<const Verdict> verdicts, uint32_t interface) {
  const std::array<uint32_t, 5> head{interface, static_cast<uint32_t>(packet.time_ns >> 32),
                                     static_cast<uint32_t>(packet.time_ns), static_cast<uint32_t>(packet.bytes.size()),
                                     packet.wire_length};
  append_value(body_, head);
  append(body_, packet.bytes);
  pad(body_);
  for (const Verdict &verdict : verdicts) {
    put_option(kComment, std::as_bytes(std::span(verdict.comment)));
    if (verdict.kind == Verdict::Kind::Other) continue;
    std::array<std::byte, 1 + sizeof verdict.result> value{static_cast<std::byte>(verdict.kind)};
    std::memcpy(value.data() + 1, &verdict.result, sizeof verdict.result);
    put_option(kVerdict, value);
  }
  end_options();
  write_block(kPacketBlock);
}

void PcapngWriter::put_option(uint16_t code, std::span<const std::byte> value) {
  append_value(body_, code);
  append_value(body_, static_cast<uint16_t>(value.size()));
  append(body_, value);
  pad(body_);
}

void PcapngWriter::end_options() { append_value(body_, uint32_t{kEndOfOptions}); }

// The length stands in front and behind, so that a file can be read backwards.
void PcapngWriter::write_block(uint32_t type) {
  const auto length = static_cast<uint32_t>(body_.size() + 3 * sizeof(uint32_t));
  file_.write_value(std::array{type, length});
  file_.write(std::as_bytes(std::span(body_)));
  file_.write_value(length);
  body_.clear();
}

}  // namespace spile::hooks
