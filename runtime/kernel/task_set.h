// TaskSet: the tasks that a run is about, known to the kernel: a command, or a process, and all that they start.
//
//   gate(), at the beginning of a program:  r0 = tids[bpf_get_current_pid_tgid()]; if (!r0) return 0;
//   three programs of ours keep the set:    sched_process_fork adds, _exec renames (a thread that executes becomes the
//                                           leader), _exit removes
//
// A set is of threads. Numbers are those of the first PID namespace.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/isa/insn.h"
#include "runtime/kernel/tracefs.h"
#include "support/file.h"
#include "support/result.h"

namespace spile::kernel {

class TaskSet {
 public:
  // As many threads as can live at a time by default (kernel.pid_max). What is beyond is not followed.
  static constexpr uint32_t kMaxTasks = 32768;

  static Result<TaskSet> make();

  // What a program begins with that is to see these tasks alone. Uses bytes -4 to -1 of its stack.
  std::vector<isa::Insn> gate() const;

  // From here on what the tasks start is added, and what ends removed. After the programs of the run were attached:
  // those that hang on sched_process_exit then see a task before it is removed.
  Result<void> follow();

  Result<void> add(uint32_t tid);
  // All threads of a process that runs; Environment error when there is none.
  Result<void> add_process(uint32_t pid);
  std::vector<uint32_t> tids() const;

 private:
  explicit TaskSet(Fd map) : map_(std::move(map)) {}
  Result<void> track(const Tracefs &tracefs, std::string_view tracepoint, std::vector<isa::Insn> code);

  Fd map_;
  std::vector<Fd> trackers_;  // programs, and the events that they hang on
};

}  // namespace spile::kernel
