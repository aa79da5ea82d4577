// Breakpoints: probes in the code of traced processes, by int3.
//
//   exec, mmap of code ──► the places of the wanted files ──► int3 ──► stop ──► Hit ──► on by the slot (displaced.h)
//
// One set of breakpoints for each address space; threads share it, a forked child gets a copy with the memory. An
// instruction under a breakpoint runs in a slot: 64 bytes of a page that the process is made to map near its code, when
// the first breakpoint there is hit. A breakpoint stays where it is from its insertion on, so no thread slips past.
//
// Returns: what a function returns to gets a breakpoint of its own, and the thread remembers the call by its stack
// pointer. The stack is not touched: exceptions, longjmp(), shadow stacks and backtraces go on working, and of the
// calls that a longjmp() leaves nothing is reported.
//
// Signals: int3 makes the kernel unblock SIGTRAP, and forget a handler for it, where a thread blocks or ignores it.
// x86-64.
#pragma once

#include <sys/user.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/hooks/displaced.h"
#include "runtime/hooks/user_probe.h"
#include "support/result.h"

namespace spile::hooks {

class Breakpoints {
 public:
  // A thread has come to a place of a probe. Its registers are as the kernel's uprobes show them: the instruction
  // pointer is that of the place, behind a return that which the function has returned to.
  struct Hit {
    pid_t tid = 0;
    uint32_t probe = 0;
    uint32_t place = 0;        // of the probe's
    uint64_t function = 0;     // its address
    uint64_t stop = 0;         // the same for all hits of one stop
    bool is_at_entry = false;  // nothing has been pushed since the call
    const user_regs_struct *regs = nullptr;
  };
  using Sink = std::function<void(const Hit &hit)>;
  // Something ended (or was killed) while it was made to map memory: its status, as of waitpid().
  using Ended = std::function<void(pid_t tid, int status)>;

  // Error: no decoder of instructions.
  static Result<std::unique_ptr<Breakpoints>> make(std::vector<UserProbe> probes, Sink sink, Ended ended);
  ~Breakpoints();

  // All take threads that stand still.
  void program_changed(pid_t tid);
  // From now on libraries that the process opens are seen by a breakpoint in its loader, where no stops at mmap() tell.
  void watch_loader(pid_t tid);
  void inherited(pid_t parent, pid_t child, bool is_thread);
  // The child of one that was killed before it could tell: most likely the last that is gone.
  void orphaned(pid_t child);
  void gone(pid_t tid);
  // A stop at mmap()'s entry; true: its exit is to be told too. Only code of files counts.
  bool mapping(pid_t tid, uint64_t length, uint64_t protection, uint64_t flags, int fd, uint64_t offset);
  void mapped(pid_t tid, int64_t result);
  // At a stop for SIGTRAP: whether a breakpoint of ours caused it, which has been dealt with then.
  bool trapped(pid_t tid);
  // At a stop for [signal], which will be delivered. One that an instruction in a slot has caused is to be seen where
  // the instruction stands; when that is tried again it is another hit, as in the kernel.
  void interrupted(pid_t tid, int signal);
  // Takes all breakpoints out of the address space of [tid], which will not be traced any more.
  void remove(pid_t tid);

  uint64_t breakpoint_count() const { return inserted_; }
  // Sentences about what could not be had; taken out.
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }

 private:
  // What a place of a probe is, in an address space.
  struct Wanted {
    uint32_t probe = 0, place = 0;
  };
  struct Slot {
    uint64_t address = 0;
    Displaced code;
  };
  struct Site {
    std::array<std::byte, 8> original{};  // the word that begins here
    std::vector<Wanted> wanted;
    bool is_loader = false;  // the loader comes here when it has changed what is mapped
    bool is_return = false;  // calls that are remembered may come back here
    bool is_function_start = false;
    std::shared_ptr<const Slot> slot;  // null: not hit yet
  };
  // A piece of memory that the process was made to map.
  struct Room {
    uint64_t start = 0;
    size_t used = 0;  // slots
  };
  struct AddressSpace {
    std::unordered_map<uint64_t, Site> sites;
    std::vector<Room> rooms;
    std::map<uint64_t, uint64_t> slots;                            // slot -> site
    std::map<std::pair<uint64_t, uint64_t>, uint64_t> semaphores;  // (probe, place) -> address of what was counted up
    uint64_t syscall_insn = 0;                                     // in the vDSO; 0: not looked for yet
  };
  // A call whose return is awaited.
  struct Call {
    uint64_t stack = 0;  // the stack pointer behind the return
    uint64_t returns_to = 0, function = 0;
    uint32_t probe = 0, place = 0;
  };
  struct Mapping {
    uint64_t length = 0, offset = 0;
    std::vector<uint32_t> probes;  // of whose file it is
  };
  struct Thread {
    std::shared_ptr<AddressSpace> space;
    std::vector<Call> calls;
    std::optional<Mapping> mapping;
  };

  Breakpoints(std::vector<UserProbe> probes, Sink sink, Ended ended, Displacer displacer);
  std::vector<uint32_t> probes_of(const std::string &path) const;
  void look_through(pid_t tid);
  void look_again(pid_t tid, AddressSpace &space);
  void insert_all(pid_t tid, AddressSpace &space, std::span<const uint32_t> probes, uint64_t start, uint64_t length,
                  uint64_t offset);
  Site *insert(pid_t tid, AddressSpace &space, uint64_t address, bool is_return);
  void count_semaphore(pid_t tid, AddressSpace &space, Wanted wanted, uint64_t address);
  void call_begins(pid_t tid, Thread &thread, const Wanted &wanted, const user_regs_struct &regs);
  void calls_return(pid_t tid, Thread &thread, const user_regs_struct &regs);
  static void forget_below(Thread &thread, size_t first, uint64_t stack);
  std::shared_ptr<const Slot> slot_of(pid_t tid, AddressSpace &space, uint64_t address, Site &site,
                                      const user_regs_struct &regs);
  uint64_t room_near(pid_t tid, AddressSpace &space, uint64_t address, const user_regs_struct &regs);
  uint64_t map_room(pid_t tid, AddressSpace &space, uint64_t address, const user_regs_struct &regs);
  void give_up(pid_t tid, AddressSpace &space, uint64_t address, const std::string &why);

  std::vector<UserProbe> probes_;
  Sink sink_;
  Ended ended_;
  Displacer displacer_;
  std::unordered_map<pid_t, Thread> threads_;
  Thread last_gone_;
  uint64_t inserted_ = 0, stops_ = 0;
  std::chrono::milliseconds waited_{};  // for others to take theirs out
  std::vector<std::string> notices_;
};

}  // namespace spile::hooks
