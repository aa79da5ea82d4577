#include "ir/checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/analysis_dominators.h"
#include "ir/pack.h"
#include "ir/text.h"

namespace spile::ir {

namespace {

bool is_unplaced_op(Op op) {
  return op == Op::Const || op == Op::Undef || op == Op::Param || op == Op::GlobalAddr || op == Op::FuncAddr ||
         op == Op::SlotAddr || op == Op::CoreValue;
}

class Checker {
 public:
  Checker(const Module &module, const Function &f) : module_(module), f_(f) {}

  std::optional<Fault> run() {
    check_blocks();
    // The rest reads terminators and targets, so it must not see broken ones.
    if (!fault_) check_edges();
    if (!fault_) check_insts();
    if (!fault_) check_dominance();
    return std::move(fault_);
  }

 private:
  template <class... Args>
  void fail(ValueId v, fmt::format_string<Args...> format, Args &&...args) {
    if (fault_) return;
    fault_ = Fault{f_.name, v ? print(module_, f_, v) : "", fmt::format(format, std::forward<Args>(args)...),
                   v ? f_[v].loc : f_.loc};
  }

  void check_blocks() {
    if (f_.is_declaration()) return;
    if (f_[BlockId(0)].insts.empty()) return fail({}, "the entry block is removed or empty");
    std::vector<bool> placed(f_.insts.size());
    for (size_t b = 0; b < f_.blocks.size(); b++) {
      const auto &insts = f_.blocks[b].insts;
      for (size_t i = 0; i < insts.size(); i++) {
        const ValueId v = insts[i];
        if (v.index >= f_.insts.size()) return fail({}, "block {} holds an instruction that does not exist", b);
        if (placed[v.index]) return fail(v, "the instruction stands in two places");
        placed[v.index] = true;
        if (f_[v].block != BlockId(b)) return fail(v, "the instruction is in a block that it does not name as its own");
        const bool is_last = i + 1 == insts.size();
        if ((info_of(f_[v].op).effects == Effects::Term) != is_last)
          return fail(v, "{}",
                      is_last ? "the block does not end in a terminator" : "a terminator stands inside a block");
        if (is_unplaced_op(f_[v].op)) return fail(v, "`{}` stands in no block", info_of(f_[v].op).text);
        if (f_[v].op == Op::Phi && i != 0 && f_[insts[i - 1]].op != Op::Phi)
          return fail(v, "a phi stands behind another instruction");
      }
    }
  }

  void check_edges() {
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts) {
        for (const BlockId t : f_.targets(v))
          if (t.index >= f_.blocks.size() || f_[t].insts.empty())
            return fail(v, "a target is removed or does not exist");
        for (const ValueId use : f_.operands(v)) {
          if (use.index >= f_.insts.size()) return fail(v, "an operand does not exist");
          if (!f_[use].block && !is_unplaced_op(f_[use].op)) return fail(v, "an operand stands in no block");
          if (f_[use].op == Op::CoreValue) check_core_value(v, use);
        }
        if (f_[v].op != Op::Phi && info_of(f_[v].op).effects == Effects::Term)
          for (const BlockId t : f_.targets(v))
            if (t.index == 0) return fail(v, "the entry block is a target");
      }
  }

  void check_core_value(ValueId v, ValueId core) {
    if (f_[core].imm < 0 || static_cast<uint64_t>(f_[core].imm) >= module_.core_relocs.size())
      return fail(v, "the CO-RE relocation {} does not exist", f_[core].imm);
    if (f_[core].type != Type::I32 && f_[core].type != Type::I64)
      fail(v, "a CO-RE value is {}, not i32 or i64", name_of(f_[core].type));
  }

  void check_insts() {
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts) {
        check_inst(v);
        if (fault_) return;
      }
  }

  Type type(ValueId v, size_t i) const { return f_[f_.operand(v, i)].type; }

  void want(ValueId v, size_t i, Type t) {
    if (type(v, i) != t) fail(v, "operand {} is {}, not {}", i + 1, name_of(type(v, i)), name_of(t));
  }
  void want_integer(ValueId v, size_t i) {
    if (!is_integer(type(v, i))) fail(v, "operand {} is {}, not an integer", i + 1, name_of(type(v, i)));
  }
  void want_wide(ValueId v, size_t i) {
    if (!is_integer(type(v, i)) || type(v, i) == Type::I1)
      fail(v, "operand {} is {}, not i8 to i64", i + 1, name_of(type(v, i)));
  }
  void want_memory_type(ValueId v, Type t) {
    if (t == Type::Void || t == Type::I1) fail(v, "{} cannot be in memory", name_of(t));
  }
  void want_targets(ValueId v, size_t count) {
    if (f_.targets(v).size() != count) fail(v, "{} targets, not {}", f_.targets(v).size(), count);
  }

