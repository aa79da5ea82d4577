#include "test/csuite/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace spile::csuite {
namespace {

// The kernel keeps the end of a log that is longer, and then fails with ENOSPC whatever the verdict was.
constexpr size_t kLogSize = 1 << 24;

// What a log says: its last line that is a reason, and whether any instruction was looked at.
struct Log {
  std::string reason;
  bool was_begun = false;

  explicit Log(const char *text) {
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      const bool is_count = line.starts_with("processed ");
      const bool is_detail =
          line.starts_with("mark_precise") || line.starts_with("cur state:") || line.starts_with("old state:");
      was_begun |= is_count && !line.starts_with("processed 0 ");
      if (!line.empty() && !is_detail && !is_count) reason = line;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
};

// A program that was refused. The reason is the verifier's; without one, the words say where it was refused.
KernelVerdict refused(int error, const Log &log) {
  // clang may name a variable larger than it became, and then the object is loaded without its BTF.
  const bool gave_up = error == E2BIG || error == ENOMEM || error == EFAULT || error == ENOSPC ||
                       log.reason == "missing btf func_info" || log.reason.starts_with("BPF program is too large");
  if (!log.reason.empty()) return {.gave_up = gave_up, .reason = log.reason};
  // Without a word, but after verification: a signal, memory, or the kernel's compiler.
  if (log.was_begun) return {.gave_up = true, .reason = std::strerror(error)};
  return {.gave_up = gave_up, .reason = std::string("refused before verification: ") + std::strerror(error)};
}

}  // namespace

bool KernelObject::is_available() {
  return geteuid() == 0 && libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, nullptr) == 1;
}

KernelObject::KernelObject(const std::string &path) {
  libbpf_set_print(nullptr);
  if (load(path, "")) return;
  std::vector<std::string> names;
  if (bpf_object *object = bpf_object__open_file(path.c_str(), nullptr)) {
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object) names.emplace_back(bpf_program__name(program));
    bpf_object__close(object);
  }
  for (const std::string &name : names) load(path, name);
}

KernelObject::~KernelObject() {
  for (const Loaded &l : loaded_) bpf_object__close(l.object);
}

bool KernelObject::load(const std::string &path, const std::string &only) {
  std::vector<char> log(only.empty() ? 0 : kLogSize);
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  if (!only.empty()) {
    options.kernel_log_buf = log.data();
    options.kernel_log_size = log.size();
    options.kernel_log_level = 1;
  }
  bpf_object *object = bpf_object__open_file(path.c_str(), &options);
  bpf_program *program = nullptr;
  if (object != nullptr && !only.empty())
    bpf_object__for_each_program(program, object)
        bpf_program__set_autoload(program, bpf_program__name(program) == only);
  const int error = object == nullptr ? errno : -bpf_object__load(object);
  if (error != 0) {
    if (object != nullptr) bpf_object__close(object);
    if (only.empty()) return false;
    verdicts_[only] = {refused(error, Log(log.data())), 0};
    return false;
  }
  Loaded l{.object = object};
  bpf_map *map = nullptr;
  bpf_object__for_each_map(map, object) if (std::strstr(bpf_map__name(map), ".data.io") != nullptr) l.io_map =
      bpf_map__fd(map);
  const bool has_types = bpf_object__btf_fd(object) >= 0;
  bpf_object__for_each_program(program, object) if (bpf_program__fd(program) >= 0)
      verdicts_[bpf_program__name(program)] = {
          {.accepted = true, .has_types = has_types, .fd = bpf_program__fd(program)}, loaded_.size()};
  loaded_.push_back(l);
  return true;
}

const KernelVerdict *KernelObject::verdict(const std::string &program) const {
  const auto it = verdicts_.find(program);
  return it == verdicts_.end() ? nullptr : &it->second.first;
}

int64_t KernelObject::run(const std::string &program, std::span<std::byte> io, std::vector<std::byte> &packet) const {
  const auto &[verdict, index] = verdicts_.at(program);
  const int map = loaded_[index].io_map;
  const uint32_t key = 0;
  if (map < 0 || bpf_map_update_elem(map, &key, io.data(), BPF_ANY) != 0) return -1;
  std::vector<std::byte> out(packet.size() + 256);
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = static_cast<uint32_t>(packet.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<uint32_t>(out.size());
  options.repeat = 1;
  if (bpf_prog_test_run_opts(verdict.fd, &options) != 0) return -1;
  out.resize(options.data_size_out);
  packet = std::move(out);
  if (bpf_map_lookup_elem(map, &key, io.data()) != 0) return -1;
  return static_cast<uint32_t>(options.retval);
}

}  // namespace spile::csuite
