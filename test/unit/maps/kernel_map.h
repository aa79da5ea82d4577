// KernelMap: a map of the running kernel, for tests that compare ours with it.
#pragma once

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "map_testing.h"

namespace spile::maps {

// The kernel's map, through bpf(2), in the shape of ours: negative errno.
class KernelMap {
 public:
  explicit KernelMap(const Definition &definition) {
    bpf_attr attr{};
    attr.map_type = definition.type;
    attr.key_size = definition.key_size;
    attr.value_size = definition.value_size;
    attr.max_entries = definition.max_entries;
    attr.map_flags = definition.map_flags;
    attr.map_extra = definition.map_extra;
    fd_ = call(BPF_MAP_CREATE, attr);
  }
  ~KernelMap() {
    if (fd_ >= 0) ::close(static_cast<int>(fd_));
  }
  int64_t fd() const { return fd_; }
  int64_t lookup(const std::byte *key, std::byte *value) { return element(BPF_MAP_LOOKUP_ELEM, key, value, 0); }
  int64_t update(const std::byte *key, const std::byte *value, uint64_t flags) {
    return element(BPF_MAP_UPDATE_ELEM, key, value, flags);
  }
  int64_t erase(const std::byte *key) { return element(BPF_MAP_DELETE_ELEM, key, nullptr, 0); }
  // BPF_MAP_LOOKUP_AND_DELETE_ELEM, of a map without keys.
  int64_t take(std::byte *value) { return element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, nullptr, value, 0); }
  int64_t next_key(const std::byte *key, std::byte *next) { return element(BPF_MAP_GET_NEXT_KEY, key, next, 0); }

 private:
  int64_t element(bpf_cmd command, const std::byte *key, const std::byte *value, uint64_t flags) {
    bpf_attr attr{};
    attr.map_fd = static_cast<uint32_t>(fd_);
    attr.key = reinterpret_cast<uint64_t>(key);
    attr.value = reinterpret_cast<uint64_t>(value);  // next_key lies in the same place
    attr.flags = flags;
    return call(command, attr);
  }
  static int64_t call(bpf_cmd command, bpf_attr &attr) {
    const long result = ::syscall(SYS_bpf, command, &attr, sizeof attr);
    return result < 0 ? -errno : result;
  }
  int64_t fd_;
};

inline bool kernel_gives_maps() {
  const KernelMap probe(hash_of(4, 4, 1));
  return probe.fd() >= 0;
}

#define SKIP_WITHOUT_KERNEL_MAPS() \
  if (!kernel_gives_maps()) GTEST_SKIP() << "bpf(BPF_MAP_CREATE) is not permitted here"

}  // namespace spile::maps
