// Most handlers are those of verified programs (pinned.cpp). Three kinds are other:
//
//   an access   takes two slots: the handler, and the window of addresses that were found to be memory
//   a jump back goes to a slot behind the program that spends fuel and jumps on
//   the rest    bails out: the registers are put where run() finds them
#include "runtime/vm/accelerate.h"

#include <algorithm>
#include <utility>

#include "backend/isa/info.h"
#include "runtime/vm/memory.h"
#include "runtime/vm/pinned.h"

#if SPILE_HAS_PINNED

namespace spile::vm {
namespace {

using namespace pinned;
using isa::Shape;

// Addresses at which an access may begin: [first, first + count).
struct Window {
  uint64_t first = 0, count = 0;
};
union Cell {
  Slot slot;
  Window window;
};
static_assert(sizeof(Cell) == sizeof(Slot));
const Window &window_of(const Slot *ip) { return reinterpret_cast<const Cell *>(ip + 1)->window; }

// Of the run that is active on this thread.
struct Left {
  const Slot *ip = nullptr;
  uint64_t fuel = 0;
  std::array<uint64_t, isa::kFramePointer> regs{};
};
[[gnu::tls_model("initial-exec")]] constinit thread_local Left left;

SPILE_HANDLER bail(SPILE_REGISTERS) {
  left.ip = ip;
  left.regs = {r0, r1, r2, r3, r4, r5, r6, r7, r8, r9};
  return 0;
}
#define SPILE_BAIL() [[clang::musttail]] return bail(r6, r7, r8, r9, r1, r2, r3, r4, r5, r0, ip)

template <isa::Extend how, unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER load_reg(SPILE_REGISTERS) {
  const uint64_t address = VALUE(S) + ip->off();
  if (address - window_of(ip).first >= window_of(ip).count) [[unlikely]]
    SPILE_BAIL();
  REG(D) = isa::extend(how, bits, load<bits>(address));
  SPILE_GO(ip + 2);
}
template <unsigned bits, unsigned D, unsigned S>
SPILE_HANDLER store_reg(SPILE_REGISTERS) {
  const uint64_t address = VALUE(D) + ip->off();
  if (address - window_of(ip).first >= window_of(ip).count) [[unlikely]]
    SPILE_BAIL();
  store<bits>(address, VALUE(S));
  SPILE_GO(ip + 2);
}
template <unsigned bits, unsigned D>
SPILE_HANDLER store_imm(SPILE_REGISTERS) {
  const uint64_t address = VALUE(D) + ip->off();
  if (address - window_of(ip).first >= window_of(ip).count) [[unlikely]]
    SPILE_BAIL();
  store<bits>(address, ip->imm());
  SPILE_GO(ip + 2);
}
SPILE_HANDLER spend(SPILE_REGISTERS) {
  const uint64_t cost = ip->imm();
  ip = ip->target();
  if (left.fuel < cost) SPILE_BAIL();
  left.fuel -= cost;
  SPILE_GO(ip);
}

constexpr size_t kWritable = isa::kFramePointer, kReadable = isa::kRegisterCount;

template <isa::Extend how, unsigned bits>
constexpr auto kLoad =
    table<kWritable * kReadable>([]<size_t I> { return Handler{load_reg<how, bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreReg =
    table<kReadable * kReadable>([]<size_t I> { return Handler{store_reg<bits, I / kReadable, I % kReadable>}; });
template <unsigned bits>
constexpr auto kStoreImm = table<kReadable>([]<size_t I> { return Handler{store_imm<bits, I>}; });

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
#define SLOT_AluImm(op, bits) {bail, 0}
#define SLOT_AluReg(op, bits) {bail, 0}
#define SLOT_AddressCast(op, bits) {bail, 0}
#define SLOT_AluUnary(op, bits) {bail, 0}
#define SLOT_BranchImm(op, bits) {bail, 0}
#define SLOT_BranchReg(op, bits) {bail, 0}
#define SLOT_Jump(op, bits) {bail, 0}
#define SLOT_JumpLong(op, bits) {bail, 0}
#define SLOT_MayGoto(op, bits) {bail, 0}
#define SLOT_CallHelper(op, bits) {bail, 0}
#define SLOT_CallLocal(op, bits) {bail, 0}
#define SLOT_CallKfunc(op, bits) {bail, 0}
#define SLOT_CallReg(op, bits) {bail, 0}
#define SLOT_Exit(op, bits) {bail, 0}
#define SLOT_Atomic(op, bits) {bail, 0}
#define SLOT_LoadAcquire(op, bits) {bail, 0}
#define SLOT_StoreRelease(op, bits) {bail, 0}
#define SLOT_LoadImm64(op, bits) {bail, 0}
#define SLOT_PacketAbs(op, bits) {bail, 0}
#define SLOT_PacketInd(op, bits) {bail, 0}
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

  uint32_t run(uint32_t insn, Registers &regs, uint64_t &fuel) override {
    const Machine outer = machine;
    machine.r10 = regs[isa::kFramePointer];
    left.fuel = fuel;
    const Slot *ip = &cells_[position_[insn]].slot;
    ip->handler(regs[6], regs[7], regs[8], regs[9], regs[1], regs[2], regs[3], regs[4], regs[5], regs[0], ip);
    machine = outer;
    fuel = left.fuel;
    std::ranges::copy(left.regs, regs.begin());
    return insn_at_[static_cast<size_t>(reinterpret_cast<const Cell *>(left.ip) - cells_.data())];
  }
  void learn(uint32_t insn, const Region &region, unsigned bytes) override {
    if (region.size < bytes) return;
    Window &window = cells_[position_[insn] + 1].window;
    if (window.count == 0) learned_.push_back(&window);
    window = {region.address, region.size - bytes + 1};
  }
  void forget() override {
    for (Window *window : learned_) *window = {};
    learned_.clear();
  }

 private:
  static bool jumps_back(const Resolved &program, size_t index) {
    const Shape shape = program.info(index).shape;
    const bool jumps =
        shape == Shape::BranchImm || shape == Shape::BranchReg || shape == Shape::Jump || shape == Shape::JumpLong;
    return jumps && program.values[index] <= index;
  }

  // Where each instruction's cell is; behind them those that spend fuel, and which instruction a cell is of.
  void place(const Resolved &program) {
    position_.resize(program.insns.size());
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i])) {
      position_[i] = static_cast<uint32_t>(insn_at_.size());
      const bool has_two = is_access(program.info(i).shape) || program.info(i).shape == Shape::LoadImm64;
      insn_at_.insert(insn_at_.end(), has_two ? 2 : 1, static_cast<uint32_t>(i));
    }
    next_spend_ = insn_at_.size();
    for (size_t i = 0; i < program.insns.size(); i += isa::width(program.insns[i]))
      if (jumps_back(program, i)) insn_at_.push_back(static_cast<uint32_t>(i));
    cells_.resize(insn_at_.size(), Cell{.window = {}});
  }

