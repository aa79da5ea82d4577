#include "runtime/hooks/process_maps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace spile::hooks {

namespace {

// Below it nothing may be mapped without privileges (vm.mmap_min_addr).
constexpr uint64_t kLowest = 0x10000;
constexpr uint64_t kHighest = uint64_t{1} << 47;

std::string read_whole(const std::string &path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  for (size_t size = 0;;) {
    text.resize(size + 16384);
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    size += static_cast<size_t>(std::max<ssize_t>(got, 0));
    if (got <= 0) {
      text.resize(size);
      break;
    }
  }
  ::close(fd);
  return text;
}

uint64_t take_hex(std::string_view &line) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, 16);
  line.remove_prefix(std::min(static_cast<size_t>(end - line.data()) + 1, line.size()));  // and what follows
  return number;
}

}  // namespace

//     7f1c2a000000-7f1c2a022000 r-xp 00026000 fe:01 1234     /usr/lib/x86_64-linux-gnu/libc.so.6
std::vector<MappedRange> mapped_ranges(pid_t tid) {
  const std::string text = read_whole(fmt::format("/proc/{}/maps", tid));
  std::vector<MappedRange> ranges;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    MappedRange range;
    range.start = take_hex(line);
    range.end = take_hex(line);
    range.is_code = line.size() > 3 && line[2] == 'x';
    line.remove_prefix(std::min<size_t>(5, line.size()));
    range.file_offset = take_hex(line);
    for (int field = 0; field < 2; field++) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    const size_t path = line.find_first_not_of(' ');
    if (path != std::string_view::npos) range.path = line.substr(path);
    ranges.push_back(std::move(range));
  }
  return ranges;
}

std::vector<uint64_t> free_places(const std::vector<MappedRange> &ranges, uint64_t near, uint64_t size,
                                  uint64_t reach) {
  std::vector<uint64_t> places;
  uint64_t free = kLowest;
  std::string_view below;
  const auto add = [&](uint64_t end, std::string_view above) {
    if (end < free + size) return;
    if (end <= near && above != "[stack]") places.push_back(end - size);
    if (end > near && below != "[heap]" && above != "[stack]") places.push_back(free);
  };
  for (const MappedRange &range : ranges) {
    add(range.start, range.path);
    free = std::max(free, range.end);
    below = range.path;
  }
  if (free < kHighest) add(kHighest, "");
  const auto distance = [near](uint64_t place) { return place > near ? place - near : near - place; };
  std::erase_if(places, [&](uint64_t place) { return distance(place) > reach; });
  std::ranges::sort(places, {}, distance);
  return places;
}

}  // namespace spile::hooks
