#include "lang-spec/tables/tracepoints.h"

#include <algorithm>
#include <array>

#include "lang-spec/tables/syscalls.h"

namespace spile::tables {

namespace {
constexpr std::string_view kRows[] = {
#define SPILE_TRACEPOINT(category, event, record) #category "/" #event " " #record "\n",
#include "lang-spec/tables/tracepoints.def"
};
constexpr size_t total_length() {
  size_t length = 0;
  for (const std::string_view row : kRows) length += row.size();
  return length;
}
// One text, because 1,600 addresses of rows would be relocated whenever a process starts.
constexpr auto kText = [] {
  std::array<char, total_length()> text{};
  auto *to = text.begin();
  for (const std::string_view row : kRows) to = std::ranges::copy(row, to).out;
  return text;
}();
constexpr std::string_view kTracepoints(kText.data(), kText.size());

constexpr std::string_view kSyscalls = "syscalls/";

// What stands behind [name] in the row where it stands between [before] and a space.
std::string_view find_record(std::string_view name, char before) {
  for (size_t at = kTracepoints.find(name); at < kTracepoints.size(); at = kTracepoints.find(name, at + 1)) {
    const size_t end = at + name.size();
    const char found = at == 0 ? '\n' : kTracepoints[at - 1];
    if (found == before && kTracepoints[end] == ' ')
      return kTracepoints.substr(end + 1, kTracepoints.find('\n', end) - end - 1);
  }
  return {};
}
}  // namespace

void for_each_tracepoint(const std::function<void(std::string_view name, std::string_view record)> &visit) {
  for (size_t at = 0; at < kTracepoints.size();) {
    const size_t space = kTracepoints.find(' ', at), end = kTracepoints.find('\n', space);
    visit(kTracepoints.substr(at, space - at), kTracepoints.substr(space + 1, end - space - 1));
    at = end + 1;
  }
}

std::string_view tracepoint_record_of_event(std::string_view event) { return find_record(event, '/'); }

std::string_view tracepoint_record(std::string_view name) {
  if (name.starts_with(kSyscalls)) {
    const std::string_view event = name.substr(kSyscalls.size());
    for (const std::string_view way : {"sys_enter", "sys_exit"})
      if (event.starts_with(way) && event.size() > way.size() + 1 &&
          find_syscall(event.substr(way.size() + 1)) != nullptr)
        return way;
    return {};
  }
  return find_record(name, '\n');
}

}  // namespace spile::tables
