#include "test/fuzz/verifier/kernel.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/isa/builder.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/session/print_maps.h"

namespace spile::fuzz {
namespace {

constexpr uint32_t kTestRegInvariants = 1u << 7;  // BPF_F_TEST_REG_INVARIANTS
constexpr size_t kLogSize = 1 << 20;
constexpr size_t kPacketHeadroom = 512;  // by how much a program may make its packet longer

long bpf(int command, union bpf_attr &attr) { return syscall(SYS_bpf, command, &attr, sizeof(attr)); }

int create(const object::Object &object, const object::Map &m) {
  union bpf_attr attr{};
  attr.map_type = m.type;
  attr.key_size = m.key_size;
  attr.value_size = m.value_size;
  attr.max_entries = m.max_entries;
  attr.map_flags = m.map_flags;
  const int fd = static_cast<int>(bpf(BPF_MAP_CREATE, attr));
  if (!m.is_readonly || fd < 0) return fd;
  uint32_t key = 0;
  std::vector<std::byte> value(m.value_size);
  const std::vector<std::byte> &bytes = object[m.section].bytes;
  std::copy_n(bytes.begin(), std::min(bytes.size(), value.size()), value.begin());
  union bpf_attr fill{};
  fill.map_fd = static_cast<uint32_t>(fd);
  fill.key = reinterpret_cast<uint64_t>(&key);
  fill.value = reinterpret_cast<uint64_t>(value.data());
  bpf(BPF_MAP_UPDATE_ELEM, fill);
  union bpf_attr freeze{};
  freeze.map_fd = static_cast<uint32_t>(fd);
  bpf(BPF_MAP_FREEZE, freeze);
  return fd;
}

}  // namespace

Kernel::Kernel(const object::Object &object) : object_(object) {
  for (const object::Map &m : object.maps) fds_.push_back(create(object, m));
  works_ = std::ranges::all_of(fds_, [](int fd) { return fd >= 0; }) &&
           load({isa::mov64(isa::R0, 0), isa::exit()}, *tables::find_program_type("socket"), false).accepts();
}

Kernel::~Kernel() {
  for (const int fd : fds_)
    if (fd >= 0) close(fd);
}

bool Kernel::Answer::is_no_verdict() const { return error == EFAULT || error == ENOMEM || error == EAGAIN; }

// Its descriptor, or -1 with errno.
int Kernel::open_program(const std::vector<isa::Insn> &insns, const tables::ProgramType &type, bool with_log) {
  union bpf_attr attr{};
  attr.prog_type = type.number;
  if (type.attach != tables::AttachType::None) attr.expected_attach_type = static_cast<uint32_t>(type.attach);
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
  return static_cast<int>(bpf(BPF_PROG_LOAD, attr));
}

Kernel::Answer Kernel::load(const std::vector<isa::Insn> &insns, const tables::ProgramType &type, bool with_log) {
  const int fd = open_program(insns, type, with_log);
  Answer answer;
  if (fd >= 0)
    close(fd);
  else
    answer.error = errno;
  if (with_log) answer.log = log_.c_str();
  return answer;
}

std::optional<session::TrialResult> Kernel::run(const object::Program &program, const tables::ProgramType &type,
                                                const session::TrialInput &input) {
  const int fd = open_program(program.insns, type, false);
  if (fd < 0) return {};
  std::vector<std::byte> out(input.packet.size() + kPacketHeadroom);
  union bpf_attr attr{};
  attr.test.prog_fd = static_cast<uint32_t>(fd);
  attr.test.repeat = static_cast<uint32_t>(input.repeat);
  attr.test.data_in = reinterpret_cast<uint64_t>(input.packet.data());
  attr.test.data_size_in = static_cast<uint32_t>(input.packet.size());
  attr.test.data_out = reinterpret_cast<uint64_t>(out.data());
  attr.test.data_size_out = static_cast<uint32_t>(out.size());
  const long failed = bpf(BPF_PROG_TEST_RUN, attr);
  close(fd);
  if (failed != 0) return {};
  session::TrialResult result;
  result.r0 = attr.test.retval;
  out.resize(attr.test.data_size_out);
  if (type.number != BPF_PROG_TYPE_SOCKET_FILTER) result.memory = std::move(out);
  for (size_t i = 0; i < object_.maps.size(); i++) {
    const object::Map &map = object_.maps[i];
    if (map.is_global_data) continue;
    kernel::KernelMap in_kernel(session::definition_of(object_, map), fds_[i]);
    session::print_map(object_, map, {}, in_kernel, result.maps);
  }
  return result;
}

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

}  // namespace spile::fuzz
