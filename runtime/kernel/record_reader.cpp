#include "runtime/kernel/record_reader.h"

#include <bpf/libbpf.h>

#include <cerrno>

namespace spile::kernel {

// Of each CPU's perf buffer, as libbpf's own tools have it.
constexpr size_t kPerfPages = 64;

RecordReader::RecordReader() = default;

RecordReader::~RecordReader() {
  if (rings_ != nullptr) ::ring_buffer__free(rings_);
  for (perf_buffer *buffer : perf_) ::perf_buffer__free(buffer);
}

int RecordReader::take_ring(void *source, void *data, size_t size) {
  static_cast<const Source *>(source)->take({static_cast<const std::byte *>(data), size});
  return 0;
}

void RecordReader::take_perf(void *source, int, void *data, uint32_t size) {
  static_cast<const Source *>(source)->take({static_cast<const std::byte *>(data), size});
}

void RecordReader::lose_perf(void *source, int, unsigned long long count) {
  static_cast<const Source *>(source)->reader->lost_ += count;
}

Result<void> RecordReader::add_ring(int map_fd, Take take) {
  sources_.push_back(std::make_unique<Source>(this, std::move(take)));
  int error = 0;
  if (rings_ != nullptr)
    error = ::ring_buffer__add(rings_, map_fd, take_ring, sources_.back().get());
  else if (rings_ = ::ring_buffer__new(map_fd, take_ring, sources_.back().get(), nullptr); rings_ == nullptr)
    error = -errno;
  if (error != 0) return os_error(-error, "a ring buffer of the kernel cannot be read");
  return {};
}

Result<void> RecordReader::add_perf(int map_fd, Take take) {
  sources_.push_back(std::make_unique<Source>(this, std::move(take)));
  perf_buffer *made = ::perf_buffer__new(map_fd, kPerfPages, take_perf, lose_perf, sources_.back().get(), nullptr);
  if (made == nullptr) return os_error(errno, "a perf event array of the kernel cannot be read");
  perf_.push_back(made);
  return {};
}

void RecordReader::consume() {
  if (rings_ != nullptr) ::ring_buffer__consume(rings_);
  for (perf_buffer *buffer : perf_) ::perf_buffer__consume(buffer);
}

std::vector<int> RecordReader::poll_fds() const {
  std::vector<int> fds;
  if (rings_ != nullptr) fds.push_back(::ring_buffer__epoll_fd(rings_));
  for (perf_buffer *buffer : perf_) fds.push_back(::perf_buffer__epoll_fd(buffer));
  return fds;
}

}  // namespace spile::kernel
