// The fast interpreter. Each handler is a function whose parameters are the program's registers; it ends by calling the
// next handler in tail position with the same parameters, so that under preserve_none they stay in machine registers
// from one instruction to the next:
//
//   r6 r7 r8 r9   in registers that C functions preserve: a helper call does not spill them
//   r1 ... r5     in the argument registers of C: a helper call does not move them
//   r0, ip        in two of the rest
//
// One function exists per row of insns.def and pair of registers, so dst and src cost no decoding: an ALU instruction
// is the operation, a load of the next handler's address, and a jump. r10, the environment and the call stack are in
// thread-local memory (`machine`): a twelfth parameter would leave no scratch registers.
// Sound because: programs were verified and resolve_program has checked targets and register numbers, nothing is
// checked here but the depth of calls.
#include "runtime/vm/pinned.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/jit_abi.h"
#include "runtime/vm/memory.h"
#include "support/check.h"

#if SPILE_HAS_PINNED

namespace spile::vm {
namespace pinned {

[[gnu::tls_model("initial-exec")]] constinit thread_local Machine machine;

namespace {

// ---- Handlers of instructions with registers: a template over operation, width and registers.

template <isa::Alu op, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER alu_reg(SPILE_REGISTERS) {
  REG(D) = isa::alu(op, bits, REG(D), VALUE(S));
  SPILE_GO(ip + 1);
}
template <isa::Alu op, unsigned bits, unsigned D>
SPILE_HANDLER alu_imm(SPILE_REGISTERS) {
  REG(D) = isa::alu(op, bits, REG(D), ip->imm());
  SPILE_GO(ip + 1);
}
template <isa::Cond cond, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER branch_reg(SPILE_REGISTERS) {
  if (isa::holds(cond, bits, VALUE(D), VALUE(S))) SPILE_GO(ip->target());
  SPILE_GO(ip + 1);
}
template <isa::Cond cond, unsigned bits, unsigned D>
SPILE_HANDLER branch_imm(SPILE_REGISTERS) {
  if (isa::holds(cond, bits, VALUE(D), ip->imm())) SPILE_GO(ip->target());
  SPILE_GO(ip + 1);
}
template <isa::Extend how, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER load_reg(SPILE_REGISTERS) {
  REG(D) = isa::extend(how, bits, load<bits>(VALUE(S) + ip->off()));
  SPILE_GO(ip + 1);
}
template <unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER store_reg(SPILE_REGISTERS) {
  store<bits>(VALUE(D) + ip->off(), VALUE(S));
  SPILE_GO(ip + 1);
}
template <unsigned bits, unsigned D>
SPILE_HANDLER store_imm(SPILE_REGISTERS) {
  store<bits>(VALUE(D) + ip->off(), ip->imm());
  SPILE_GO(ip + 1);
}
template <unsigned D>
SPILE_HANDLER load_imm64(SPILE_REGISTERS) {
  REG(D) = ip->bits;
  SPILE_GO(ip + 2);
}

// ---- Rarer ones: registers go through an array, indexed by the operands.

struct Indices {
  unsigned dst, src;
  static constexpr int64_t pack(const isa::Insn &insn) { return insn.dst | insn.src << 4; }
  explicit Indices(const Slot *ip) : dst(ip->bits & 15), src(ip->bits >> 4 & 15) {}
};
#define SPILE_TO_ARRAY() {r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, machine.r10}
#define SPILE_FROM_ARRAY(regs)                                                                                    \
  r0 = regs[0], r1 = regs[1], r2 = regs[2], r3 = regs[3], r4 = regs[4], r5 = regs[5], r6 = regs[6], r7 = regs[7], \
  r8 = regs[8], r9 = regs[9]

template <isa::Atomic op, unsigned bits>
SPILE_HANDLER atomic_any(SPILE_REGISTERS) {
  uint64_t regs[] = SPILE_TO_ARRAY();
  const Indices index(ip);
  atomic<op, bits>(regs[index.dst] + ip->off(), regs[index.src], regs[0]);
  SPILE_FROM_ARRAY(regs);
  SPILE_GO(ip + 1);
}
template <unsigned bits>
SPILE_HANDLER load_acquire_any(SPILE_REGISTERS) {
  uint64_t regs[] = SPILE_TO_ARRAY();
  const Indices index(ip);
  regs[index.dst] = load_acquire<bits>(regs[index.src] + ip->off());
  SPILE_FROM_ARRAY(regs);
  SPILE_GO(ip + 1);
}
template <unsigned bits>
SPILE_HANDLER store_release_any(SPILE_REGISTERS) {
  const uint64_t regs[] = SPILE_TO_ARRAY();
  const Indices index(ip);
  store_release<bits>(regs[index.dst] + ip->off(), regs[index.src]);
  SPILE_GO(ip + 1);
}

// ---- Control flow.

SPILE_HANDLER jump(SPILE_REGISTERS) { SPILE_GO(ip->target()); }

SPILE_HANDLER may_goto(SPILE_REGISTERS) {
  if (machine.loops_left == 0) SPILE_GO(ip->target());
  machine.loops_left--;
  SPILE_GO(ip + 1);
}

[[gnu::cold, gnu::noinline]] void calls_too_deep() {
  SPILE_UNREACHABLE("a verified program calls more frames deep than the verifier allows");
}
[[gnu::noinline]] void zero(uint64_t address, uint64_t bytes) { memset(reinterpret_cast<void *>(address), 0, bytes); }
// Opens a frame that will return to [return_to], with [stack_bytes] below its r10 zeroed (Resolved::stack_bytes).
[[gnu::always_inline]] inline void push_frame(const Slot *return_to, uint64_t stack_bytes, uint64_t r6, uint64_t r7,
                                              uint64_t r8, uint64_t r9) {
  if (machine.next_frame == machine.frames_end) [[unlikely]]
    calls_too_deep();
  *machine.next_frame++ = {return_to, r6, r7, r8, r9, machine.loops_left};
  machine.r10 += kStackBytes;
  machine.loops_left = kMaxLoops;
  if (stack_bytes != 0) zero(machine.r10 - stack_bytes, stack_bytes);
}

SPILE_HANDLER call_local(SPILE_REGISTERS) {
  push_frame(ip + 1, ip->imm(), r6, r7, r8, r9);
  SPILE_GO(ip->target());
}

SPILE_HANDLER leave(SPILE_REGISTERS) {
  (void)ip;
  const Frame *frame = --machine.next_frame;
  machine.r10 -= kStackBytes;
  machine.loops_left = frame->loops_left;
  r6 = frame->r6, r7 = frame->r7, r8 = frame->r8, r9 = frame->r9;
  r1 = r2 = r3 = r4 = r5 = 0;
  SPILE_GO(frame->return_to);
}

// Where the first frame of a run returns to.
SPILE_HANDLER halt(SPILE_REGISTERS) {
  (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)r6, (void)r7, (void)r8, (void)r9, (void)ip;
  return r0;
}
constexpr Slot kHalt{halt, 0};

SPILE_HANDLER call_helper(SPILE_REGISTERS) {
  r0 = reinterpret_cast<HelperFn>(ip->bits)(r1, r2, r3, r4, r5, machine.env);
  // A call makes r1 to r5 unreadable; zero is cheaper than keeping them, and the same in every engine.
  r1 = r2 = r3 = r4 = r5 = 0;
  SPILE_GO(ip + 1);
}

// bpf_tail_call(): when the other program has run, this frame is left with its result.
SPILE_HANDLER call_tail(SPILE_REGISTERS) {
  r0 = reinterpret_cast<HelperFn>(ip->bits)(r1, r2, r3, r4, r5, machine.env);
  r1 = r2 = r3 = r4 = r5 = 0;
  if (std::exchange(machine.env->tail_called, false)) [[clang::musttail]]
    return leave(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, ip);
  SPILE_GO(ip + 1);
}

SPILE_HANDLER call_register(SPILE_REGISTERS) {
  const uint64_t regs[] = SPILE_TO_ARRAY();
  const uint64_t target = regs[Indices(ip).dst];
  if (target >= kMaxHelperNumber) {
    push_frame(ip + 1, kStackBytes, r6, r7, r8, r9);
    SPILE_GO(reinterpret_cast<const Slot *>(target));
  }
  const HelperFn helper = machine.resolve(static_cast<uint32_t>(target));
  SPILE_CHECK(helper != nullptr, "a verified program calls a helper that does not exist");
  r0 = helper(r1, r2, r3, r4, r5, machine.env);
  r1 = r2 = r3 = r4 = r5 = 0;
  SPILE_GO(ip + 1);
}

// ---- Classic packet loads: without the bytes, the (sub)program ends with r0 = 0.

template <unsigned bits>
SPILE_HANDLER packet_abs(SPILE_REGISTERS) {
  if (!packet_load(*machine.env, static_cast<int64_t>(ip->imm()), bits / 8, r0)) {
    r0 = 0;
    [[clang::musttail]] return leave(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, ip);
  }
  SPILE_GO(ip + 1);
}
template <unsigned bits, unsigned S>
SPILE_HANDLER packet_ind(SPILE_REGISTERS) {
  const auto offset = static_cast<int32_t>(static_cast<uint32_t>(VALUE(S)) + static_cast<uint32_t>(ip->imm()));
  if (!packet_load(*machine.env, offset, bits / 8, r0)) {
    r0 = 0;
    [[clang::musttail]] return leave(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, ip);
  }
  SPILE_GO(ip + 1);
}

// ---- From an instruction to its handler: tables over registers, one family for each shape.

template <isa::Alu op, unsigned bits>
constexpr auto kAluReg =
    table<kWritable * kReadable>([]<size_t I> { return Handler{alu_reg<op, bits, I / kReadable, I % kReadable>}; });
template <isa::Alu op, unsigned bits>
constexpr auto kAluImm = table<kWritable>([]<size_t I> { return Handler{alu_imm<op, bits, I>}; });
template <isa::Cond cond, unsigned bits>
constexpr auto kBranchReg = table<kReadable * kReadable>(
    []<size_t I> { return Handler{branch_reg<cond, bits, I / kReadable, I % kReadable>}; });
template <isa::Cond cond, unsigned bits>
constexpr auto kBranchImm = table<kReadable>([]<size_t I> { return Handler{branch_imm<cond, bits, I>}; });
template <isa::Extend how, unsigned bits>
constexpr auto kLoad =
    table<kWritable * kReadable>([]<size_t I> { return Handler{load_reg<how, bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreReg =
    table<kReadable * kReadable>([]<size_t I> { return Handler{store_reg<bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreImm = table<kReadable>([]<size_t I> { return Handler{store_imm<bits, I>}; });
constexpr auto kLoadImm64 = table<kWritable>([]<size_t I> { return Handler{load_imm64<I>}; });
template <unsigned bits>
constexpr auto kPacketInd = table<kReadable>([]<size_t I> { return Handler{packet_ind<bits, I>}; });

uint32_t callee_stack_bytes(const Resolved &program, uint64_t start) {
  const auto callee = std::ranges::lower_bound(program.subprograms, start);
  return program.stack_bytes[static_cast<size_t>(callee - program.subprograms.begin())];
}

Slot single_slot(const Resolved &program, size_t index, const Slot *slots, int64_t jump_bytes) {
  const isa::Insn &insn = program.insns[index];
  const isa::InsnInfo &info = program.info(index);
  const uint64_t value = program.values[index];
  const size_t pair = insn.dst * kReadable + insn.src;

#define SLOT_AluImm(op, bits) {kAluImm<isa::Alu::op, bits>[insn.dst], Slot::pack(insn.imm, 0)}
#define SLOT_AluReg(op, bits) {kAluReg<isa::Alu::op, bits>[pair], 0}
// The memory of an arena is where its addresses say: a cast moves.
#define SLOT_AddressCast(op, bits) SLOT_AluReg(op, bits)
#define SLOT_AluUnary(op, bits) {kAluImm<isa::Alu::op, bits>[insn.dst], 0}
#define SLOT_BranchImm(op, bits) {kBranchImm<isa::Cond::op, bits>[insn.dst], Slot::pack(insn.imm, jump_bytes)}
#define SLOT_BranchReg(op, bits) {kBranchReg<isa::Cond::op, bits>[pair], Slot::pack(0, jump_bytes)}
#define SLOT_Jump(op, bits) {jump, Slot::pack(0, jump_bytes)}
#define SLOT_JumpLong(op, bits) {jump, Slot::pack(0, jump_bytes)}
#define SLOT_MayGoto(op, bits) {may_goto, Slot::pack(0, jump_bytes)}
#define SLOT_CallHelper(op, bits) {insn.imm == kTailCall ? call_tail : call_helper, value}
#define SLOT_CallLocal(op, bits) {call_local, Slot::pack(callee_stack_bytes(program, value), jump_bytes)}
#define SLOT_CallKfunc(op, bits) {call_helper, value}
#define SLOT_CallReg(op, bits) {call_register, Slot::pack(Indices::pack(insn), 0)}
#define SLOT_Exit(op, bits) {leave, 0}
#define SLOT_Load(op, bits) {kLoad<isa::Extend::op, bits>[pair], Slot::pack(0, insn.off)}
#define SLOT_StoreImm(op, bits) {kStoreImm<bits>[insn.dst], Slot::pack(insn.imm, insn.off)}
#define SLOT_StoreReg(op, bits) {kStoreReg<bits>[pair], Slot::pack(0, insn.off)}
#define SLOT_Atomic(op, bits) {atomic_any<isa::Atomic::op, bits>, Slot::pack(Indices::pack(insn), insn.off)}
#define SLOT_LoadAcquire(op, bits) {load_acquire_any<bits>, Slot::pack(Indices::pack(insn), insn.off)}
#define SLOT_StoreRelease(op, bits) {store_release_any<bits>, Slot::pack(Indices::pack(insn), insn.off)}
#define SLOT_LoadImm64(op, bits) {kLoadImm64[insn.dst], value}
#define SLOT_PacketAbs(op, bits) {packet_abs<bits>, Slot::pack(insn.imm, 0)}
#define SLOT_PacketInd(op, bits) {kPacketInd<bits>[insn.src], Slot::pack(insn.imm, 0)}

  // A callback is the address of its first slot.
  if (info.op == isa::Op::LddwFunc) return {kLoadImm64[insn.dst], reinterpret_cast<uint64_t>(slots + value)};
  switch (info.op) {
#define SPILE_INSN(Name, opcode, select, TheShape, Operation, bits, text, cpu) \
  case isa::Op::Name:                                                          \
    return SLOT_##TheShape(Operation, bits);
#include "lang-spec/tables/insns.def"
  }
  __builtin_unreachable();
}

}  // namespace

Slot slot_of(const Resolved &program, size_t index, const Slot *slots, int64_t jump_bytes) {
  Slot slot = single_slot(program, index, slots, jump_bytes);
  if (const Handler both = pair_handler(program, index)) slot.handler = both;
  return slot;
}

}  // namespace pinned

namespace {

using pinned::Frame;
using pinned::Machine;
using pinned::machine;
using pinned::Slot;

// Runs from [ip] in a new frame until that frame exits.
uint64_t start(const Slot *ip, uint64_t stack_bytes, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5) {
  pinned::push_frame(&pinned::kHalt, stack_bytes, 0, 0, 0, 0);
  return ip->handler(0, 0, 0, 0, r1, r2, r3, r4, r5, 0, ip);
}

class PinnedLoaded final : public Loaded {
 public:
  PinnedLoaded(const Resolved &program, HelperResolver resolve)
      : slots_(program.insns.size()), stack_bytes_(program.stack_bytes[0]), resolve_(resolve) {
    for (size_t i = 0; i < slots_.size(); i += isa::width(program.insns[i]))
      slots_[i] = pinned::slot_of(program, i, slots_.data(), jump_bytes(program, i));
  }

  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    return run_from(slots_.data(), stack_bytes_, reinterpret_cast<uint64_t>(ctx), ctx_size, 0, env);
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    return run_from(reinterpret_cast<const Slot *>(callback), kStackBytes, r1, r2, r3, env);
  }

 private:
  // Slot i is instruction i; the second half of a 64-bit immediate is an unused slot.
  static int64_t jump_bytes(const Resolved &program, size_t index) {
    return (static_cast<int64_t>(program.values[index]) - static_cast<int64_t>(index)) * int64_t{sizeof(Slot)};
  }

  uint64_t run_from(const Slot *ip, uint64_t stack_bytes, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const {
    alignas(16) std::byte stack[kMaxFrames * kStackBytes];
    Frame frames[kMaxFrames];
    // A helper may run another program on this thread: each run puts back what it found.
    const Machine outer = machine;
    machine = {reinterpret_cast<uint64_t>(stack), 0, frames, frames + kMaxFrames, &env, resolve_};
    env.call_back = call_back;
    env.running = this;
    const uint64_t result = start(ip, stack_bytes, r1, r2, r3, 0, 0);
    machine = outer;
    return result;
  }

  static uint64_t call_back(Env *, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5) {
    return start(reinterpret_cast<const Slot *>(callback), kStackBytes, r1, r2, r3, r4, r5);
  }

  std::vector<Slot> slots_;
  uint64_t stack_bytes_;  // of the entry
  HelperResolver resolve_;
};

class PinnedEngine final : public Engine {
 public:
  explicit PinnedEngine(HelperResolver resolve) : resolve_(resolve) {}
  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    auto resolved = resolve_program(program, addresses_of(maps), resolve_);
    if (!resolved) return std::unexpected(resolved.error());
    return std::make_unique<PinnedLoaded>(*resolved, resolve_);
  }

 private:
  HelperResolver resolve_;
};

}  // namespace

std::unique_ptr<Engine> make_pinned_interpreter(HelperResolver resolve) {
  return std::make_unique<PinnedEngine>(resolve);
}

}  // namespace spile::vm

#else

namespace spile::vm {
std::unique_ptr<Engine> make_pinned_interpreter(HelperResolver) { return nullptr; }
}  // namespace spile::vm

#endif
