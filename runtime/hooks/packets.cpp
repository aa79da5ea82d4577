#include "runtime/hooks/packets.h"

#include <pcap/dlt.h>

#include <algorithm>
#include <map>

#include "runtime/hooks/pcap_reader.h"

namespace spile::hooks {

namespace {

// libpcap's own limit (MAXIMUM_SNAPLEN).
constexpr uint32_t kLongestFrame = 262144;

// The files that a run writes.
struct Outputs {
  std::unique_ptr<PcapWriter> pass, drop;
  std::unique_ptr<PcapngWriter> verdicts, redirected;
  std::map<std::string, uint32_t, std::less<>> ways;  // their numbers in the last one

  Result<void> open(const PacketRun &run, const PcapReader &reader) {
    for (const auto &[path, writer] : {std::pair{&run.pass, &pass}, std::pair{&run.drop, &drop}}) {
      if (path->empty()) continue;
      auto created =
          PcapWriter::create(*path, {reader.link_type(), reader.snapshot_length(), reader.has_nanoseconds()});
      if (!created) return std::unexpected(created.error());
      *writer = std::move(*created);
    }
    for (const auto &[path, writer] : {std::pair{&run.verdicts, &verdicts}, std::pair{&run.redirected, &redirected}}) {
      if (path->empty()) continue;
      auto created = PcapngWriter::create(*path);
      if (!created) return std::unexpected(created.error());
      *writer = std::move(*created);
    }
    if (verdicts != nullptr) verdicts->add_interface(reader.link_type(), reader.snapshot_length(), "");
    return {};
  }

  void send(CapturedPacket packet, const SentPacket &sent) {
    auto way = ways.find(sent.way);
    if (way == ways.end())
      way = ways.emplace(sent.way, redirected->add_interface(DLT_EN10MB, kLongestFrame, sent.way)).first;
    packet.bytes = sent.frame;
    packet.wire_length = std::max(packet.wire_length, static_cast<uint32_t>(sent.frame.size()));
    redirected->write(packet, {}, way->second);
  }

  void write(const CapturedPacket &packet, bool is_passed, std::span<const Verdict> said) {
    const std::unique_ptr<PcapWriter> &writer = is_passed ? pass : drop;
    if (writer != nullptr) writer->write(packet);
    if (verdicts != nullptr) verdicts->write(packet, said);
  }

  Result<void> commit() {
    for (PcapWriter *writer : {pass.get(), drop.get()})
      if (writer != nullptr)
        if (Result<void> written = writer->commit(); !written) return written;
    for (PcapngWriter *writer : {verdicts.get(), redirected.get()})
      if (writer != nullptr)
        if (Result<void> written = writer->commit(); !written) return written;
    return {};
  }
};

}  // namespace

Result<PacketOutcome> filter_packets(PacketRun run, const std::function<Filtered(const vm::Event &)> &filter,
                                     const std::atomic<bool> &stop) {
  const std::string path = run.input.path();
  Result<std::unique_ptr<PcapReader>> reader = PcapReader::open(std::move(run.input));
  if (!reader) return std::unexpected(reader.error());
  if (!PacketContext::knows((*reader)->link_type()))
    return unsupported_error(
        "`{}` holds packets of link type {}; Ethernet, raw IP, Linux cooked, 802.11, loopback, PPP, SLIP and Cisco "
        "HDLC "
        "captures can be read",
        path, (*reader)->link_type_name());
  Outputs outputs;
  if (auto opened = outputs.open(run, **reader); !opened) return std::unexpected(opened.error());

  PacketOutcome outcome;
  auto buffer = PacketBuffer::allocate();
  if (!buffer) return std::unexpected(buffer.error());
  PacketContext context((*reader)->link_type(), run.layer, std::move(*buffer));
  vm::Event event;
  CapturedPacket packet;
  while (!stop.load(std::memory_order_relaxed)) {
    const Result<bool> more = (*reader)->next(packet);
    if (!more) outcome.trouble = more.error();
    if (!more || !*more) break;
    if (!context.show(packet, event)) {
      outcome.counts.left_out++;
      continue;
    }
    outcome.counts.seen++;
    const Filtered filtered = filter(event);
    for (const SentPacket &sent : filtered.sent) outputs.send(packet, sent);
    outcome.counts.redirected += filtered.sent.size();
    const auto result = static_cast<uint32_t>(filtered.kept);
    if (result == 0) {
      outcome.counts.dropped++;
      outputs.write(packet, false, filtered.verdicts);
      continue;
    }
    outcome.counts.passed++;
    if (context.is_changed()) {
      outcome.counts.changed++;
      packet.bytes = context.changed_bytes(packet);
      packet.wire_length = static_cast<uint32_t>(packet.bytes.size());
    } else {
      const uint32_t kept = context.kept_in_file(packet, result);
      if (kept < packet.bytes.size()) outcome.counts.truncated++;
      packet.bytes = packet.bytes.first(kept);
    }
    outputs.write(packet, true, filtered.verdicts);
  }
  if (Result<void> written = outputs.commit(); !written) return std::unexpected(written.error());
  return outcome;
}

Result<LonePacket> read_captured_packet(const std::string &path, uint64_t number) {
  auto reader = PcapReader::open(path);
  if (!reader) return std::unexpected(reader.error());
  if (!PacketContext::knows((*reader)->link_type()))
    return unsupported_error("{}: packets of link type {} cannot be shown to a program", path,
                             (*reader)->link_type_name());
  CapturedPacket packet;
  for (uint64_t i = 1;; i++) {
    const auto more = (*reader)->next(packet);
    if (!more) return std::unexpected(more.error());
    if (!*more) return usage_error("{} has {} packets, there is no #{}", path, i - 1, number);
    if (i == number) break;
  }
  return LonePacket{{packet.bytes.begin(), packet.bytes.end()}, (*reader)->link_type()};
}

}  // namespace spile::hooks
