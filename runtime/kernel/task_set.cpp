#include "runtime/kernel/task_set.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <memory>

#include "backend/isa/builder.h"
#include "support/numbers.h"

namespace spile::kernel {

namespace {

using isa::Insn;

constexpr int32_t kLookup = BPF_FUNC_map_lookup_elem, kUpdate = BPF_FUNC_map_update_elem,
                  kDelete = BPF_FUNC_map_delete_elem, kPidTgid = BPF_FUNC_get_current_pid_tgid;
constexpr uint8_t kFrame = isa::kFramePointer;
constexpr int16_t kKey = -4, kNewKey = -8, kValue = -12;  // on the stack

// PROC_PID_INIT_INO of the kernel.
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;

std::array<Insn, 2> address_of(uint8_t dst, int map) { return isa::lddw_pseudo(dst, isa::kPseudoMapFd, map); }

// The context into r6, the current task's thread to kKey.
std::vector<Insn> current_task() {
  return isa::sequence(isa::mov64_reg(6, 1), isa::call(kPidTgid), isa::store(isa::W, kFrame, kKey, 0));
}

// r0 = what [helper] says of the set's element at kKey
std::vector<Insn> call_with_key(int32_t helper, int map) {
  return isa::sequence(address_of(1, map), isa::mov64_reg(2, kFrame), isa::alu64(isa::ADD, 2, kKey), isa::call(helper));
}

// The set gets the thread at [offset] of the context.
std::vector<Insn> add_new(int map, int16_t offset) {
  return isa::sequence(isa::load(isa::W, 1, 6, offset), isa::store(isa::W, kFrame, kNewKey, 1),
                       isa::store_imm(isa::W, kFrame, kValue, 1), address_of(1, map), isa::mov64_reg(2, kFrame),
                       isa::alu64(isa::ADD, 2, kNewKey), isa::mov64_reg(3, kFrame), isa::alu64(isa::ADD, 3, kValue),
                       isa::mov64(4, BPF_ANY), isa::call(kUpdate));
}

std::vector<Insn> returning() { return isa::sequence(isa::mov64(0, 0), isa::exit()); }

// `if r0 is null, leave`, in front of what else is to be done.
std::vector<Insn> if_found(const std::vector<Insn> &what) {
  return isa::sequence(isa::branch64(isa::JEQ, 0, 0, static_cast<int16_t>(what.size())), what, returning());
}

}  // namespace

Result<TaskSet> TaskSet::make() {
  struct stat space{};
  if (::stat("/proc/self/ns/pid", &space) == 0 && space.st_ino != kFirstPidNamespace)
    return std::unexpected(Error{Error::Kind::Environment,
                                 "the kernel's events have the process ids of the whole machine, this process has not",
                                 "in a container, -c works with --on=ptrace", 0});
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_NO_PREALLOC;
  Fd map(::bpf_map_create(BPF_MAP_TYPE_HASH, "spile_tasks", sizeof(uint32_t), sizeof(uint32_t), kMaxTasks, &options));
  if (!map.valid()) return os_error(errno, "a map of the tasks to watch");
  return TaskSet(std::move(map));
}

std::vector<Insn> TaskSet::gate() const {
  return isa::sequence(current_task(), call_with_key(kLookup, map_.get()), isa::branch64(isa::JNE, 0, 0, 2),
                       returning(), isa::mov64_reg(1, 6));
}

Result<void> TaskSet::track(const Tracefs &tracefs, std::string_view tracepoint, std::vector<Insn> made) {
  Fd program(::bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "spile_follow", "GPL",
                             reinterpret_cast<const bpf_insn *>(made.data()), made.size(), nullptr));
  if (!program.valid()) return os_error(errno, fmt::format("a program that follows tasks at `{}`", tracepoint));
  auto event = open_tracepoint(tracefs, tracepoint);
  if (!event) return std::unexpected(event.error());
  if (::ioctl(event->get(), PERF_EVENT_IOC_SET_BPF, program.get()) != 0)
    return os_error(errno, fmt::format("tracepoint `{}`", tracepoint));
  trackers_.push_back(std::move(*event));
  trackers_.push_back(std::move(program));
  return {};
}

Result<void> TaskSet::follow() {
  const auto tracefs = Tracefs::open();
  if (!tracefs) return std::unexpected(tracefs.error());
  const auto child = tracefs->offset_of("sched/sched_process_fork", "child_pid");
  const auto pid = tracefs->offset_of("sched/sched_process_exec", "pid");
  const auto old_pid = tracefs->offset_of("sched/sched_process_exec", "old_pid");
  for (const auto *offset : {&child, &pid, &old_pid})
    if (!*offset) return std::unexpected(offset->error());

  const int map = map_.get();
  auto fork = isa::sequence(current_task(), call_with_key(kLookup, map), if_found(add_new(map, *child)));
  auto exec =
      isa::sequence(isa::mov64_reg(6, 1), isa::load(isa::W, 1, 6, *old_pid), isa::store(isa::W, kFrame, kKey, 1),
                    call_with_key(kLookup, map), if_found(add_new(map, *pid)));
  auto exit = isa::sequence(current_task(), call_with_key(kDelete, map), returning());
  if (auto done = track(*tracefs, "sched/sched_process_fork", std::move(fork)); !done) return done;
  if (auto done = track(*tracefs, "sched/sched_process_exec", std::move(exec)); !done) return done;
  return track(*tracefs, "sched/sched_process_exit", std::move(exit));
}

Result<void> TaskSet::add(uint32_t tid) {
  const uint32_t one = 1;
  if (::bpf_map_update_elem(map_.get(), &tid, &one, BPF_ANY) != 0)
    return os_error(errno, "the map of the tasks to watch");
  return {};
}

// Threads that are born meanwhile are born of one that is in the set already, or stand in the folder the next time.
Result<void> TaskSet::add_process(uint32_t pid) {
  const std::string folder = fmt::format("/proc/{}/task", pid);
  for (size_t known = 0, seen = 1; seen > known;) {
    known = tids().size();
    const std::unique_ptr<DIR, int (*)(DIR *)> tasks(::opendir(folder.c_str()), ::closedir);
    if (tasks == nullptr)
      return std::unexpected(Error{Error::Kind::Environment, fmt::format("there is no process {}", pid), {}, errno});
    while (const dirent *entry = ::readdir(tasks.get())) {
      const auto tid = whole_number<uint32_t>(entry->d_name);
      if (!tid) continue;
      if (auto added = add(*tid); !added) return added;
    }
    seen = tids().size();
  }
  return {};
}

std::vector<uint32_t> TaskSet::tids() const {
  std::vector<uint32_t> found;
  uint32_t key = 0, next = 0;
  for (int more = ::bpf_map_get_next_key(map_.get(), nullptr, &next); more == 0 && found.size() < kMaxTasks;
       more = ::bpf_map_get_next_key(map_.get(), &key, &next)) {
    key = next;
    found.push_back(key);
  }
  return found;
}

}  // namespace spile::kernel
