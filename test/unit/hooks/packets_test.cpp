#include "runtime/hooks/packets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <pcap/dlt.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "runtime/hooks/pcap_writer.h"

namespace spile::hooks {
namespace {

struct PacketTest : testing::Test {
  PacketTest() {
    char path[] = "/tmp/spile-packets-XXXXXX";
    folder = ::mkdtemp(path);
  }
  ~PacketTest() override { std::filesystem::remove_all(folder); }

  struct Given {
    std::vector<uint8_t> bytes;
    uint64_t time_ns = 1'000'000'000;
    uint32_t wire_length = 0;  // 0: as captured
  };
  std::string capture(const std::vector<Given> &packets, int link_type = DLT_EN10MB, bool nanoseconds = false) {
    const std::string path = folder + "/in.pcap";
    auto writer = PcapWriter::create(path, {link_type, 262144, nanoseconds}).value();
    for (const Given &given : packets)
      writer->write({given.time_ns, std::as_bytes(std::span(given.bytes)),
                     given.wire_length != 0 ? given.wire_length : static_cast<uint32_t>(given.bytes.size())});
    EXPECT_TRUE(writer->commit());
    return path;
  }
  struct Files {
    std::string input, pass;
    Layer layer;
  };
  using Filter = std::function<uint64_t(const vm::Event &)>;
  static Result<PacketOutcome> try_filter(const Files &files, const Filter &function) {
    const std::atomic<bool> never{false};
    auto input = ByteStream::open(files.input);
    if (!input) return std::unexpected(input.error());
    const auto judged = [&](const vm::Event &event) { return Filtered{function(event), {}}; };
    return filter_packets({std::move(*input), files.pass, {}, {}, {}, files.layer}, judged, never);
  }
  static PacketOutcome filter(const Files &files, const Filter &function) {
    auto outcome = try_filter(files, function);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(PacketOutcome{});
  }
  static const __sk_buff &skb(const vm::Event &event) { return *reinterpret_cast<const __sk_buff *>(event.ctx.data()); }

