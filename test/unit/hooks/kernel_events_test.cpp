// The same run of the same command, seen by our tracer and by the kernel's own tracepoints, gives the same events.
//
// Needs root for tracefs, which is mounted in a mount namespace of this process; recording goes to an instance of its
// own, so the machine's other traces are left alone.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>

#include "runtime/hooks/child.h"
#include "runtime/hooks/words.h"

namespace spile::hooks {
namespace {

// Events by thread, in their order: "sys_kill(pid: 12ab, sig: 9)", "sys_kill -> 0x0".
using Events = std::map<uint32_t, std::vector<std::string>>;

class KernelTrace {
 public:
  KernelTrace() {
    char path[] = "/tmp/spile-tracefs-XXXXXX";
    root_ = ::mkdtemp(path);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("none", root_.c_str(), "tracefs", 0, nullptr) != 0) return;
    mounted_ = true;
    instance_ = fmt::format("{}/instances/spile-test-{}", root_, ::getpid());
    usable_ =
        std::filesystem::create_directory(instance_, error_) && std::filesystem::exists(instance_ + "/set_event_pid");
  }
  ~KernelTrace() {
    if (!instance_.empty()) ::rmdir(instance_.c_str());
    if (mounted_) ::umount2(root_.c_str(), MNT_DETACH);
    ::rmdir(root_.c_str());
  }
  bool usable() const { return usable_; }
  std::string format_of(const std::string &event) const { return read(root_ + "/events/" + event + "/format"); }

  void begin(pid_t pid, const std::vector<std::string> &events) {
    write("options/event-fork", "1");
    write("set_event_pid", std::to_string(pid));
    for (const std::string &event : events) write("events/" + event + "/enable", "1");
  }
  Events end() {
    write("events/enable", "0");
    Events events;
    const std::string text = read(instance_ + "/trace");
    static const std::regex line(R"(-(\d+)\s+\[\d+\]\s+\S+\s+[\d.]+: (sys_.*))");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), line); at != std::sregex_iterator(); ++at)
      events[static_cast<uint32_t>(std::stoul((*at)[1]))].push_back((*at)[2]);
    return events;
  }

 private:
  static std::string read(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string &name, const std::string &text) {
    std::ofstream file(instance_ + "/" + name);
    file << text << std::flush;
    EXPECT_TRUE(file) << name;
  }
  std::string root_, instance_;
  std::error_code error_;
  bool mounted_ = false, usable_ = false;
};

std::string as_the_kernel_prints(const Tracepoint &tracepoint, std::span<const std::byte> ctx) {
  std::string text = fmt::format("sys_{}", tracepoint.syscall->tracepoint);
  const auto word = [&](uint32_t offset) {
    uint64_t value;
    std::memcpy(&value, ctx.data() + offset, sizeof value);
    return value;
  };
  if (!tracepoint.is_enter()) return fmt::format("{} -> {:#x}", text, word(16));
  std::string arguments;
  for (const TracepointField &field : tracepoint.fields()) {
    if (field.offset < 16) continue;
    const uint64_t value = word(field.offset);
    arguments += fmt::format("{}{}: {}{:x}", arguments.empty() ? "" : ", ", field.name, value < 10 ? "" : "0x", value);
  }
  return fmt::format("{}({})", text, arguments);
}

TEST(KernelEvents, AreTheOnesThatWeSee) {
  KernelTrace kernel;
  if (!kernel.usable()) GTEST_SKIP() << "no tracefs: this needs root";
  std::vector<std::string> names;
  for (const char *call : {"kill", "clone", "vfork", "wait4", "getppid", "exit_group", "rt_sigsuspend", "pipe2"})
    for (const char *side : {"enter", "exit"}) names.push_back(fmt::format("syscalls/sys_{}_{}", side, call));
  names.push_back("syscalls/sys_exit_execve");  // at its begin the kernel prints the strings too
  std::vector<Tracepoint> wanted;
  for (const std::string &name : names) wanted.push_back(find_tracepoint(name).value());

  // The sleep before `kill -9`: a task that dies in one of its ptrace stops leaves its system call in the kernel's
  // trace, but does not come to the stop where we would see it.
  Events ours;
  bool begun = false;
  ChildTracer tracer(wanted, [&](size_t hook, const vm::Event &event) {
    if (begun) ours[event.tid].push_back(as_the_kernel_prints(wanted[hook], event.ctx));
  });
  ASSERT_TRUE(tracer.start(split_words(R"(sh -c '
      trap "true" USR1
      for i in 1 2 3 4 5; do (true) & done
      wait
      kill -USR1 $$
      (sleep 0.05; kill -USR1 $$) & wait
      sleep 30 & sleep 0.2; kill -9 $!
      kill -0 999999999
      x=$(/bin/true; /bin/true)
      exec /bin/true')")
                               .value()));
  kernel.begin(tracer.pid(), names);
  begun = true;
  const std::atomic<bool> never{false};
  ASSERT_EQ(tracer.run(never, std::chrono::steady_clock::now() + std::chrono::seconds(20)), ChildTracer::Ended::Exited);
  Events theirs = kernel.end();
  ours.begin()->second.erase(ours.begin()->second.begin());  // the execve that had begun before the recording did
  if (!theirs.empty() && theirs.begin()->second.front() == "sys_execve -> 0x0")
    theirs.begin()->second.erase(theirs.begin()->second.begin());
  EXPECT_GT(ours.size(), 9u);
  for (const auto &[tid, events] : theirs) EXPECT_EQ(events, ours[tid]) << "thread " << tid;
  EXPECT_EQ(theirs.size(), ours.size());
}

TEST(KernelEvents, TheTableOfSystemCallsIsThatOfTheKernel) {
  KernelTrace kernel;
  if (!kernel.usable()) GTEST_SKIP() << "no tracefs: this needs root";
  size_t compared = 0;
  for (const tables::Syscall &row : tables::syscalls()) {
    if (row.number() < 0) continue;
    const Tracepoint tracepoint = find_tracepoint(fmt::format("syscalls/sys_enter_{}", row.tracepoint)).value();
    const std::string format = kernel.format_of(tracepoint.name());
    if (format.empty()) continue;  // not built into this kernel
    compared++;
    for (const TracepointField &field : tracepoint.fields())
      EXPECT_NE(format.find(fmt::format("field:{} {};\toffset:{};\tsize:{};", field.type, field.name, field.offset,
                                        field.size)),
                std::string::npos)
          << tracepoint.name() << ": " << field.name << " in\n"
          << format;
  }
  EXPECT_GT(compared, 200u);
}

}  // namespace
}  // namespace spile::hooks
