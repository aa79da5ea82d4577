// spile info: what this build and this machine can do. `--has=FEATURE` answers with the exit code, for scripts.
#include <linux/bpf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "driver/arguments.h"
#include "driver/commands.h"
#include "driver/version.h"
#include "runtime/kernel/tracefs.h"
#include "runtime/vm/code_source.h"
#include "runtime/vm/engine.h"

namespace spile::driver {

namespace {

// A child that asks to be traced and stops; some containers forbid the first step.
bool has_ptrace() {
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// `r0 = 0; exit`, as a socket filter.
bool has_bpf() {
  const uint64_t insns[] = {0xb7, 0x95};
  bpf_attr attr;
  std::memset(&attr, 0, sizeof(attr));
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insn_cnt = 2;
  attr.insns = reinterpret_cast<uint64_t>(insns);
  attr.license = reinterpret_cast<uint64_t>("GPL");
  const long fd = ::syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
  if (fd < 0) return false;
  ::close(static_cast<int>(fd));
  return true;
}

bool has_tracing() {
  const auto tracefs = kernel::Tracefs::open();
  return has_bpf() && tracefs && kernel::open_tracepoint(*tracefs, "sched/sched_process_fork");
}

bool has_btf() { return ::access("/sys/kernel/btf/vmlinux", R_OK) == 0; }
bool has_jit() { return vm::CodeSource::find({}).has_value(); }

bool has_breakpoints() {
#ifdef __x86_64__
  return has_ptrace();
#else
  return false;
#endif
}

struct Feature {
  std::string_view name, meaning;
  bool (*probe)();
};
constexpr Feature kFeatures[] = {
    {"ptrace", "tracing a child's system calls (-c)", has_ptrace},
    {"breakpoints", "probing its functions (uprobe, usdt, profile)", has_breakpoints},
    {"jit", "the LLVM JIT (--engine=jit)", has_jit},
    {"kernel-btf", "the running kernel's types", has_btf},
    {"bpf", "loading programs into the running kernel", has_bpf},
    {"tracing", "attaching them to its tracepoints (--on=kernel)", has_tracing},
};

}  // namespace

int command_info(Arguments arguments, Console &console) {
  CommandLine line;
  line.usage = "spile info [--has=FEATURE]";
  line.about =
      "Says what this build and this machine can do. Features: ptrace, breakpoints, jit,\n"
      "kernel-btf, bpf, tracing.";
  line.add_common();
  line.options.add_options()("has", po::value<std::string>()->value_name("FEATURE"),
                             "only exit 0 when it is there, else 3");
  int code = kExitOk;
  const auto values = line.parse(arguments, console, code);
  if (!values) return code;
  if (values->contains("has")) {
    const auto &name = (*values)["has"].as<std::string>();
    const auto *feature = std::ranges::find(kFeatures, name, &Feature::name);
    if (feature == std::end(kFeatures))
      return console.usage("--has takes ptrace, breakpoints, jit, kernel-btf, bpf or tracing, not `{}`", name);
    return feature->probe() ? kExitOk : kExitEnvironment;
  }
  utsname host{};
  ::uname(&host);
  console.print(fmt::format("spile {} on {} {} {}\n", SPILE_VERSION, host.sysname, host.release, host.machine));
  for (const Feature &feature : kFeatures)
    console.print(fmt::format("  {:<11} {:<4} {}\n", feature.name, feature.probe() ? "yes" : "no", feature.meaning));
  const vm::CodeCache cache(vm::CodeCache::default_folder());
  if (cache.folder().empty()) {
    console.print("  code cache: none, since neither XDG_CACHE_HOME nor HOME is set\n");
  } else {
    const auto [files, bytes] = cache.contents();
    console.print(fmt::format("  code cache: {}: {} program{}, {} KB of {}\n", cache.folder(), files,
                              files == 1 ? "" : "s", (bytes + 1023) / 1024, vm::kCodeCacheBytes / 1024));
  }
  return kExitOk;
}

}  // namespace spile::driver