  void check_inst(ValueId v) {
    const Inst &inst = f_[v];
    const OpInfo &info = info_of(inst.op);
    if (info.operands >= 0 && inst.operand_count != static_cast<uint32_t>(info.operands))
      return fail(v, "{} operands, not {}", inst.operand_count, info.operands);
    for (size_t i = 0; i < inst.operand_count; i++)
      if (type(v, i) == Type::Void) return fail(v, "operand {} has no value", i + 1);
    switch (info.result) {
      case ResultRule::None:
        if (inst.type != Type::Void) return fail(v, "`{}` has no result", info.text);
        break;
      case ResultRule::Same:
        want(v, 0, inst.type);
        break;
      case ResultRule::Given:
        break;
      case ResultRule::I1:
        if (inst.type != Type::I1) return fail(v, "the result is i1");
        break;
      case ResultRule::Ptr:
        if (inst.type != Type::Ptr) return fail(v, "the result is ptr");
        break;
    }
    switch (inst.op) {
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
      case Op::CoreValue:
        return;  // check_blocks has seen to them
      case Op::Add:
      case Op::Sub:
      case Op::Mul:
      case Op::UDiv:
      case Op::SDiv:
      case Op::UMod:
      case Op::SMod:
      case Op::And:
      case Op::Or:
      case Op::Xor:
        want_integer(v, 0);
        return want(v, 1, inst.type);
      case Op::Shl:
      case Op::LShr:
      case Op::AShr:
        want_wide(v, 0);
        return want(v, 1, inst.type);
      case Op::Bswap:
        if (inst.type != Type::I16 && inst.type != Type::I32 && inst.type != Type::I64)
          fail(v, "{} has no bytes to swap", name_of(inst.type));
        return;
      case Op::PtrAdd:
        want(v, 0, Type::Ptr);
        return want(v, 1, Type::I64);
      case Op::ICmp:
        return want(v, 1, type(v, 0));
      case Op::Select:
        want(v, 0, Type::I1);
        want(v, 1, inst.type);
        return want(v, 2, inst.type);
      case Op::Zext:
      case Op::Sext:
      case Op::Trunc: {
        want_integer(v, 0);
        const bool narrows = inst.op == Op::Trunc;
        const unsigned from = bits_of(type(v, 0)), to = bits_of(inst.type);
        if (!is_integer(inst.type) || (narrows ? from <= to : from >= to))
          fail(v, "{} does not {} to {}", name_of(type(v, 0)), narrows ? "narrow" : "widen", name_of(inst.type));
        return;
      }
      case Op::PtrToInt:
        want(v, 0, Type::Ptr);
        if (inst.type != Type::I64) fail(v, "a pointer becomes an i64");
        return;
      case Op::IntToPtr:
        return want(v, 0, Type::I64);
      case Op::AddrSpaceCast:
        return want(v, 0, Type::Ptr);
      case Op::Asm:
      case Op::AsmGoto:
        return check_assembly(v);
      case Op::AsmOutput: {
        const Inst &from = f_[f_.operand(v, 0)];
        if (from.op != Op::Asm && from.op != Op::AsmGoto) return fail(v, "the operand is no assembly");
        const auto outputs = static_cast<int64_t>(f_.assemblies[static_cast<size_t>(from.imm)].output_count());
        if (inst.imm < 1 || inst.imm >= outputs) fail(v, "the assembly has {} outputs", outputs);
        return;
      }
      case Op::IsConstant:
      case Op::Opaque:
        return;
      case Op::Barrier:
        return;
      case Op::Phi:
        return check_phi(v);
      case Op::Load:
        want_memory_type(v, inst.type);
        return want(v, 0, Type::Ptr);
      case Op::Store:
        want_memory_type(v, type(v, 0));
        return want(v, 1, Type::Ptr);
      case Op::AtomicAdd:
      case Op::AtomicOr:
      case Op::AtomicAnd:
      case Op::AtomicXor:
      case Op::AtomicXchg:
        want_memory_type(v, type(v, 0));
        want(v, 1, Type::Ptr);
        if (inst.type != Type::Void && inst.type != type(v, 0)) fail(v, "the old value has the type of the operand");
        return;
      case Op::CmpXchg:
        want_memory_type(v, type(v, 0));
        want(v, 1, type(v, 0));
        want(v, 2, Type::Ptr);
        if (inst.type != type(v, 0)) fail(v, "the old value has the type of the operand");
        return;
      case Op::MemCopy:
      case Op::MemSet:
        want(v, 0, Type::Ptr);
        want(v, 1, inst.op == Op::MemCopy ? Type::Ptr : Type::I8);
        if (inst.imm < 0) fail(v, "the size is negative");
        return;
      case Op::LoadAbs:
      case Op::LoadInd:
        want(v, 0, Type::Ptr);
        if (inst.op == Op::LoadInd) want(v, 1, Type::I32);
        if (inst.type != Type::I8 && inst.type != Type::I16 && inst.type != Type::I32)
          fail(v, "packet loads give i8, i16 or i32");
        return;
      case Op::CallHelper:
        if (inst.operand_count > 5) fail(v, "a helper takes at most 5 arguments");
        return;
      case Op::Call:
        return check_call(v);
      case Op::Jump:
        return want_targets(v, 1);
      case Op::Branch:
        want(v, 0, Type::I1);
        return want_targets(v, 2);
      case Op::Switch: {
        want_integer(v, 0);
        if (inst.target_count == 0) return fail(v, "a switch has a default target");
        std::vector<int64_t> cases(f_.cases(v).begin(), f_.cases(v).end());
        std::ranges::sort(cases);
        if (std::ranges::adjacent_find(cases) != cases.end()) fail(v, "a case stands twice");
        for (const int64_t c : cases)
          if (normalized(type(v, 0), c) != c) fail(v, "the case {} does not fit {}", c, name_of(type(v, 0)));
        return;
      }
      case Op::Ret:
        if (f_.result == Type::Void ? inst.operand_count != 0 : inst.operand_count != 1)
          return fail(v, "{} values are returned from a function of type {}", inst.operand_count, name_of(f_.result));
        if (inst.operand_count == 1) want(v, 0, f_.result);
        return;
      case Op::Unreachable:
        return;
    }
  }

