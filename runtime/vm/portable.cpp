// The portable interpreter: pre-decoded 16-byte slots, registers in an array, one label per row of insns.def, and each
// handler jumps to the next by computed goto. About half the speed of pinned.cpp, and simple to read; the fallback for
// compilers and machines without musttail and preserve_none.
#include <array>
#include <utility>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/resolve.h"
#include "support/check.h"

#pragma GCC diagnostic ignored "-Wpedantic"  // labels as values

namespace spile::vm {
namespace {

// Slot i is instruction i; the second half of a 64-bit immediate is a slot too and holds the value.
struct Slot {
  const void *handler = nullptr;
  struct Operands {
    int32_t imm;
    int16_t off;
    uint8_t dst, src;
  };
  union {
    uint64_t value = 0;  // 64-bit immediate, address of a helper
    Operands operands;
  };
};
static_assert(sizeof(Slot) == 16);

struct Frame {
  const Slot *return_to = nullptr;  // null: back to the host
  std::array<uint64_t, 4> saved{};  // r6..r9
  uint64_t loops_left = 0;
};

// One run of a program: its stack, and the frames of its calls and callbacks.
struct Machine {
  Env &env;
  HelperResolver resolve;
  std::array<Frame, kMaxFrames> frames;
  unsigned depth = 0;  // frames in use
  alignas(16) std::array<std::byte, kMaxFrames * kStackBytes> stack;
};

// Runs from [ip] in a new frame until that frame exits; with a null ip it hands out the addresses of its handlers.
uint64_t execute(Machine *machine, const Slot *ip, std::array<uint64_t, 5> arguments, const void *const **handlers) {
  static const void *const kHandlers[] = {
#define SPILE_INSN(Name, ...) &&handle_##Name,
#include "lang-spec/tables/insns.def"
  };
  if (ip == nullptr) {
    *handlers = kHandlers;
    return 0;
  }

  using enum isa::Alu;
  uint64_t regs[isa::kRegisterCount] = {0, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]};
  uint64_t loops_left = 0;
  const auto enter = [&](const Slot *return_to) {
    SPILE_CHECK(machine->depth < kMaxFrames, "a verified program calls more frames deep than the verifier allows");
    machine->frames[machine->depth++] = {return_to, {regs[6], regs[7], regs[8], regs[9]}, loops_left};
    regs[10] = reinterpret_cast<uint64_t>(machine->stack.data()) + machine->depth * kStackBytes;
    memset(reinterpret_cast<void *>(regs[10] - kStackBytes), 0, kStackBytes);
    loops_left = kMaxLoops;
  };
  const auto after_call = [&](uint64_t result) {
    regs[0] = result;
    for (unsigned i = 1; i <= 5; i++) regs[i] = 0;
  };
  enter(nullptr);
  goto * ip->handler;

#define IMM static_cast<uint64_t>(static_cast<int64_t>(ip->operands.imm))
#define DST regs[ip->operands.dst]
#define SRC regs[ip->operands.src]
#define AT(base) ((base) + static_cast<uint64_t>(static_cast<int64_t>(ip->operands.off)))
#define NEXT(distance)  \
  do {                  \
    ip += (distance);   \
    goto * ip->handler; \
  } while (false)

#define HANDLE_AluImm(operation, bits)                 \
  DST = isa::alu(isa::Alu::operation, bits, DST, IMM); \
  NEXT(1);
#define HANDLE_AluReg(operation, bits)                 \
  DST = isa::alu(isa::Alu::operation, bits, DST, SRC); \
  NEXT(1);
// The memory of an arena is where its addresses say: a cast moves.
#define HANDLE_AddressCast(operation, bits) HANDLE_AluReg(operation, bits)
#define HANDLE_AluUnary(operation, bits)             \
  DST = isa::alu(isa::Alu::operation, bits, DST, 0); \
  NEXT(1);
#define HANDLE_BranchImm(operation, bits) \
  NEXT(isa::holds(isa::Cond::operation, bits, DST, IMM) ? 1 + ip->operands.off : 1);
#define HANDLE_BranchReg(operation, bits) \
  NEXT(isa::holds(isa::Cond::operation, bits, DST, SRC) ? 1 + ip->operands.off : 1);
#define HANDLE_Jump(operation, bits) NEXT(1 + ip->operands.off);
#define HANDLE_JumpLong(operation, bits) NEXT(1 + static_cast<int64_t>(ip->operands.imm));
#define HANDLE_MayGoto(operation, bits)            \
  if (loops_left == 0) NEXT(1 + ip->operands.off); \
  loops_left--;                                    \
  NEXT(1);
#define HANDLE_CallHelper(operation, bits)                                                                       \
  after_call(reinterpret_cast<HelperFn>(ip->value)(regs[1], regs[2], regs[3], regs[4], regs[5], &machine->env)); \
  if (machine->env.tail_called) goto leave_after_tail_call;                                                      \
  NEXT(1);
#define HANDLE_CallLocal(operation, bits)                                \
  {                                                                      \
    const int64_t distance = 1 + static_cast<int64_t>(ip->operands.imm); \
    enter(ip + 1);                                                       \
    NEXT(distance);                                                      \
  }
#define HANDLE_CallKfunc(operation, bits) HANDLE_CallHelper(operation, bits)
#define HANDLE_CallReg(operation, bits) goto call_register;
#define HANDLE_Exit(operation, bits) goto leave;
#define HANDLE_Load(operation, bits)                                    \
  DST = isa::extend(isa::Extend::operation, bits, load<bits>(AT(SRC))); \
  NEXT(1);
#define HANDLE_StoreImm(operation, bits) \
  store<bits>(AT(DST), IMM);             \
  NEXT(1);
#define HANDLE_StoreReg(operation, bits) \
  store<bits>(AT(DST), SRC);             \
  NEXT(1);
#define HANDLE_Atomic(operation, bits)                         \
  atomic<isa::Atomic::operation, bits>(AT(DST), SRC, regs[0]); \
  NEXT(1);
#define HANDLE_LoadAcquire(operation, bits) \
  DST = load_acquire<bits>(AT(SRC));        \
  NEXT(1);
#define HANDLE_StoreRelease(operation, bits) \
  store_release<bits>(AT(DST), SRC);         \
  NEXT(1);
#define HANDLE_LoadImm64(operation, bits) \
  DST = ip[1].value;                      \
  NEXT(2);
#define HANDLE_PacketAbs(operation, bits)                                                         \
  if (!packet_load(machine->env, ip->operands.imm, bits / 8, regs[0])) goto leave_without_packet; \
  NEXT(1);
#define HANDLE_PacketInd(operation, bits)                                                                       \
  if (!packet_load(machine->env, static_cast<int32_t>(static_cast<uint32_t>(SRC) + static_cast<uint32_t>(IMM)), \
                   bits / 8, regs[0]))                                                                          \
    goto leave_without_packet;                                                                                  \
  NEXT(1);

#define SPILE_INSN(Name, opcode, select, TheShape, Operation, bits, text, cpu) \
  handle_##Name : HANDLE_##TheShape(Operation, bits)
#include "lang-spec/tables/insns.def"

call_register: {
  const uint64_t target = DST;
  if (target < kMaxHelperNumber) {
    const HelperFn helper = machine->resolve(static_cast<uint32_t>(target));
    SPILE_CHECK(helper != nullptr, "a verified program calls a helper that does not exist");
    after_call(helper(regs[1], regs[2], regs[3], regs[4], regs[5], &machine->env));
    NEXT(1);
  }
  enter(ip + 1);
  ip = reinterpret_cast<const Slot *>(target);
  NEXT(0);
}
leave_without_packet:
  regs[0] = 0;
  goto leave;
leave_after_tail_call:
  machine->env.tail_called = false;
leave: {
  const Frame &frame = machine->frames[--machine->depth];
  if (frame.return_to == nullptr) return regs[0];
  after_call(regs[0]);
  for (unsigned i = 0; i < 4; i++) regs[6 + i] = frame.saved[i];
  regs[10] -= kStackBytes;
  loops_left = frame.loops_left;
  ip = frame.return_to;
  NEXT(0);
}
}

class PortableLoaded final : public Loaded {
 public:
  PortableLoaded(const Resolved &program, HelperResolver resolve) : slots_(program.insns.size()), resolve_(resolve) {
    const void *const *handlers = nullptr;
    execute(nullptr, nullptr, {}, &handlers);
    for (size_t i = 0; i < slots_.size(); i += isa::width(program.insns[i])) {
      const isa::Insn &insn = program.insns[i];
      const isa::InsnInfo &info = program.info(i);
      slots_[i].handler = handlers[static_cast<size_t>(info.op)];
      if (info.shape == isa::Shape::CallHelper || info.shape == isa::Shape::CallKfunc)
        slots_[i].value = program.values[i];
      else
        slots_[i].operands = {insn.imm, insn.off, insn.dst, insn.src};
      if (info.shape == isa::Shape::LoadImm64)
        slots_[i + 1].value =
            info.op == isa::Op::LddwFunc ? reinterpret_cast<uint64_t>(&slots_[program.values[i]]) : program.values[i];
    }
  }

