#include "backend/emit/encode.h"

#include "backend/emit/assemble.h"
#include "backend/isa/builder.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::codegen {

using mir::Form;
using mir::Inst;
using mir::Reg;

namespace {

// The opposite of a jump's condition; JSET has none.
std::optional<uint8_t> inverted(uint8_t opcode) {
  const uint8_t rest = opcode & 0x0f;
  switch (opcode & 0xf0) {
    case isa::JEQ:
      return rest | isa::JNE;
    case isa::JNE:
      return rest | isa::JEQ;
    case isa::JGT:
      return rest | isa::JLE;
    case isa::JLE:
      return rest | isa::JGT;
    case isa::JGE:
      return rest | isa::JLT;
    case isa::JLT:
      return rest | isa::JGE;
    case isa::JSGT:
      return rest | isa::JSLE;
    case isa::JSLE:
      return rest | isa::JSGT;
    case isa::JSGE:
      return rest | isa::JSLT;
    case isa::JSLT:
      return rest | isa::JSGE;
    default:
      return std::nullopt;
  }
}

bool is_less(uint8_t opcode) {
  const uint8_t op = opcode & 0xf0;
  return op == isa::JLT || op == isa::JLE || op == isa::JSLT || op == isa::JSLE;
}

// A jump while distances are not known yet.
struct Jump {
  size_t at = 0;  // instruction
  uint32_t target = 0;
  bool is_long = false;
};

class Encoder {
 public:
  Encoder(const ir::Module &module, const mir::Function &function, const std::vector<uint32_t> &order,
          const isel::Target &target, Diagnostics &diags)
      : module_(module), function_(function), order_(order), target_(target), diags_(diags) {}

  std::optional<EncodedFunction> run(Loc loc) {
    if (!assemble_texts()) return std::nullopt;
    // Long jumps take more instructions, which may make other jumps long.
    for (;;) {
      encode_blocks();
      if (drop_unused_exit()) continue;
      int64_t farthest = 0;
      if (resolve(farthest)) {
        if (!place_texts()) return std::nullopt;
        return std::move(out_);
      }
      if (target_.has_long_jump()) continue;
      diags_.report<diag::JumpTooFar>(loc, function_.name, farthest)
          .hint(
              "split the function into `static __noinline` functions, or build with `-mcpu=v4`, which has long jumps");
      return std::nullopt;
    }
  }

 private:
  // Their sizes are needed first.
  bool assemble_texts() {
    texts_.resize(function_.assemblies.size());
    for (const uint32_t block : order_)
      for (const Inst &inst : function_.blocks[block].insts) {
        if (inst.form != Form::Asm) continue;
        auto text = AssembledText::make(module_, function_, inst.symbol, inst.symbol, target_, diags_);
        if (!text) return false;
        texts_[inst.symbol] = std::move(*text);
      }
    return true;
  }

  // A text among the code, and the blocks that its %l0, %l1, … stand for.
  struct PlacedText {
    size_t at = 0;
    uint32_t text = 0;
    std::vector<uint32_t> targets;
  };

  bool place_texts() {
    for (const PlacedText &placed : placed_texts_) {
      std::vector<int64_t> labels;
      for (const uint32_t target : placed.targets)
        labels.push_back(static_cast<int64_t>(starts_[target]) - static_cast<int64_t>(placed.at));
      std::vector<isa::Insn> insns;
      if (!texts_[placed.text]->place(labels, insns, diags_)) return false;
      std::ranges::copy(insns, out_.insns.begin() + static_cast<ptrdiff_t>(placed.at));
    }
    return true;
  }

  void add_text(const Inst &inst) {
    const AssembledText &text = *texts_[inst.symbol];
    const auto here = static_cast<uint32_t>(out_.insns.size());
    placed_texts_.push_back({here, inst.symbol, {}});
    text.add_fixups(here, out_);
    for (uint32_t i = 0; i < text.insn_count(); i++) {
      const Loc loc = text.loc_of(i);
      add_line(here + i, loc.valid() ? loc : inst.loc);
    }
    out_.insns.resize(here + text.insn_count());
  }

