#include "runtime/hooks/pcap_reader.h"

#include <pcap/pcap.h>

#include <cstdio>
#include <cstring>

#include "runtime/hooks/dynamic_library.h"

namespace spile::hooks {

namespace {

// Of a classic capture file with times in microseconds, in either byte order.
constexpr uint32_t kMicrosecondMagic = 0xa1b2c3d4;

}  // namespace

// The functions of libpcap that are used, found by name at run time.
struct PcapReader::Library : DynamicLibrary {
  decltype(&::pcap_fopen_offline_with_tstamp_precision) fopen_offline = nullptr;
  decltype(&::pcap_next_ex) next_ex = nullptr;
  decltype(&::pcap_datalink) datalink = nullptr;
  decltype(&::pcap_datalink_val_to_name) datalink_name = nullptr;
  decltype(&::pcap_snapshot) snapshot = nullptr;
  decltype(&::pcap_geterr) geterr = nullptr;
  decltype(&::pcap_close) close = nullptr;

  bool load() {
    // Debian's name for every 1.x, and its own.
    return (open_library("libpcap.so.0.8") || open_library("libpcap.so.1")) &&
           find(fopen_offline, "pcap_fopen_offline_with_tstamp_precision") && find(next_ex, "pcap_next_ex") &&
           find(datalink, "pcap_datalink") && find(datalink_name, "pcap_datalink_val_to_name") &&
           find(snapshot, "pcap_snapshot") && find(geterr, "pcap_geterr") && find(close, "pcap_close");
  }
};

Result<std::unique_ptr<PcapReader>> PcapReader::open(const std::string &path) {
  auto bytes = ByteStream::open(path);
  if (!bytes) return std::unexpected(bytes.error());
  return open(std::move(*bytes));
}

Result<std::unique_ptr<PcapReader>> PcapReader::open(ByteStream bytes) {
  const std::string path = bytes.path();
  std::unique_ptr<PcapReader> reader(new PcapReader);
  uint32_t magic = 0;
  const auto begin = bytes.look(sizeof magic);
  if (!begin) return std::unexpected(begin.error());
  if (begin->empty()) return input_error("`{}` is empty: it is not a capture file", path);
  std::memcpy(&magic, begin->data(), begin->size());
  Result<ByteStream::File> opened = std::move(bytes).as_file();
  if (!opened) return std::unexpected(opened.error());
  ByteStream::File file = std::move(*opened);

  reader->path_ = path;
  // libpcap reads each packet on its own; the C library's buffer has 4 KiB.
  constexpr size_t kBuffer = size_t{256} << 10;
  reader->buffer_ = std::make_unique_for_overwrite<char[]>(kBuffer);
  std::setvbuf(file.get(), reader->buffer_.get(), _IOFBF, kBuffer);
  reader->library_ = std::make_unique<Library>();
  Library &library = *reader->library_;
  if (!library.load())
    return std::unexpected(Error{Error::Kind::Environment,
                                 fmt::format("reading `{}` needs libpcap, which cannot be opened", path),
                                 "install the package `libpcap0.8`", 0});
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t *capture = library.fopen_offline(file.get(), PCAP_TSTAMP_PRECISION_NANO, message);
  if (capture == nullptr) return input_error("`{}` is not a capture file that libpcap reads: {}", path, message);
  reader->capture_ = capture;
  [[maybe_unused]] std::FILE *const closed_by_capture = file.release();
  reader->link_type_ = library.datalink(capture);
  reader->snapshot_length_ = static_cast<uint32_t>(library.snapshot(capture));
  reader->has_nanoseconds_ = magic != kMicrosecondMagic && magic != __builtin_bswap32(kMicrosecondMagic);
  return reader;
}

PcapReader::~PcapReader() {
  if (capture_ != nullptr) library_->close(static_cast<pcap_t *>(capture_));
}

std::string PcapReader::link_type_name() const {
  const char *name = library_->datalink_name(link_type_);
  return name != nullptr ? name : fmt::format("{}", link_type_);
}

Result<bool> PcapReader::next(CapturedPacket &packet) {
  pcap_t *capture = static_cast<pcap_t *>(capture_);
  pcap_pkthdr *header = nullptr;
  const u_char *bytes = nullptr;
  const int got = library_->next_ex(capture, &header, &bytes);
  if (got == PCAP_ERROR_BREAK) return false;
  if (got != 1) return input_error("`{}`: {}", path_, library_->geterr(capture));
  packet.time_ns = static_cast<uint64_t>(header->ts.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(header->ts.tv_usec);
  packet.bytes = {reinterpret_cast<const std::byte *>(bytes), header->caplen};
  packet.wire_length = header->len;
  return true;
}

}  // namespace spile::hooks
