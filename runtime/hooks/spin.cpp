#include "runtime/hooks/spin.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace spile::hooks {

Spin::Spin() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)  // fails beyond 1024 processors
    processors_ = static_cast<uint32_t>(CPU_COUNT(&allowed));
  if (processors_ < 2) return;
  load_ = Fd(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC));
  if (!load_.valid()) processors_ = 0;
}

// Of "0.20 0.18 0.12 1/80 11206": how many threads run or would, this one among them.
bool Spin::has_idle_processor() const {
  std::array<char, 128> buffer;
  const ssize_t size = ::pread(load_.get(), buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  std::string_view text(buffer.data(), static_cast<size_t>(size));
  text = text.substr(0, text.find('/'));
  text.remove_prefix(std::min(text.rfind(' ') + 1, text.size()));
  uint32_t running = 0;
  return std::from_chars(text.data(), text.data() + text.size(), running).ec == std::errc() && running < processors_;
}

}  // namespace spile::hooks