  void encode_blocks() {
    out_ = {};
    jumps_.clear();
    placed_texts_.clear();
    starts_.assign(function_.blocks.size(), 0);
    for (size_t i = 0; i < order_.size(); i++) {
      const mir::Block &block = function_.blocks[order_[i]];
      starts_[order_[i]] = out_.insns.size();
      const uint32_t next = i + 1 < order_.size() ? order_[i + 1] : mir::BlockId::kNone;
      for (size_t k = 0; k < block.insts.size(); k++) {
        const Inst &inst = block.insts[k];
        if (inst.form == Form::CondJump && k + 2 == block.insts.size() && block.insts[k + 1].form == Form::Jump) {
          branch(inst, block.insts[k + 1], next);
          break;
        }
        if (inst.form == Form::CondJump)
          conditional(inst, inst.opcode, inst.target.index);
        else if (inst.form == Form::Jump)
          unconditional(inst, next);
        else
          encode_inst(inst);
      }
    }
  }

  // if (condition) goto target; goto otherwise
  void branch(const Inst &condition, const Inst &otherwise, uint32_t next) {
    if (condition.target.index == next) {
      const auto opposite = inverted(condition.opcode);
      if (opposite && (target_.has_less_jumps() || !is_less(*opposite)))
        return conditional(condition, *opposite, otherwise.target.index);
    }
    conditional(condition, condition.opcode, condition.target.index);
    unconditional(otherwise, next);
  }

  // A jump to the block that only exits is an `exit` itself. Where no condition leads there and nothing falls into it,
  // a condition of v1 that has no opposite for one, the block would be code that no path leads to.
  bool drop_unused_exit() {
    if (function_.is_naked) return false;
    for (size_t i = 1; i < order_.size(); i++) {
      const auto &insts = function_.blocks[order_[i]].insts;
      if (insts.size() != 1 || insts.front().form != Form::Exit || starts_[order_[i]] == 0) continue;
      const auto is_target = [&](const Jump &jump) { return jump.target == order_[i]; };
      const auto names_it = [&](const PlacedText &placed) {
        return std::ranges::find(placed.targets, order_[i]) != placed.targets.end();
      };
      const isa::Insn &before = out_.insns[starts_[order_[i]] - 1];
      const bool ends = before.is_exit() || (before.is_jump() && before.jump_op() == isa::JA);
      if (!ends || std::ranges::any_of(jumps_, is_target) || std::ranges::any_of(placed_texts_, names_it)) continue;
      order_.erase(order_.begin() + static_cast<ptrdiff_t>(i));
      return true;
    }
    return false;
  }

  bool next_is_long() const { return jumps_.size() < long_.size() && long_[jumps_.size()]; }

  void conditional(const Inst &inst, uint8_t opcode, uint32_t to) {
    if (next_is_long()) {
      // if (condition) goto +1; goto +1; gotol target
      add(inst, {opcode, reg(inst.dst), reg(inst.src), 1, static_cast<int32_t>(inst.imm)});
      add(inst, isa::jump(1));
      jumps_.push_back({out_.insns.size(), to, true});
      return add(inst, isa::jump_long(0));
    }
    jumps_.push_back({out_.insns.size(), to, false});
    add(inst, {opcode, reg(inst.dst), reg(inst.src), 0, static_cast<int32_t>(inst.imm)});
  }

  void unconditional(const Inst &inst, uint32_t next) {
    if (inst.target.index == next) return;
    const auto &there = function_[inst.target].insts;
    if (!function_.is_naked && there.size() == 1 && there.front().form == Form::Exit) return add(inst, isa::exit());
    const bool is_long = next_is_long();
    jumps_.push_back({out_.insns.size(), inst.target.index, is_long});
    add(inst, is_long ? isa::jump_long(0) : isa::jump(0));
  }

  // Fills in distances. False when a jump has to become long: [long_] says which.
  bool resolve(int64_t &farthest) {
    long_.resize(jumps_.size(), false);
    bool fits = true;
    for (size_t i = 0; i < jumps_.size(); i++) {
      const Jump &jump = jumps_[i];
      const int64_t distance = static_cast<int64_t>(starts_[jump.target]) - static_cast<int64_t>(jump.at) - 1;
      isa::Insn &insn = out_.insns[jump.at];
      if (jump.is_long) {
        insn.imm = static_cast<int32_t>(distance);
      } else if (distance == static_cast<int16_t>(distance)) {
        insn.off = static_cast<int16_t>(distance);
      } else {
        long_[i] = true;
        fits = false;
        farthest = std::max(farthest, distance < 0 ? -distance : distance);
      }
    }
    return fits;
  }

