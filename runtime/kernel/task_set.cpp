#include "runtime/kernel/task_set.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "runtime/kernel/code.h"

namespace spile::kernel {

namespace {

using isa::Insn;

constexpr int32_t kLookup = BPF_FUNC_map_lookup_elem, kUpdate = BPF_FUNC_map_update_elem,
                  kDelete = BPF_FUNC_map_delete_elem, kPidTgid = BPF_FUNC_get_current_pid_tgid;
constexpr uint8_t kFrame = isa::kFramePointer;
constexpr int16_t kKey = -4, kNewKey = -8, kValue = -12;  // on the stack

// r0 = the set's element for the key at [key]
std::vector<Insn> find(int map, int16_t key) {
  return {code::map_address(1, map), code::wide(0), code::mov(2, kFrame), code::alu_imm(isa::ADD, 2, key),
          code::call(kLookup)};
}

// The set gets what lies at kNewKey.
std::vector<Insn> add_new(int map) {
  return {code::store32_imm(kFrame, kValue, 1),
          code::map_address(1, map),
          code::wide(0),
          code::mov(2, kFrame),
          code::alu_imm(isa::ADD, 2, kNewKey),
          code::mov(3, kFrame),
          code::alu_imm(isa::ADD, 3, kValue),
          code::mov_imm(4, BPF_ANY),
          code::call(kUpdate)};
}

// PROC_PID_INIT_INO of the kernel.
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;

void append(std::vector<Insn> &to, const std::vector<Insn> &what) { to.insert(to.end(), what.begin(), what.end()); }

std::vector<Insn> returning() { return {code::mov_imm(0, 0), code::exit()}; }

// `if r0 is null, leave`, in front of what else is to be done.
void append_if_found(std::vector<Insn> &to, const std::vector<Insn> &what) {
  to.push_back(code::jump_imm(isa::JEQ, 0, 0, static_cast<int16_t>(what.size())));
  append(to, what);
  append(to, returning());
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
  Descriptor map(
      ::bpf_map_create(BPF_MAP_TYPE_HASH, "spile_tasks", sizeof(uint32_t), sizeof(uint32_t), kMaxTasks, &options));
  if (!map.is_open()) return os_error(errno, "a map of the tasks to watch");
  return TaskSet(std::move(map));
}

std::vector<Insn> TaskSet::gate() const {
  std::vector<Insn> made{code::mov(6, 1), code::call(kPidTgid), code::store32(kFrame, kKey, 0)};
  append(made, find(map_.get(), kKey));
  made.push_back(code::jump_imm(isa::JNE, 0, 0, 2));
  append(made, returning());
  made.push_back(code::mov(1, 6));
  return made;
}

Result<void> TaskSet::track(const Tracefs &tracefs, std::string_view tracepoint, std::vector<Insn> made) {
  Descriptor program(::bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "spile_follow", "GPL",
                                     reinterpret_cast<const bpf_insn *>(made.data()), made.size(), nullptr));
  if (!program.is_open()) return os_error(errno, fmt::format("a program that follows tasks at `{}`", tracepoint));
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

  const std::vector<Insn> current{code::mov(6, 1), code::call(kPidTgid), code::store32(kFrame, kKey, 0)};
  std::vector<Insn> fork = current;
  append(fork, find(map_.get(), kKey));
  std::vector<Insn> adding{code::load32(1, 6, *child), code::store32(kFrame, kNewKey, 1)};
  append(adding, add_new(map_.get()));
  append_if_found(fork, adding);

  std::vector<Insn> exec{code::mov(6, 1), code::load32(1, 6, *old_pid), code::store32(kFrame, kKey, 1)};
  append(exec, find(map_.get(), kKey));
  adding[0] = code::load32(1, 6, *pid);
  append_if_found(exec, adding);

  std::vector<Insn> exit = current;
  append(exit, {code::map_address(1, map_.get()), code::wide(0), code::mov(2, kFrame), code::alu_imm(isa::ADD, 2, kKey),
                code::call(kDelete)});
  append(exit, returning());

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
      uint32_t tid = 0;
      const char *end = entry->d_name + std::strlen(entry->d_name);
      if (std::from_chars(entry->d_name, end, tid).ec != std::errc()) continue;
      if (auto added = add(tid); !added) return added;
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
