// Most handlers are those of verified programs (pinned.cpp). Others:
//
//   an access   takes two slots: the handler, and the window that it is bound to
//   a jump back spends fuel: a comparison with a constant does it itself and has what it costs in a second slot; others
//               go to a slot behind the program that spends and jumps on
//   a call of a subprogram, an exit: work on the interpreter's frames
//   the rest    steps aside: registers are put where the interpreter has them, and taken back
#include "runtime/vm/accelerate.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <utility>
#include <vector>

#include "backend/isa/info.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/pinned.h"

#if SPILE_HAS_PINNED

namespace spile::vm {
namespace {

using namespace pinned;
using isa::Shape;

// The second slot of an access.
struct Bound {
  const Window *window = nullptr;  // never null
  Window *own = nullptr;           // for what learn() was told; null before
};
union Cell {
  Slot slot;
  Bound bound;
};
static_assert(sizeof(Cell) == sizeof(Slot));
constexpr Window kNowhere;

class Pinned;
// Of the run that is active on this thread.
struct Running {
  Pinned *program = nullptr;
  Accelerator::Host *host = nullptr;
  Registers *regs = nullptr;
  Frames *frames = nullptr;
  uint64_t fuel = 0;
  uint64_t *fuel_of_host = nullptr;
};
[[gnu::tls_model("initial-exec")]] constinit thread_local Running running;

// Has the host execute one instruction; where to go on, or null.
const Slot *step_aside(const Slot *ip);

SPILE_HANDLER aside(SPILE_REGISTERS) {
  // One by one: what is stored as a vector is not forwarded to the loads that follow.
  uint64_t *const regs = running.regs->data();
  regs[0] = r0, regs[1] = r1, regs[2] = r2, regs[3] = r3, regs[4] = r4, regs[5] = r5, regs[6] = r6, regs[7] = r7;
  regs[8] = r8, regs[9] = r9;
  ip = step_aside(ip);
  if (ip == nullptr) return 0;
  r0 = regs[0], r1 = regs[1], r2 = regs[2], r3 = regs[3], r4 = regs[4], r5 = regs[5], r6 = regs[6], r7 = regs[7],
  r8 = regs[8], r9 = regs[9];
  SPILE_GO(ip);
}
#define SPILE_ASIDE() [[clang::musttail]] return aside(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, ip)

template <unsigned bits>
bool may_read(const Slot *ip, uint64_t address) {
  const Window &window = *reinterpret_cast<const Cell *>(ip + 1)->bound.window;
  return address - window.first < window.reads[std::countr_zero(bits / 8)];
}
template <unsigned bits>
bool may_write(const Slot *ip, uint64_t address) {
  const Window &window = *reinterpret_cast<const Cell *>(ip + 1)->bound.window;
  return address - window.first < window.writes[std::countr_zero(bits / 8)];
}

template <isa::Extend how, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER load_reg(SPILE_REGISTERS) {
  const uint64_t address = VALUE(S) + ip->off();
  if (!may_read<bits>(ip, address)) [[unlikely]]
    SPILE_ASIDE();
  REG(D) = isa::extend(how, bits, load<bits>(address));
  SPILE_GO(ip + 2);
}
template <unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER store_reg(SPILE_REGISTERS) {
  const uint64_t address = VALUE(D) + ip->off();
  if (!may_write<bits>(ip, address)) [[unlikely]]
    SPILE_ASIDE();
  store<bits>(address, VALUE(S));
  SPILE_GO(ip + 2);
}
template <unsigned bits, unsigned D>
SPILE_HANDLER store_imm(SPILE_REGISTERS) {
  const uint64_t address = VALUE(D) + ip->off();
  if (!may_write<bits>(ip, address)) [[unlikely]]
    SPILE_ASIDE();
  store<bits>(address, ip->imm());
  SPILE_GO(ip + 2);
}
SPILE_HANDLER spend(SPILE_REGISTERS) {
  const uint64_t cost = ip->imm();
  ip = ip->target();
  if (running.fuel < cost) [[unlikely]]
    SPILE_ASIDE();
  running.fuel -= cost;
  SPILE_GO(ip);
}
#define SPILE_GO_BACK(branch)                        \
  do {                                               \
    const Slot *const branch_ = (branch);            \
    ip = branch_->target();                          \
    if (running.fuel < branch_[1].bits) [[unlikely]] \
      SPILE_ASIDE();                                 \
    running.fuel -= branch_[1].bits;                 \
    SPILE_GO(ip);                                    \
  } while (false)
template <isa::Cond cond, unsigned bits, unsigned D>
SPILE_HANDLER branch_back(SPILE_REGISTERS) {
  if (isa::holds(cond, bits, VALUE(D), ip->imm())) SPILE_GO_BACK(ip);
  SPILE_GO(ip + 2);
}
template <isa::Cond cond, unsigned D>
SPILE_HANDLER add_and_branch_back(SPILE_REGISTERS) {
  REG(D) += ip->imm();
  if (isa::holds(cond, 64, REG(D), ip[1].imm())) SPILE_GO_BACK(ip + 1);
  SPILE_GO(ip + 3);
}
SPILE_HANDLER call_local(SPILE_REGISTERS) {
  Frames &frames = *running.frames;
  if (frames.is_full()) [[unlikely]]
    SPILE_ASIDE();
  frames.enter(static_cast<int64_t>(ip->imm()), ip + 1, {r6, r7, r8, r9});
  machine.r10 = (*running.regs)[isa::kFramePointer] = frames.stack_end();
  SPILE_GO(ip->target());
}
SPILE_HANDLER leave(SPILE_REGISTERS) {
  Frames &frames = *running.frames;
  const uint64_t cost = ip->imm();
  if (running.fuel < cost || frames.depth() == 0 || frames.caller().resume == nullptr) [[unlikely]]
    SPILE_ASIDE();
  running.fuel -= cost;
  const Frames::Frame &caller = frames.leave();
  machine.r10 = (*running.regs)[isa::kFramePointer] = frames.stack_end();
  r6 = caller.saved[0], r7 = caller.saved[1], r8 = caller.saved[2], r9 = caller.saved[3];
  r1 = r2 = r3 = r4 = r5 = 0;
  SPILE_GO(static_cast<const Slot *>(caller.resume));
}

template <isa::Extend how, unsigned bits>
constexpr auto kLoad =
    table<kWritable * kReadable>([]<size_t I> { return Handler{load_reg<how, bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreReg =
    table<kReadable * kReadable>([]<size_t I> { return Handler{store_reg<bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreImm = table<kReadable>([]<size_t I> { return Handler{store_imm<bits, I>}; });

template <isa::Cond cond, unsigned bits>
constexpr auto kBranchBack = table<kReadable>([]<size_t I> { return Handler{branch_back<cond, bits, I>}; });
template <isa::Cond cond>
constexpr auto kAddAndBranchBack = table<kWritable>([]<size_t I> { return Handler{add_and_branch_back<cond, I>}; });

// Of a comparison with a constant that jumps back; with [adds] of the addition before it too.
Handler back_handler(const isa::InsnInfo &branch, unsigned dst, bool adds) {
  switch (branch.cond()) {
#define CASE(name)                                            \
  case isa::Cond::name:                                       \
    if (adds) return kAddAndBranchBack<isa::Cond::name>[dst]; \
    return branch.bits == 64 ? kBranchBack<isa::Cond::name, 64>[dst] : kBranchBack<isa::Cond::name, 32>[dst];
    CASE(Eq) CASE(Ne) CASE(Gt) CASE(Ge) CASE(Lt) CASE(Le) CASE(Sgt) CASE(Sge) CASE(Slt) CASE(Sle) CASE(Set)
#undef CASE
  }
  __builtin_unreachable();
}

bool is_access(Shape shape) { return shape == Shape::Load || shape == Shape::StoreReg || shape == Shape::StoreImm; }

// Whether verified programs' handler serves here too.
bool is_plain(Shape shape) {
  switch (shape) {
    case Shape::AluImm:
    case Shape::AluReg:
    case Shape::AluUnary:
    case Shape::AddressCast:
    case Shape::BranchImm:
    case Shape::BranchReg:
    case Shape::Jump:
    case Shape::JumpLong:
      return true;
    case Shape::MayGoto:
    case Shape::CallHelper:
    case Shape::CallLocal:
    case Shape::CallKfunc:
    case Shape::CallReg:
    case Shape::Exit:
    case Shape::Load:
    case Shape::StoreImm:
    case Shape::StoreReg:
    case Shape::Atomic:
    case Shape::LoadAcquire:
    case Shape::StoreRelease:
    case Shape::LoadImm64:
    case Shape::PacketAbs:
    case Shape::PacketInd:
      return false;
  }
  return false;
}

Slot access_slot(const Resolved &program, size_t index) {
  const isa::Insn &insn = program.insns[index];
  const size_t pair = insn.dst * kReadable + insn.src;
#define SLOT_Load(op, bits) {kLoad<isa::Extend::op, bits>[pair], Slot::pack(0, insn.off)}
#define SLOT_StoreImm(op, bits) {kStoreImm<bits>[insn.dst], Slot::pack(insn.imm, insn.off)}
#define SLOT_StoreReg(op, bits) {kStoreReg<bits>[pair], Slot::pack(0, insn.off)}
  // The other shapes are no accesses.
#define SLOT_AluImm(op, bits) {aside, 0}
#define SLOT_AluReg(op, bits) {aside, 0}
#define SLOT_AddressCast(op, bits) {aside, 0}
#define SLOT_AluUnary(op, bits) {aside, 0}
#define SLOT_BranchImm(op, bits) {aside, 0}
#define SLOT_BranchReg(op, bits) {aside, 0}
#define SLOT_Jump(op, bits) {aside, 0}
#define SLOT_JumpLong(op, bits) {aside, 0}
#define SLOT_MayGoto(op, bits) {aside, 0}
#define SLOT_CallHelper(op, bits) {aside, 0}
#define SLOT_CallLocal(op, bits) {aside, 0}
#define SLOT_CallKfunc(op, bits) {aside, 0}
#define SLOT_CallReg(op, bits) {aside, 0}
#define SLOT_Exit(op, bits) {aside, 0}
#define SLOT_Atomic(op, bits) {aside, 0}
#define SLOT_LoadAcquire(op, bits) {aside, 0}
#define SLOT_StoreRelease(op, bits) {aside, 0}
#define SLOT_LoadImm64(op, bits) {aside, 0}
#define SLOT_PacketAbs(op, bits) {aside, 0}
#define SLOT_PacketInd(op, bits) {aside, 0}
  switch (program.info(index).op) {
#define SPILE_INSN(Name, opcode, select, TheShape, Operation, bits, text, cpu) \
  case isa::Op::Name:                                                          \
    return SLOT_##TheShape(Operation, bits);
#include "lang-spec/tables/insns.def"
  }
  __builtin_unreachable();
}

class Pinned final : public Accelerator {
 public:
  explicit Pinned(const Resolved &program) {
    place(program);
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i]))
      cells_[position_[i]].slot = slot(program, i);
  }

  void run(uint32_t insn, Registers &regs, Frames &frames, uint64_t &fuel, Host &host) override {
    const Machine outer_machine = machine;
    const Running outer = std::exchange(running, {this, &host, &regs, &frames, fuel, &fuel});
    machine.r10 = regs[isa::kFramePointer];
    const Slot *ip = &cells_[position_[insn]].slot;
    ip->handler(regs[6], regs[7], regs[8], regs[9], regs[1], regs[2], regs[3], regs[4], regs[5], regs[0], ip);
    running = outer;
    machine = outer_machine;
  }
  void bind(uint32_t insn, const Window &window) override { bound(insn).window = &window; }
  void learn(uint32_t insn, const Region &region) override {
    Bound &access = bound(insn);
    if (access.own == nullptr) access.own = &own_.emplace_back();
    access.own->set(region.address, region.size, region.writable);
    access.window = access.own;
  }
  const Slot *step(const Slot *ip) {
    const auto insn = insn_at_[static_cast<size_t>(reinterpret_cast<const Cell *>(ip) - cells_.data())];
    *running.fuel_of_host = running.fuel;
    const std::optional<uint32_t> next = running.host->step(insn);
    running.fuel = *running.fuel_of_host;
    machine.r10 = (*running.regs)[isa::kFramePointer];
    return next ? &cells_[position_[*next]].slot : nullptr;
  }

 private:
  static bool jumps_back(const Resolved &program, size_t index) {
    const Shape shape = program.info(index).shape;
    const bool jumps =
        shape == Shape::BranchImm || shape == Shape::BranchReg || shape == Shape::Jump || shape == Shape::JumpLong;
    return jumps && program.values[index] <= index;
  }

  static bool compares_back(const Resolved &program, size_t index) {
    return program.info(index).shape == Shape::BranchImm && jumps_back(program, index);
  }

  Bound &bound(uint32_t insn) { return cells_[position_[insn] + 1].bound; }

  // How many instructions its subprogram has up to this one.
  static int64_t length_until(const Resolved &program, size_t index) {
    const auto next = std::ranges::upper_bound(program.subprograms, index);
    return static_cast<int64_t>(index - *(next - 1) + 1);
  }

  // Where each instruction's cell is; behind them those that spend fuel, and which instruction a cell is of.
  void place(const Resolved &program) {
    position_.resize(program.insns.size());
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i])) {
      position_[i] = static_cast<uint32_t>(insn_at_.size());
      const Shape shape = program.info(i).shape;
      const bool has_two = is_access(shape) || shape == Shape::LoadImm64 || compares_back(program, i);
      insn_at_.insert(insn_at_.end(), has_two ? 2 : 1, static_cast<uint32_t>(i));
    }
    next_spend_ = insn_at_.size();
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i]))
      if (jumps_back(program, i) && !compares_back(program, i)) insn_at_.push_back(static_cast<uint32_t>(i));
    cells_.resize(insn_at_.size(), Cell{.bound = {&kNowhere, nullptr}});
  }

  Slot slot(const Resolved &program, size_t index) {
    const isa::InsnInfo &info = program.info(index);
    if (is_access(info.shape)) return access_slot(program, index);
    // Addresses of subprograms are the interpreter's own.
    if (info.shape == Shape::Exit) return {leave, Slot::pack(length_until(program, index), 0)};
    const bool is_constant = info.shape == Shape::LoadImm64 && info.op != isa::Op::LddwFunc;
    const bool calls = info.shape == Shape::CallLocal;
    if (!is_constant && !calls && !is_plain(info.shape)) return {aside, 0};
    const auto here = static_cast<int64_t>(position_[index]);
    int64_t to = here;
    if (program.values[index] < program.insns.size() && !is_constant) to = position_[program.values[index]];
    if (calls) return {call_local, Slot::pack(static_cast<int64_t>(index) + 1, (to - here) * int64_t{sizeof(Slot)})};
    const auto cost = static_cast<int64_t>(index - program.values[index] + 1);  // of a jump back
    if (compares_back(program, index)) {
      cells_[position_[index] + 1].slot.bits = static_cast<uint64_t>(cost);
      const Handler handler = back_handler(info, program.insns[index].dst, false);
      return {handler, Slot::pack(program.insns[index].imm, (to - here) * int64_t{sizeof(Slot)})};
    }
    if (jumps_back(program, index)) {
      const auto spends = static_cast<int64_t>(next_spend_++);
      cells_[static_cast<size_t>(spends)].slot = {spend, Slot::pack(cost, (to - spends) * int64_t{sizeof(Slot)})};
      to = spends;
    }
    Slot slot = slot_of(program, index, nullptr, (to - here) * int64_t{sizeof(Slot)});
    const size_t next = index + 1;
    if (info.op == isa::Op::Add64Imm && compares_back(program, next) && program.info(next).bits == 64 &&
        program.insns[index].dst == program.insns[next].dst)
      slot.handler = back_handler(program.info(next), program.insns[index].dst, true);
    return slot;
  }

  std::vector<Cell> cells_;
  std::vector<uint32_t> position_, insn_at_;  // cells by instruction, and back
  size_t next_spend_ = 0;
  std::deque<Window> own_;
};

const Slot *step_aside(const Slot *ip) { return running.program->step(ip); }

}  // namespace

std::unique_ptr<Accelerator> Accelerator::make(const Resolved &program) { return std::make_unique<Pinned>(program); }

}  // namespace spile::vm

#else

namespace spile::vm {
std::unique_ptr<Accelerator> Accelerator::make(const Resolved &) { return nullptr; }
}  // namespace spile::vm

#endif