  Slot slot(const Resolved &program, size_t index) {
    const isa::InsnInfo &info = program.info(index);
    if (is_access(info.shape)) return access_slot(program, index);
    // Addresses of subprograms are the interpreter's own.
    const bool is_constant = info.shape == Shape::LoadImm64 && info.op != isa::Op::LddwFunc;
    if (!is_constant && !is_plain(info.shape)) return {bail, 0};
    const auto here = static_cast<int64_t>(position_[index]);
    int64_t to = here;
    if (program.values[index] < program.insns.size() && !is_constant) to = position_[program.values[index]];
    if (jumps_back(program, index)) {
      const auto cost = static_cast<int64_t>(index - program.values[index] + 1);
      const auto spends = static_cast<int64_t>(next_spend_++);
      cells_[static_cast<size_t>(spends)].slot = {spend, Slot::pack(cost, (to - spends) * int64_t{sizeof(Slot)})};
      to = spends;
    }
    return slot_of(program, index, nullptr, (to - here) * int64_t{sizeof(Slot)});
  }

  std::vector<Cell> cells_;
  std::vector<uint32_t> position_, insn_at_;  // cells by instruction, and back
  size_t next_spend_ = 0;
  std::vector<Window *> learned_;
};

}  // namespace

std::unique_ptr<Accelerator> Accelerator::make(const Resolved &program) { return std::make_unique<Pinned>(program); }

}  // namespace spile::vm

#else

namespace spile::vm {
std::unique_ptr<Accelerator> Accelerator::make(const Resolved &) { return nullptr; }
}  // namespace spile::vm

#endif
