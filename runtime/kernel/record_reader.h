// RecordReader: what programs in the kernel send through ring buffers and perf event arrays.
//
// Records come in the order of each ring; those of a perf event array in the order of each CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "support/result.h"

struct ring_buffer;
struct perf_buffer;

namespace spile::kernel {

class RecordReader {
 public:
  using Take = std::function<void(std::span<const std::byte> record)>;

  RecordReader();
  ~RecordReader();
  RecordReader(const RecordReader &) = delete;
  RecordReader &operator=(const RecordReader &) = delete;

  // [map_fd]: a ring buffer's, or a perf event array's, which outlives this.
  Result<void> add_ring(int map_fd, Take take);
  Result<void> add_perf(int map_fd, Take take);

  // Hands over what waits.
  void consume();
  // Descriptors that become readable when something waits.
  std::vector<int> poll_fds() const;
  // Records that found no room in a perf event array's buffer.
  uint64_t lost() const { return lost_; }

 private:
  struct Source {
    RecordReader *reader;
    Take take;
  };
  static int take_ring(void *source, void *data, size_t size);
  static void take_perf(void *source, int cpu, void *data, uint32_t size);
  static void lose_perf(void *source, int cpu, unsigned long long count);

  std::vector<std::unique_ptr<Source>> sources_;
  ring_buffer *rings_ = nullptr;  // all of them
  std::vector<perf_buffer *> perf_;
  uint64_t lost_ = 0;
};

}  // namespace spile::kernel
