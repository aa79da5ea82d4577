#include "runtime/hooks/user_stack.h"

namespace spile::hooks {

namespace {

#ifdef __aarch64__
constexpr auto kIp = &user_regs_struct::pc, kStack = &user_regs_struct::sp;
uint64_t frame_of(const user_regs_struct &regs) { return regs.regs[29]; }
#else
constexpr auto kIp = &user_regs_struct::rip, kStack = &user_regs_struct::rsp;
uint64_t frame_of(const user_regs_struct &regs) { return regs.rbp; }
#endif

}  // namespace

std::span<const uint64_t> UserStack::walk(const user_regs_struct &regs, bool is_at_entry, vm::TaskMemory &memory) {
  size_t count = 0;
  addresses_[count++] = regs.*kIp;
  uint64_t caller = 0;
  if (is_at_entry && memory.read((regs.*kStack), std::as_writable_bytes(std::span(&caller, 1))))
    addresses_[count++] = caller;
  uint64_t frame[2];  // the caller's frame, the return address
  for (uint64_t at = frame_of(regs); count < kMaxFrames && at >= (regs.*kStack) && at % 8 == 0; at = frame[0]) {
    if (!memory.read(at, std::as_writable_bytes(std::span(frame))) || frame[1] == 0) break;
    addresses_[count++] = frame[1];
    if (frame[0] <= at) break;  // stacks grow downwards: a caller's frame lies above
  }
  return std::span(addresses_).first(count);
}

}  // namespace spile::hooks
