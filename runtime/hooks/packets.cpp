#include "runtime/hooks/packets.h"

#include "runtime/hooks/pcap_reader.h"
#include "runtime/hooks/pcap_writer.h"

namespace spile::hooks {

Result<PacketOutcome> filter_packets(PacketRun run, const std::function<uint64_t(const vm::Event &)> &filter,
                                     const std::atomic<bool> &stop) {
  const std::string path = run.input.path();
  Result<std::unique_ptr<PcapReader>> reader = PcapReader::open(std::move(run.input));
  if (!reader) return std::unexpected(reader.error());
  if (!PacketContext::knows((*reader)->link_type()))
    return unsupported_error(
        "`{}` holds packets of link type {}; Ethernet, raw IP and Linux cooked captures can be read", path,
        (*reader)->link_type_name());
  std::unique_ptr<PcapWriter> writer;
  if (!run.pass.empty()) {
    auto created = PcapWriter::create(
        run.pass, {(*reader)->link_type(), (*reader)->snapshot_length(), (*reader)->has_nanoseconds()});
    if (!created) return std::unexpected(created.error());
    writer = std::move(*created);
  }

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
    context.show(packet, event);
    outcome.counts.seen++;
    const uint32_t result = static_cast<uint32_t>(filter(event));
    if (result == 0) {
      outcome.counts.dropped++;
      continue;
    }
    outcome.counts.passed++;
    if (context.is_changed()) {
      outcome.counts.changed++;
      packet.bytes = context.changed_bytes(packet);
      packet.wire_length = static_cast<uint32_t>(packet.bytes.size());
      if (writer != nullptr) writer->write(packet);
      continue;
    }
    const uint32_t kept = context.kept_in_file(packet, result);
    if (kept < packet.bytes.size()) outcome.counts.truncated++;
    packet.bytes = packet.bytes.first(kept);
    if (writer != nullptr) writer->write(packet);
  }
  if (writer != nullptr)
    if (Result<void> written = writer->commit(); !written) return std::unexpected(written.error());
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