  static uint8_t reg(Reg r) { return r.valid() ? static_cast<uint8_t>(r.id) : 0; }

  void add_line(uint32_t insn, Loc loc) {
    if (out_.lines.empty() || out_.lines.back().loc != loc) out_.lines.push_back({insn, loc});
  }

  void add(const Inst &inst, isa::Insn insn) {
    add_line(static_cast<uint32_t>(out_.insns.size()), inst.loc);
    out_.insns.push_back(insn);
  }

  // Base register and offset of a memory operand.
  uint8_t base(const Inst &inst, Reg given) const { return inst.slot.valid() ? isa::kFramePointer : reg(given); }
  int16_t offset(const Inst &inst) const {
    const int32_t slot = inst.slot.valid() ? function_.slots[inst.slot.index].offset : 0;
    return static_cast<int16_t>(slot + inst.off);
  }

  void wide(const Inst &inst, uint64_t value) {
    const auto pair = isa::lddw(reg(inst.dst), value);
    add(inst, pair[0]);
    add(inst, pair[1]);
  }

  void encode_inst(const Inst &inst) {
    const auto here = static_cast<uint32_t>(out_.insns.size());
    const auto imm = static_cast<int32_t>(inst.imm);
    if (inst.core != Inst::kNoCore) out_.core.push_back({here, inst.core});
    switch (inst.form) {
      case Form::Mov:
      case Form::Alu:
      case Form::Unary:
        return add(inst, {inst.opcode, reg(inst.dst), reg(inst.src), static_cast<int16_t>(inst.off), imm});
      case Form::LoadConst:
        return wide(inst, static_cast<uint64_t>(inst.imm));
      case Form::LoadGlobal:
        out_.fixups.push_back({here, ir::GlobalId(inst.symbol), {}, false, inst.imm});
        return wide(inst, 0);
      case Form::LoadFunc:
        out_.fixups.push_back({here, {}, ir::FunctionId(inst.symbol), false, 0});
        return wide(inst, 0);
      case Form::FrameAddr:
        add(inst, isa::mov64_reg(reg(inst.dst), isa::kFramePointer));
        return add(inst, isa::alu64(isa::ADD, reg(inst.dst), offset(inst)));
      case Form::Load:
        return add(inst, {inst.opcode, reg(inst.dst), base(inst, inst.src), offset(inst), 0});
      case Form::Store:
      case Form::StoreImm:
      case Form::Atomic:
        return add(inst, {inst.opcode, base(inst, inst.dst), reg(inst.src), offset(inst), imm});
      case Form::PacketLoad:
        return add(inst, {inst.opcode, 0, reg(inst.src), 0, imm});
      case Form::Call:
        return add(inst, isa::call(imm));
      case Form::CallLocal:
        out_.fixups.push_back({here, {}, ir::FunctionId(inst.symbol), true, 0});
        return add(inst, isa::call_local(-1));
      case Form::Exit:
        if (!function_.is_naked) add(inst, isa::exit());
        return;
      case Form::Asm:
        return add_text(inst);
      case Form::AsmTarget:
        return placed_texts_.back().targets.push_back(inst.target.index);
      case Form::Jump:
      case Form::CondJump:
        SPILE_UNREACHABLE("a jump that encode_blocks did not handle");
    }
  }

  const ir::Module &module_;
  const mir::Function &function_;
  std::vector<uint32_t> order_;
  const isel::Target &target_;
  Diagnostics &diags_;
  EncodedFunction out_;
  std::vector<Jump> jumps_;
  std::vector<std::optional<AssembledText>> texts_;  // by index into Function::assemblies
  std::vector<PlacedText> placed_texts_;
  std::vector<bool> long_;
  std::vector<size_t> starts_;
};

}  // namespace

std::optional<EncodedFunction> encode(const ir::Module &module, const mir::Function &function,
                                      const std::vector<uint32_t> &order, const isel::Target &target, Loc loc,
                                      Diagnostics &diags) {
  return Encoder(module, function, order, target, diags).run(loc);
}

}  // namespace spile::codegen
