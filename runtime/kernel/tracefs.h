// Tracefs: the kernel's own words about its tracepoints: their ids, and where the fields of their records lie.
//
// Where nobody has mounted it, it is mounted for this process alone, at no path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/file.h"
#include "support/result.h"

struct perf_event_attr;

namespace spile::kernel {

class Tracefs {
 public:
  // Environment error where this process may not see it.
  static Result<Tracefs> open();

  // All that the kernel has: "sched/sched_process_fork", ...
  Result<std::vector<std::string>> tracepoints() const;
  // What a record of it holds, behind the common fields: "pid_t child_pid", "__data_loc char[] filename".
  Result<std::vector<std::string>> fields(std::string_view tracepoint) const;
  // The same with where each lies: bytes from the record's beginning.
  struct Field {
    std::string declaration;
    uint32_t offset = 0, size = 0;
  };
  Result<std::vector<Field>> layout(std::string_view tracepoint) const;
  // [tracepoint]: "sched/sched_process_fork". Environment error, which names the nearest, when there is none.
  Result<uint64_t> id_of(std::string_view tracepoint) const;
  // Bytes from the record's beginning to a field of 4 bytes.
  Result<int16_t> offset_of(std::string_view tracepoint, std::string_view field) const;

 private:
  explicit Tracefs(Fd root) : root_(std::move(root)) {}
  Result<std::string> read(const std::string &path) const;
  Result<std::string> read(std::string_view tracepoint, std::string_view file) const;

  Fd root_;
};

// On one CPU, of all tasks; not open where the kernel refuses it (errno).
Fd open_perf_event(const perf_event_attr &attr, int cpu);
// An open perf event of the tracepoint, for programs to hang on.
Result<Fd> open_tracepoint(const Tracefs &tracefs, std::string_view tracepoint);

}  // namespace spile::kernel
