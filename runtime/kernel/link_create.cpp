#include "runtime/kernel/link_create.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace spile::kernel {

namespace {

// The beginning of union bpf_attr's link_create, as every kind of link has it.
struct LinkCreate {
  uint32_t program = 0;
  uint32_t target = 0;
  uint32_t attach_type = 0;
  uint32_t flags = 0;
};

template <class Attributes>
Fd create(const Attributes &attributes) {
  constexpr int kLinkCreate = 28;  // BPF_LINK_CREATE
  return Fd(static_cast<int>(::syscall(SYS_bpf, kLinkCreate, &attributes, sizeof attributes)));
}

uint64_t address(const void *memory) { return reinterpret_cast<uintptr_t>(memory); }

}  // namespace

Fd link_netfilter(int program, uint32_t family, uint32_t hook, int32_t priority, bool defrag) {
  constexpr uint32_t kDefrag = 1;  // BPF_F_NETFILTER_IP_DEFRAG
  struct {
    LinkCreate common;
    uint32_t family, hook;
    int32_t priority;
    uint32_t flags;
  } attributes{};
  attributes.common.program = static_cast<uint32_t>(program);
  attributes.common.attach_type = static_cast<uint32_t>(tables::AttachType::NETFILTER);
  attributes.family = family;
  attributes.hook = hook;
  attributes.priority = priority;
  attributes.flags = defrag ? kDefrag : 0;
  return create(attributes);
}

Fd link_user_functions(int program, tables::AttachType type, const std::string &path, std::span<const uint64_t> offsets,
                       bool at_returns) {
  constexpr uint32_t kReturn = 1;  // BPF_F_UPROBE_MULTI_RETURN
  struct {
    LinkCreate common;
    uint64_t path, offsets, reference_counters, cookies;
    uint32_t count, flags, pid, unused;
  } attributes{};
  attributes.common.program = static_cast<uint32_t>(program);
  attributes.common.attach_type = static_cast<uint32_t>(type);
  attributes.path = address(path.c_str());
  attributes.offsets = address(offsets.data());
  attributes.count = static_cast<uint32_t>(offsets.size());
  attributes.flags = at_returns ? kReturn : 0;
  return create(attributes);
}

}  // namespace spile::kernel
