#include "runtime/vm/memory.h"

#include <linux/filter.h>

namespace spile::vm {

bool packet_load(const Env &env, int64_t offset, unsigned bytes, uint64_t &value) {
  const Packet *packet = env.event == nullptr ? nullptr : env.event->packet;
  if (packet == nullptr) return false;
  // As bpf_internal_load_pointer_neg_helper() of the kernel.
  if (offset < 0) {
    if (offset >= SKF_NET_OFF)
      offset = offset - SKF_NET_OFF + packet->network_offset;
    else if (offset >= SKF_LL_OFF)
      offset = offset - SKF_LL_OFF + packet->mac_offset;
    else
      return false;
  }
  const auto at = static_cast<uint64_t>(offset);
  if (at > packet->data.size() || packet->data.size() - at < bytes) return false;
  uint64_t result = 0;
  for (unsigned i = 0; i < bytes; i++) result = result << 8 | static_cast<uint8_t>(packet->data[at + i]);
  value = result;
  return true;
}

}  // namespace spile::vm