  uint64_t run(void *ctx, uint64_t ctx_size, Env &env) const override {
    return run_from(slots_.data(), reinterpret_cast<uint64_t>(ctx), ctx_size, 0, env);
  }
  uint64_t call(uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const override {
    return run_from(reinterpret_cast<const Slot *>(callback), r1, r2, r3, env);
  }

 private:
  uint64_t run_from(const Slot *start, uint64_t r1, uint64_t r2, uint64_t r3, Env &env) const {
    Machine machine{.env = env, .resolve = resolve_};
    env.call_back = call_back;
    env.engine_state = &machine;
    env.running = this;
    return execute(&machine, start, {r1, r2, r3, 0, 0}, nullptr);
  }

  static uint64_t call_back(Env *env, uint64_t callback, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                            uint64_t r5) {
    auto *machine = const_cast<Machine *>(static_cast<const Machine *>(env->engine_state));
    return execute(machine, reinterpret_cast<const Slot *>(callback), {r1, r2, r3, r4, r5}, nullptr);
  }

  std::vector<Slot> slots_;
  HelperResolver resolve_;
};

class PortableEngine final : public Engine {
 public:
  explicit PortableEngine(HelperResolver resolve) : resolve_(resolve) {}
  Result<std::unique_ptr<Loaded>> load(const object::Program &program, std::span<maps::Map *const> maps) override {
    auto resolved = resolve_program(program, addresses_of(maps), resolve_);
    if (!resolved) return std::unexpected(resolved.error());
    return std::make_unique<PortableLoaded>(*resolved, resolve_);
  }

 private:
  HelperResolver resolve_;
};

}  // namespace

std::unique_ptr<Engine> make_portable_interpreter(HelperResolver resolve) {
  return std::make_unique<PortableEngine>(resolve);
}

}  // namespace spile::vm
