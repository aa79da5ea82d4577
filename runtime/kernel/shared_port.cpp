#include "runtime/kernel/shared_port.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "support/file.h"

namespace spile::kernel {

namespace {

struct Table {
  const char *path;
  const char *state;  // of those that wait for somebody
};
constexpr Table kTables[] = {
    {"/proc/self/net/tcp", "0A"},
    {"/proc/self/net/tcp6", "0A"},
    {"/proc/self/net/udp", "07"},
    {"/proc/self/net/udp6", "07"},
};

// "socket:[4711]", as /proc shows them.
std::set<std::string> sockets_on(uint16_t port) {
  std::set<std::string> found;
  for (const Table &table : kTables) {
    std::ifstream file(table.path);
    std::string line;
    std::getline(file, line);  // what the columns are
    while (std::getline(file, line)) {
      std::istringstream columns(line);
      std::string number, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      columns >> number >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
      if (state == table.state && local.ends_with(fmt::format(":{:04X}", port)))
        found.insert(fmt::format("socket:[{}]", inode));
    }
  }
  return found;
}

void for_each_entry(const std::string &folder, const std::function<void(std::string_view)> &take) {
  const std::unique_ptr<DIR, int (*)(DIR *)> opened(::opendir(folder.c_str()), ::closedir);
  for (const dirent *entry; opened != nullptr && (entry = ::readdir(opened.get())) != nullptr;)
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) take(entry->d_name);
}

int number_of(std::string_view digits) {
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// Calls [take] with each of [sockets], as a descriptor of this process or an invalid one, and errno.
void for_each_socket(const std::set<std::string> &sockets, const std::function<void(const Fd &socket)> &take) {
  for_each_entry("/proc", [&](std::string_view process) {
    const std::string folder = fmt::format("/proc/{}/fd", process);
    for_each_entry(folder, [&](std::string_view descriptor) {
      char target[64] = {};
      if (::readlink(fmt::format("{}/{}", folder, descriptor).c_str(), target, sizeof target - 1) <= 0 ||
          !sockets.contains(target))
        return;
      const Fd of_process(static_cast<int>(::syscall(SYS_pidfd_open, number_of(process), 0)));
      take(Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, of_process.get(), number_of(descriptor), 0))));
    });
  });
}

bool is_shared(const Fd &socket) {
  int shares = 0;
  socklen_t size = sizeof shares;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &shares, &size) == 0 && shares != 0;
}

}  // namespace

Result<void> attach_to_shared_port(uint16_t port, int program) {
  const auto failed = [port](std::string_view what, std::string hint, int error) {
    return std::unexpected(
        Error{Error::Kind::Environment, fmt::format("port {}: {}", port, what), std::move(hint), error});
  };
  const std::set<std::string> sockets = sockets_on(port);
  if (sockets.empty())
    return failed("no socket of this network namespace waits there", "`ss -lntu` shows them", ENOENT);
  size_t attached = 0;
  int refused = 0;
  for_each_socket(sockets, [&](const Fd &socket) {
    if (socket.valid() && !is_shared(socket)) return;
    if (!socket.valid() ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof program) != 0)
      refused = errno;
    else
      attached++;
  });
  if (attached != 0) return {};
  if (refused != 0) return os_error(refused, fmt::format("port {}: the program does not attach to its sockets", port));
  return failed("its socket does not share it", "the server sets SO_REUSEPORT before it binds its sockets", 0);
}

void detach_from_shared_port(uint16_t port) {
  static constexpr int kAnything = 0;  // every option has a value
  for_each_socket(sockets_on(port), [](const Fd &socket) {
    if (socket.valid() && is_shared(socket))
      ::setsockopt(socket.get(), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &kAnything, sizeof kAnything);
  });
}

}  // namespace spile::kernel
