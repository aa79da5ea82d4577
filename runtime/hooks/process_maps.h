// What memory a process has mapped: /proc/<tid>/maps.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace spile::hooks {

struct MappedRange {
  uint64_t start = 0, end = 0;
  uint64_t file_offset = 0;
  bool is_code = false;
  std::string path;  // or a name as "[heap]"; empty: anonymous
};

// In the order of addresses; empty when the process is gone.
std::vector<MappedRange> mapped_ranges(pid_t tid);

// Where [size] bytes are free that are no more than [reach] away from [near], nearest first. Not where the stack or the
// heap would grow.
std::vector<uint64_t> free_places(const std::vector<MappedRange> &ranges, uint64_t near, uint64_t size, uint64_t reach);

}  // namespace spile::hooks
