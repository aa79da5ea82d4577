#include "test/fuzz/verifier/kernel.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/isa/builder.h"
#include "backend/isa/info.h"
#include "lang-spec/tables/kfuncs.h"
#include "runtime/kernel/kernel_map.h"
#include "runtime/session/print_maps.h"

namespace spile::fuzz {
namespace {

constexpr uint32_t kTestRegInvariants = 1u << 7;  // BPF_F_TEST_REG_INVARIANTS
constexpr uint32_t kProgramArray = 3;
constexpr size_t kLogSize = 1 << 20;
constexpr size_t kPacketHeadroom = 512;  // by how much a program may make its packet longer

long bpf(int command, union bpf_attr &attr) { return syscall(SYS_bpf, command, &attr, sizeof(attr)); }

int load_btf(const object::Btf &btf) {
  if (btf.empty()) return -1;
  const std::span<const std::byte> bytes = btf.raw();
  union bpf_attr attr{};
  attr.btf = reinterpret_cast<uint64_t>(bytes.data());
  attr.btf_size = static_cast<uint32_t>(bytes.size());
  return static_cast<int>(bpf(BPF_BTF_LOAD, attr));
}

int create(const object::Object &object, const object::Map &m, int btf) {
  union bpf_attr attr{};
  attr.map_type = m.type;
  attr.key_size = m.key_size;
  attr.value_size = m.value_size;
  attr.max_entries = m.max_entries;
  attr.map_flags = m.map_flags;
  if (btf >= 0 && m.value_type) {
    attr.btf_fd = static_cast<uint32_t>(btf);
    attr.btf_key_type_id = m.key_type.value;
    attr.btf_value_type_id = m.value_type.value;
  }
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

Kernel::Kernel(const object::Object &object) : object_(object), btf_(load_btf(object.btf)) {
  for (const object::Map &m : object.maps) fds_.push_back(create(object, m, btf_));
  object::Program least;
  least.insns = {isa::mov64(isa::R0, 0), isa::exit()};
  works_ = std::ranges::all_of(fds_, [](int fd) { return fd >= 0; }) &&
           load(least, *tables::find_program_type("socket"), false).accepts();
  const auto kernel = object::Btf::read("/sys/kernel/btf/vmlinux");
  if (!works_ || !kernel) return;
  for (uint32_t id = 1; id < object.btf.type_count(); id++) {
    const object::BtfType type = object.btf.type(object::BtfId{id});
    if (type.kind != object::BtfKind::Func || tables::find_kfunc(type.name) == nullptr) continue;
    kernel_functions_.emplace_back(id, kernel->find(type.name, object::BtfKind::Func).value);
  }
}

Kernel::~Kernel() {
  if (btf_ >= 0) close(btf_);
  for (const int fd : fds_)
    if (fd >= 0) close(fd);
  for (const auto &[type, arrays] : program_arrays_)
    for (const int fd : arrays)
      if (fd >= 0) close(fd);
}

// An array of programs belongs to the type of the program that names it first: each type has its own.
std::vector<int> Kernel::maps_for(const tables::ProgramType &type) {
  const auto is_array = [&](size_t m) { return object_.maps[m].type == kProgramArray; };
  const auto [arrays, is_new] = program_arrays_.try_emplace(&type);
  for (size_t m = 0; is_new && m < fds_.size(); m++)
    if (is_array(m)) arrays->second.push_back(create(object_, object_.maps[m], btf_));
  std::vector<int> fds = fds_;
  for (size_t m = 0, next = 0; m < fds.size(); m++)
    if (is_array(m)) fds[m] = arrays->second[next++];
  return fds;
}

bool Kernel::Answer::is_no_verdict() const { return error == EFAULT || error == ENOMEM || error == EAGAIN; }

// Its descriptor, or -1 with errno.
int Kernel::open_program(const object::Program &program, const tables::ProgramType &type, bool with_log) {
  std::vector<isa::Insn> insns = program.insns;
  std::vector<uint32_t> starts = {0};
  for (size_t i = 0; i < insns.size(); i += isa::width(insns[i])) {
    const isa::InsnInfo *info = isa::lookup(insns[i]);
    if (info == nullptr) continue;
    if (info->shape == isa::Shape::CallLocal || info->op == isa::Op::LddwFunc)
      starts.push_back(static_cast<uint32_t>(static_cast<int64_t>(i) + 1 + insns[i].imm));
    if (info->shape != isa::Shape::CallKfunc) continue;
    for (const auto &[ours, theirs] : kernel_functions_)
      if (static_cast<uint32_t>(insns[i].imm) == ours) {
        insns[i].imm = static_cast<int32_t>(theirs);
        break;
      }
  }
  std::ranges::sort(starts);
  starts.erase(std::ranges::unique(starts).begin(), starts.end());
  // The kernel wants one entry for each subprogram that it sees.
  std::vector<std::pair<uint32_t, uint32_t>> functions;
  for (const object::Program::Subprogram &s : program.subprograms)
    if (s.func && std::ranges::binary_search(starts, s.start)) functions.emplace_back(s.start, s.func.value);
  if (functions.size() != starts.size()) functions.clear();
  union bpf_attr attr{};
  attr.prog_type = type.number;
  if (type.attach != tables::AttachType::None) attr.expected_attach_type = static_cast<uint32_t>(type.attach);
  attr.insns = reinterpret_cast<uint64_t>(insns.data());
  attr.insn_cnt = static_cast<uint32_t>(insns.size());
  attr.license = reinterpret_cast<uint64_t>("GPL");
  attr.prog_flags = kTestRegInvariants;
  const std::vector<int> fds = maps_for(type);
  attr.fd_array = reinterpret_cast<uint64_t>(fds.data());
  if (btf_ >= 0 && !functions.empty()) {
    attr.prog_btf_fd = static_cast<uint32_t>(btf_);
    attr.func_info_rec_size = sizeof(bpf_func_info);
    attr.func_info = reinterpret_cast<uint64_t>(functions.data());
    attr.func_info_cnt = static_cast<uint32_t>(functions.size());
  }
  if (with_log) {
    log_.assign(kLogSize, '\0');
    attr.log_buf = reinterpret_cast<uint64_t>(log_.data());
    attr.log_size = kLogSize;
    attr.log_level = 1;
  }
  return static_cast<int>(bpf(BPF_PROG_LOAD, attr));
}

Kernel::Answer Kernel::load(const object::Program &program, const tables::ProgramType &type, bool with_log) {
  const int fd = open_program(program, type, with_log);
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
  const int fd = open_program(program, type, false);
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
