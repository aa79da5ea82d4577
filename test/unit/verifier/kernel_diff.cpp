// Differential test against the verifier of the kernel that runs here: random programs, both verdicts.
//
// Needs root and bpf(). SPILE_DIFF_COUNT programs (default 2000) from SPILE_DIFF_SEED on; SPILE_DIFF_SHOW disagreements
// are printed. Fails when we accept what the kernel rejects: that is the side on which a mistake is unsafe.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "backend/isa/disasm.h"
#include "random_program.h"

namespace spile::verifier::testing {
namespace {

constexpr uint32_t kTestRegInvariants = 1u << 7;  // BPF_F_TEST_REG_INVARIANTS
constexpr size_t kLogSize = 1 << 20;

long bpf(int command, union bpf_attr &attr) { return syscall(SYS_bpf, command, &attr, sizeof(attr)); }

class Kernel {
 public:
  Kernel() {
    for (const object::Map &m : object_.maps) {
      union bpf_attr attr{};
      attr.map_type = m.type;
      attr.key_size = m.key_size;
      attr.value_size = m.value_size;
      attr.max_entries = m.max_entries;
      attr.map_flags = m.map_flags;
      fds_.push_back(static_cast<int>(bpf(BPF_MAP_CREATE, attr)));
      if (!m.is_readonly || fds_.back() < 0) continue;
      uint32_t key = 0;
      union bpf_attr fill{};
      fill.map_fd = static_cast<uint32_t>(fds_.back());
      fill.key = reinterpret_cast<uint64_t>(&key);
      fill.value = reinterpret_cast<uint64_t>(object_[m.section].bytes.data());
      bpf(BPF_MAP_UPDATE_ELEM, fill);
      union bpf_attr freeze{};
      freeze.map_fd = static_cast<uint32_t>(fds_.back());
      bpf(BPF_MAP_FREEZE, freeze);
    }
  }
  ~Kernel() {
    for (int fd : fds_)
      if (fd >= 0) close(fd);
  }
  bool works() const {
    return std::ranges::all_of(fds_, [](int fd) { return fd >= 0; });
  }

  struct Answer {
    int error = 0;  // errno; 0: accepted
    std::string log;
  };
  Answer load(const std::vector<Insn> &insns, bool tracepoint, bool with_log) {
    union bpf_attr attr{};
    attr.prog_type = tracepoint ? BPF_PROG_TYPE_TRACEPOINT : BPF_PROG_TYPE_SOCKET_FILTER;
    attr.insns = reinterpret_cast<uint64_t>(insns.data());
    attr.insn_cnt = static_cast<uint32_t>(insns.size());
    attr.license = reinterpret_cast<uint64_t>("GPL");
    attr.prog_flags = kTestRegInvariants;
    attr.fd_array = reinterpret_cast<uint64_t>(fds_.data());
    if (with_log) {
      log_.assign(kLogSize, '\0');
      attr.log_buf = reinterpret_cast<uint64_t>(log_.data());
      attr.log_size = kLogSize;
      attr.log_level = 1;
    }
    const long fd = bpf(BPF_PROG_LOAD, attr);
    Answer answer;
    if (fd >= 0)
      close(static_cast<int>(fd));
    else
      answer.error = errno;
    if (with_log) answer.log = log_.c_str();
    return answer;
  }

 private:
  object::Object object_ = test_object();
  std::vector<int> fds_;
  std::string log_;
};

uint64_t setting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

// The last line of the log that is a reason.
std::string reason(const std::string &log) {
  std::string last;
  for (size_t at = 0; at < log.size();) {
    const size_t end = std::min(log.find('\n', at), log.size());
    const std::string line = log.substr(at, end - at);
    if (!line.empty() && !line.starts_with("processed ") && !line.starts_with("mark_precise")) last = line;
    at = end + 1;
  }
  return last;
}

std::string listing(const std::vector<Insn> &insns) {
  std::string text;
  for (size_t i = 0; i < insns.size(); i++) {
    text += fmt::format("  {:3}: {}\n", i, disassemble(insns, i, TextStyle::Exact));
    if (insns[i].is_lddw()) i++;
  }
  return text;
}

TEST(KernelDiff, WeAcceptNothingThatTheKernelRejects) {
  Kernel kernel;
  if (!kernel.works() || kernel.load({mov64(R0, 0), exit()}, false, false).error != 0)
    GTEST_SKIP() << "needs root and bpf()";
  const uint64_t count = setting("SPILE_DIFF_COUNT", 2000), seed = setting("SPILE_DIFF_SEED", 1);
  uint64_t show = setting("SPILE_DIFF_SHOW", 3);
  object::Object object = test_object();
  uint64_t both_accept = 0, both_reject = 0, only_we = 0, only_kernel = 0, same_message = 0, compared = 0,
           invariants = 0;
  std::map<std::string, unsigned> other_messages;
  for (uint64_t i = 0; i < count; i++) {
    const bool tracepoint = (seed + i) % 2 == 0;
    object::Program program;
    program.name = "random";
    program.license = "GPL";
    program.object = &object;
    program.insns = ProgramMaker(seed + i, tracepoint).make();
    program.subprograms = {{.name = "random", .start = 0, .func = {}, .binding = object::Binding::Global}};
    const Verdict ours = verify(program, program_type(tracepoint ? "tracepoint/a/b" : "socket"), {});
    Kernel::Answer theirs = kernel.load(program.insns, tracepoint, false);
    if (theirs.error == EFAULT) {  // the kernel found its own ranges inconsistent
      invariants++;
      continue;
    }
    const bool we_accept = ours.kind == Verdict::Accept, kernel_accepts = theirs.error == 0;
    if (we_accept && kernel_accepts) both_accept++;
    if (!we_accept && !kernel_accepts) {
      both_reject++;
      if (i % 4 != 0) continue;  // a log costs the kernel a hundred times the verdict
      theirs = kernel.load(program.insns, tracepoint, true);
      const bool same = theirs.log.find(ours.rejections[0].kernel_message) != std::string::npos;
      compared++;
      same_message += same ? 1 : 0;
      if (!same) other_messages[fmt::format("{} | {}", ours.rejections[0].kernel_message, reason(theirs.log))]++;
    }
    if (we_accept == kernel_accepts) continue;
    (we_accept ? only_we : only_kernel)++;
    if (show == 0 && !we_accept) continue;  // an unsafe one is always shown
    if (!we_accept) show--;
    theirs = kernel.load(program.insns, tracepoint, true);
    fmt::print(
        "seed {}: {}\n{}kernel: {}\nwe: {}\n", seed + i, we_accept ? "WE ACCEPT, THE KERNEL REJECTS" : "only we reject",
        listing(program.insns), reason(theirs.log),
        ours.rejections.empty() ? "accept"
                                : fmt::format("{}: {}", ours.rejections[0].insn, ours.rejections[0].kernel_message));
  }
  const double agree = 100.0 * static_cast<double>(both_accept + both_reject) / static_cast<double>(count - invariants);
  fmt::print(
      "{} programs: both accept {}, both reject {} (same message in {} of {}), only we accept {}, only the kernel "
      "accepts {}, "
      "left out {}: {:.3f} % agree\n",
      count, both_accept, both_reject, same_message, compared, only_we, only_kernel, invariants, agree);
  for (const auto &[text, n] : other_messages)
    if (setting("SPILE_DIFF_MESSAGES", 0) != 0) fmt::print("{:4} {}\n", n, text);
  EXPECT_EQ(only_we, 0u);
  EXPECT_GE(agree, 99.0);
}

}  // namespace
}  // namespace spile::verifier::testing