  std::string folder;
};

std::vector<uint8_t> ethernet(uint16_t protocol, std::vector<uint8_t> payload, uint8_t first = 2) {
  std::vector<uint8_t> bytes{first, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, uint8_t(protocol >> 8), uint8_t(protocol)};
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

TEST_F(PacketTest, TheContextDescribesThePacket) {
  std::vector<Given> given{{ethernet(0x0800, {0x45, 1, 2, 3}), 5'000'000'123, 1500}};
  const PacketOutcome outcome = filter({capture(given, DLT_EN10MB, true), "", Layer::Link}, [](const vm::Event &event) {
    EXPECT_EQ(event.ctx.size(), 192u);
    EXPECT_EQ(skb(event).len, 1500u);
    EXPECT_EQ(skb(event).protocol, htons(0x0800));
    EXPECT_EQ(skb(event).pkt_type, uint32_t{PACKET_HOST});
    EXPECT_EQ(event.packet->data.size(), 18u);
    EXPECT_EQ(event.packet->network_offset, 14u);
    EXPECT_EQ(event.time_ns, 5'000'000'123u);
    return ~0ull;
  });
  EXPECT_EQ(outcome.counts.passed, 1u);
  EXPECT_FALSE(outcome.trouble);
}

TEST_F(PacketTest, DestinationsTellThePacketType) {
  std::vector<uint32_t> types;
  std::vector<uint8_t> broadcast = ethernet(0x0806, {});
  std::fill_n(broadcast.begin(), 6, uint8_t{0xff});
  filter({capture({{broadcast}, {ethernet(0x0800, {}, 1)}, {ethernet(0x0800, {}, 2)}}), "", Layer::Link},
         [&](const vm::Event &event) { return types.push_back(skb(event).pkt_type), 1; });
  EXPECT_EQ(types, (std::vector<uint32_t>{PACKET_BROADCAST, PACKET_MULTICAST, PACKET_HOST}));
}

TEST_F(PacketTest, AVlanTagStaysInTheBytesAndFillsItsFields) {
  filter({capture({{ethernet(0x8100, {0x01, 0x23, 0x86, 0xdd, 0x60})}}), "", Layer::Link}, [](const vm::Event &event) {
    EXPECT_EQ(skb(event).vlan_present, 1u);
    EXPECT_EQ(skb(event).vlan_tci, 0x123u);
    EXPECT_EQ(skb(event).vlan_proto, htons(0x8100));
    EXPECT_EQ(skb(event).protocol, htons(0x86dd));
    EXPECT_EQ(event.packet->network_offset, 18u);
    EXPECT_EQ(event.packet->data.size(), 19u);
    return 0;
  });
}

TEST_F(PacketTest, RawAndCookedCapturesGetAnEthernetHeader) {
  const std::vector<uint8_t> ip{0x45, 0, 0, 20};
  std::vector<uint8_t> cooked{0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0x08, 0x00};
  cooked.insert(cooked.end(), ip.begin(), ip.end());
  for (const auto &[link_type, bytes, skipped] :
       {std::tuple{DLT_RAW, ip, 0u}, std::tuple{DLT_LINUX_SLL, cooked, 16u}}) {
    filter({capture({{bytes}}, link_type), "", Layer::Link}, [&](const vm::Event &event) {
      EXPECT_EQ(event.packet->data.size(), 18u);
      EXPECT_EQ(event.packet->data[12], std::byte{0x08});
      EXPECT_EQ(event.packet->data[14], std::byte{0x45});
      EXPECT_EQ(skb(event).protocol, htons(0x0800));
      EXPECT_EQ(skb(event).len, 18u);
      return 1;
    });
    filter({capture({{bytes}}, link_type), "", Layer::Network}, [&](const vm::Event &event) {
      EXPECT_EQ(event.packet->data.size(), 4u);
      EXPECT_EQ(event.packet->network_offset, 0u);
      return 1;
    });
  }
}

TEST_F(PacketTest, TheResultDropsTruncatesOrPasses) {
  const std::string out = folder + "/out.pcap";
  std::vector<Given> given;
  for (uint8_t i = 0; i < 4; i++) given.push_back({ethernet(0x0800, std::vector<uint8_t>(50, i)), 1'000'123'000u + i});
  const uint64_t results[] = {0, 20, 0xffffffff, 0x1'0000'0000};
  size_t next = 0;
  const PacketOutcome outcome =
      filter({capture(given), out, Layer::Link}, [&](const vm::Event &) { return results[next++]; });
  EXPECT_EQ(outcome.counts.seen, 4u);
  EXPECT_EQ(outcome.counts.passed, 2u);
  EXPECT_EQ(outcome.counts.truncated, 1u);
  EXPECT_EQ(outcome.counts.dropped, 2u) << "only the low half of the result counts";

  auto reader = PcapReader::open(out).value();
  EXPECT_FALSE(reader->has_nanoseconds());
  EXPECT_EQ(reader->snapshot_length(), 262144u);
  CapturedPacket packet;
  ASSERT_TRUE(reader->next(packet).value());
  EXPECT_EQ(packet.bytes.size(), 20u);
  EXPECT_EQ(packet.wire_length, 64u);
  EXPECT_EQ(packet.time_ns, 1'000'123'000u);
  ASSERT_TRUE(reader->next(packet).value());
  EXPECT_EQ(packet.bytes.size(), 64u);
  EXPECT_FALSE(reader->next(packet).value());
}

TEST_F(PacketTest, TruncationCountsFromTheLayerShown) {
  const std::string out = folder + "/out.pcap";
  filter({capture({{ethernet(0x0800, std::vector<uint8_t>(50))}}), out, Layer::Network},
         [](const vm::Event &) { return 20; });
  auto reader = PcapReader::open(out).value();
  CapturedPacket packet;
  ASSERT_TRUE(reader->next(packet).value());
  EXPECT_EQ(packet.bytes.size(), 34u);
}

TEST_F(PacketTest, ShortPacketsAreShownAsTheyAre) {
  std::vector<Given> given;
  for (size_t size : {0, 1, 13, 14}) given.push_back({std::vector<uint8_t>(size), 1, 60});
  for (const int link_type : {DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL, DLT_LINUX_SLL2})
    for (const Layer layer : {Layer::Link, Layer::Network}) {
      const PacketOutcome outcome =
          filter({capture(given, link_type), folder + "/out.pcap", layer}, [](const vm::Event &) { return 1; });
      EXPECT_EQ(outcome.counts.passed, 4u);
    }
}

TEST_F(PacketTest, ACutOffCaptureIsFilteredAsFarAsItGoes) {
  const std::string in = capture({{ethernet(0x0800, {1, 2, 3})}, {ethernet(0x0800, {4, 5, 6})}});
  std::filesystem::resize_file(in, std::filesystem::file_size(in) - 2);
  const std::string out = folder + "/out.pcap";
  const PacketOutcome outcome = filter({in, out, Layer::Link}, [](const vm::Event &) { return 1; });
  EXPECT_EQ(outcome.counts.passed, 1u);
  ASSERT_TRUE(outcome.trouble);
  EXPECT_NE(outcome.trouble->message.find("in.pcap"), std::string::npos);
  EXPECT_EQ(PcapReader::open(out).value()->link_type(), DLT_EN10MB);
}

TEST_F(PacketTest, WhatIsNotACaptureIsRefusedAndNothingIsWritten) {
  const auto keep = [](const vm::Event &) { return 1; };
  const std::string in = folder + "/in.pcap", out = folder + "/out.pcap";
  EXPECT_EQ(try_filter({in, out, Layer::Link}, keep).error().kind, Error::Kind::Environment);
  for (const char *text : {"", "x", "this is not a capture file at all"}) {
    std::ofstream(in) << text;
    EXPECT_EQ(try_filter({in, out, Layer::Link}, keep).error().kind, Error::Kind::Input) << text;
  }
  EXPECT_FALSE(try_filter({folder, out, Layer::Link}, keep));
  EXPECT_FALSE(try_filter({capture({}, DLT_USB_LINUX), out, Layer::Link}, keep));
  EXPECT_FALSE(try_filter({capture({}), folder + "/no/out.pcap", Layer::Link}, keep));
  size_t files = 0;
  for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(folder)) files++;
  EXPECT_EQ(files, 1u) << "in.pcap";
}

TEST_F(PacketTest, TheOutputMayBeTheInput) {
  const std::string in = capture({{ethernet(0x0800, {1})}, {ethernet(0x0806, {2})}});
  filter({in, in, Layer::Link}, [](const vm::Event &event) { return skb(event).protocol == htons(0x0806); });
  auto reader = PcapReader::open(in).value();
  CapturedPacket packet;
  EXPECT_TRUE(reader->next(packet).value());
  EXPECT_FALSE(reader->next(packet).value());
}

TEST_F(PacketTest, PcapngIsRead) {
  // Section header, interface description (Ethernet, microseconds), one enhanced packet of 60 bytes.
  std::vector<uint32_t> words{0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28,        1,  20, 1,
                              65535,      20, 6,          32 + 60,    0,          0,          1'500'000, 60, 60};
  words.resize(words.size() + 15);
  words.push_back(32 + 60);
  std::ofstream(folder + "/in.pcapng", std::ios::binary)
      .write(reinterpret_cast<const char *>(words.data()), static_cast<std::streamsize>(words.size() * 4));
  const PacketOutcome outcome = filter({folder + "/in.pcapng", "", Layer::Link}, [](const vm::Event &event) {
    EXPECT_EQ(event.time_ns, 1'500'000'000u);
    EXPECT_EQ(event.packet->data.size(), 60u);
    return 1;
  });
  EXPECT_EQ(outcome.counts.passed, 1u);
  EXPECT_FALSE(outcome.trouble) << outcome.trouble->message;
}

}  // namespace
}  // namespace spile::hooks
