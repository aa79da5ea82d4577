#include "runtime/hooks/task.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "runtime/hooks/listener.h"

namespace spile::hooks {

std::string_view read_proc(pid_t tid, const char *name, std::span<char> buffer) {
  std::array<char, 64> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "/proc/{}/{}", tid, name);
  const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t size = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

namespace {

// The first number of the line that begins with [key], in /proc/<tid>/status.
std::optional<uint32_t> status_number(std::string_view status, std::string_view key) {
  size_t at = status.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  at = status.find_first_not_of(" \t", at + key.size());
  uint32_t number = 0;
  if (at == std::string_view::npos) return std::nullopt;
  if (std::from_chars(status.data() + at, status.data() + status.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

}  // namespace

void Task::refresh_name() {
  std::array<char, 32> buffer;
  std::string_view name = read_proc(tid, "comm", buffer);
  if (name.empty()) return;
  if (name.ends_with('\n')) name.remove_suffix(1);
  comm.fill(0);
  std::ranges::copy(name.substr(0, comm.size() - 1), comm.begin());
}

void Task::refresh_identity() {
  std::array<char, 2048> buffer;
  const std::string_view status = read_proc(tid, "status", buffer);
  pid = static_cast<pid_t>(status_number(status, "\nTgid:").value_or(static_cast<uint32_t>(pid)));
  uid = status_number(status, "\nUid:").value_or(uid);
  gid = status_number(status, "\nGid:").value_or(gid);
}

uint32_t last_cpu(pid_t tid) {
  constexpr int kProcessorField = 39;  // proc_pid_stat(5); the fields behind the name's `)` begin with the third
  std::array<char, 1024> buffer;
  const std::string_view stat = read_proc(tid, "stat", buffer);
  size_t at = stat.rfind(')');
  for (int field = 2; field < kProcessorField && at != std::string_view::npos; field++) at = stat.find(' ', at + 1);
  uint32_t cpu = 0;
  if (at != std::string_view::npos) std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), cpu);
  return cpu;
}

bool runs_32_bit_program(pid_t pid) {
  std::array<char, EI_NIDENT> ident{};
  return read_proc(pid, "exe", ident).starts_with(ELFMAG) && ident[EI_CLASS] == ELFCLASS32;
}

void ProcessMemory::attach(pid_t tid) { attach(tid, nullptr, 0); }

void ProcessMemory::attach(pid_t tid, const Listener *listener, uint64_t id) {
  tid_ = tid;
  listener_ = listener;
  call_ = id;
  page_.reset();
}

bool ProcessMemory::fetch(uint64_t page) {
  if (page_ == page) return true;
  const iovec local{page_bytes_.data(), kPage};
  const iovec remote{reinterpret_cast<void *>(page), kPage};
  // A task that is killed in its call may be gone, and another have its number, before anything else tells of it.
  if (::process_vm_readv(tid_, &local, 1, &remote, 1, 0) != static_cast<ssize_t>(kPage) ||
      (listener_ != nullptr && !listener_->is_waiting(call_))) {
    page_.reset();
    return false;
  }
  page_ = page;
  return true;
}

bool ProcessMemory::read(uint64_t address, std::span<std::byte> to) {
  while (!to.empty()) {
    const uint64_t page = address & ~(kPage - 1);
    const size_t piece = std::min<uint64_t>(to.size(), page + kPage - address);
    if (!fetch(page)) return false;
    std::memcpy(to.data(), page_bytes_.data() + (address - page), piece);
    to = to.subspan(piece);
    address += piece;
  }
  return true;
}

}  // namespace spile::hooks
