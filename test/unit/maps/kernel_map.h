// KernelMap: a map of the running kernel, for tests that compare ours with it.
#pragma once

#include <linux/bpf.h>
#include <linux/btf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "map_testing.h"

namespace spile::maps {

// The kernel's map, through bpf(2), in the shape of ours: negative errno.
class KernelMap {
 public:
  // [inner]: what the maps of a map of maps are like. [types]: BTF that has the key as type 2 and the value as type 3.
  explicit KernelMap(const Definition &definition, int64_t inner = -1, int64_t types = -1) {
    bpf_attr attr{};
    if (inner >= 0) attr.inner_map_fd = static_cast<uint32_t>(inner);
    if (types >= 0) {
      attr.btf_fd = static_cast<uint32_t>(types);
      attr.btf_key_type_id = 2;
      attr.btf_value_type_id = 3;
    }
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

// Types for a KernelMap with a key of 4 bytes and a value of [value_size], loaded into the kernel.
class KernelTypes {
 public:
  explicit KernelTypes(uint32_t value_size) {
    constexpr uint32_t kInt = BTF_KIND_INT << 24, kArray = BTF_KIND_ARRAY << 24;
    const std::array<uint32_t, 14> types = {0, kInt, 1, 8, 0, kInt, 4, 32, 0, kArray, 0, 1, 2, value_size};
    struct {
      btf_header header;
      std::array<uint32_t, 14> types;
      char names[1];
    } blob{};
    blob.header = {.magic = BTF_MAGIC,
                   .version = BTF_VERSION,
                   .flags = 0,
                   .hdr_len = sizeof(btf_header),
                   .type_off = 0,
                   .type_len = sizeof types,
                   .str_off = sizeof types,
                   .str_len = 1};
    blob.types = types;
    bpf_attr attr{};
    attr.btf = reinterpret_cast<uint64_t>(&blob);
    attr.btf_size = sizeof(btf_header) + sizeof types + 1;
    fd_ = static_cast<int>(::syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof attr));
  }
  ~KernelTypes() {
    if (fd_ >= 0) ::close(fd_);
  }
  KernelTypes(const KernelTypes &) = delete;
  KernelTypes &operator=(const KernelTypes &) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

inline bool kernel_gives_maps() {
  const KernelMap probe(hash_of(4, 4, 1));
  return probe.fd() >= 0;
}

#define SKIP_WITHOUT_KERNEL_MAPS() \
  if (!kernel_gives_maps()) GTEST_SKIP() << "bpf(BPF_MAP_CREATE) is not permitted here"

}  // namespace spile::maps