  void check_call(ValueId v) {
    const Inst &inst = f_[v];
    if (inst.imm < 0 || static_cast<uint64_t>(inst.imm) >= module_.functions.size())
      return fail(v, "the called function does not exist");
    const Function &callee = module_[FunctionId(static_cast<size_t>(inst.imm))];
    if (inst.operand_count != callee.params.size())
      return fail(v, "{} arguments for {} parameters", inst.operand_count, callee.params.size());
    for (size_t i = 0; i < callee.params.size(); i++) want(v, i, callee.params[i]);
    if (inst.type != callee.result) fail(v, "`{}` returns {}", callee.name, name_of(callee.result));
  }

  void check_assembly(ValueId v) {
    const Inst &inst = f_[v];
    if (inst.imm < 0 || static_cast<size_t>(inst.imm) >= f_.assemblies.size())
      return fail(v, "an assembly that the function does not have");
    const Assembly &assembly = f_.assemblies[static_cast<size_t>(inst.imm)];
    const auto read = static_cast<size_t>(std::ranges::count_if(assembly.operands, &Assembly::Operand::is_read));
    if (inst.operand_count != read) return fail(v, "{} operands, and the text reads {}", inst.operand_count, read);
    if ((assembly.output_count() != 0) != (inst.type != Type::Void)) return fail(v, "the result is the first output");
    size_t next = 0;
    for (const Assembly::Operand &operand : assembly.operands) {
      if (operand.kind == Assembly::Operand::Kind::Memory) want(v, next, Type::Ptr);
      if (operand.is_read) next++;
    }
    if (inst.op == Op::AsmGoto && f_.targets(v).empty()) fail(v, "a terminator without a target");
  }

  void check_phi(ValueId v) {
    const auto from = f_.targets(v);
    if (from.size() != f_[v].operand_count) return fail(v, "a phi has one block for each operand");
    for (size_t i = 0; i < from.size(); i++) want(v, i, f_[v].type);
    if (f_[v].type == Type::Void) return fail(v, "a phi has a value");
    if (!cfg_) cfg_.emplace(f_);
    const auto preds = cfg_->preds(f_[v].block);
    if (preds.size() != from.size()) return fail(v, "{} operands for {} predecessors", from.size(), preds.size());
    std::vector<BlockId> sorted(from.begin(), from.end());
    std::ranges::sort(sorted);  // as preds are
    if (!std::ranges::equal(sorted, preds)) fail(v, "the blocks of the phi are not the predecessors");
  }

  void check_dominance() {
    if (f_.is_declaration()) return;
    if (!cfg_) cfg_.emplace(f_);
    const Dominators dominators(*cfg_);
    std::vector<uint32_t> position(f_.insts.size());
    for (const Block &block : f_.blocks)
      for (uint32_t i = 0; i < block.insts.size(); i++) position[block.insts[i].index] = i;
    for (const BlockId b : cfg_->rpo)
      for (const ValueId v : f_[b].insts)
        for (size_t i = 0; i < f_[v].operand_count; i++) {
          const ValueId def = f_.operand(v, i);
          const BlockId def_block = f_[def].block;
          if (!def_block) continue;
          BlockId at = b;
          if (f_[v].op == Op::Phi) {
            at = f_.targets(v)[i];
            if (!cfg_->reachable(at)) continue;
          }
          const bool same_block_too_late =
              def_block == at && f_[v].op != Op::Phi && position[def.index] >= position[v.index];
          if (same_block_too_late || !dominators.dominates(def_block, at))
            return fail(v, "operand {} is not defined on every path to its use", i + 1);
        }
  }

  const Module &module_;
  const Function &f_;
  std::optional<Cfg> cfg_;
  std::optional<Fault> fault_;
};

}  // namespace

std::optional<Fault> check(const Module &module, const Function &function) { return Checker(module, function).run(); }

std::optional<Fault> check(const Module &module) {
  for (const Function &f : module.functions) {
    Function open;
    if (!f.packed.empty()) unpack(open = f);
    if (auto fault = check(module, f.packed.empty() ? f : open)) return fault;
  }
  return std::nullopt;
}

}  // namespace spile::ir
