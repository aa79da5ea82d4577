// Inlining: the body of a called function in place of its call.
//
// Idea: callees are finished before their callers (pipeline.cpp goes bottom-up), so one look at each call decides. What
// must vanish: always_inline, and calls with more arguments than BPF can pass. By choice: static functions that are
// called once, and small ones. The block of the call is cut in two; returns become jumps to the second half, where a
// phi joins their values. Slots of the callee become slots of the caller.
//
//     func @double(i32 %p0) -> i32 {          func @f(i32 %p0) -> i32 {
//     entry:                                  entry:
//       %0 = add.i32 %p0, %p0                   jump entry.1
//       ret %0                          ->    entry.1:
//     }                                         %0 = add.i32 %p0, %p0
//     func @f(i32 %p0) -> i32 {                 jump after
//     entry:                                  after:
//       %0 = call.i32 @double(%p0)              ret %0
//       ret %0                                }
//     }
//
// Requires: nothing. Breaks: leaves jumps between blocks that simplify_cfg joins, and slots that mem2reg can now see.
//
// Kernel: a global function is verified on its own, with pointers that may be null, and pointers to sockets have no
// arithmetic, which `&skb->sk->src_ip6` as an argument is. clang inlines such functions up to a size, and programs
// count on it. A call of a global function that returns nothing is refused whatever it does: it goes at any size.
//
// Not inlined: noinline, weak functions (another object may replace them), functions without a body, recursion. What
// cannot be inlined and cannot be called is reported by the back end.
#include <algorithm>

#include "ir/analysis_address.h"
#include "ir/pack.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

constexpr size_t kMaxCallArguments = 5;  // r1 to r5
// What the call itself costs (moving arguments, the call, the exit of the callee) is about 12. Above that the code
// grows, but the kernel's verifier sees less, as constant arguments decide branches: at 12 it looks at 3 % more in
// libbpf-tools than at clang's code, which inlines twice as much, at 20 at 1 % less.
constexpr size_t kSmallSize = 20;
// Up to where clang inlines: its threshold of 225, at 5 for an instruction.
constexpr size_t kClangSize = 45;
// The same for functions that only may have to vanish.
constexpr size_t kSmallSizeForSockets = 24;
// A function that has grown past this takes no more by choice, so that compile time stays linear.
constexpr size_t kMaxChosenSize = 20'000;
// The kernel looks at no more than a million instructions; always_inline functions that call each other twice could
// double without end. The calls that remain are reported by the back end when they cannot be calls.
constexpr size_t kMaxSize = 500'000;

size_t size_of(const Function &f) {
  size_t size = 0;
  for (const Block &block : f.blocks) size += block.insts.size();
  return size;
}

class Inliner {
 public:
  Inliner(const PassContext &context, bool by_choice)
      : context_(context), module_(context.module), f_(context.function), rewrite_(f_), by_choice_(by_choice) {}

  bool run() {
    size_ = size_of(f_);
    bool changed = false;
    for (size_t b = 0; b < f_.blocks.size(); b++)
      for (size_t i = 0; i < f_.blocks[b].insts.size(); i++) {
        const ValueId v = f_.blocks[b].insts[i];
        if (f_[v].op != Op::Call || is_copy_[b]) continue;
        if (!wanted(v)) continue;
        inline_call(BlockId(b), i);
        context_.did("calls");
        changed = true;
        break;  // the rest of the block is a new one, at the end
      }
    rewrite_.apply();
    return changed;
  }

 private:
  // Blocks that came from a callee: their calls were decided on there.
  struct CopyMarks {
    std::vector<bool> marks;
    bool operator[](size_t b) const { return b < marks.size() && marks[b]; }
    void mark(size_t b) {
      if (b >= marks.size()) marks.resize(b + 1);
      marks[b] = true;
    }
  };

  bool wanted(ValueId call) {
    const FunctionId id(static_cast<size_t>(f_[call].imm));
    unpack(module_[id]);
    const Function &callee = module_[id];
    if (callee.is_declaration() || &callee == &f_ || callee.no_inline || callee.is_naked || is_weak(callee.linkage))
      return false;
    const size_t size = size_of(callee);
    if (size_ + size > kMaxSize) return false;
    if (callee.always_inline || callee.params.size() > kMaxCallArguments) return true;
    if (!by_choice_ || size_ + size > kMaxChosenSize) return false;
    const FunctionUses &uses = context_.function_uses[id.index];
    const bool is_only_call = !callee.is_root() && uses.named == 1 && (uses.copies == 1 || size <= kClangSize);
    if (is_only_call || (size <= kClangSize && is_verified_alone(callee)) || is_refused_as_call(callee)) return true;
    if (size <= kSmallSizeForSockets && passes_place_in_object(call)) return true;
    return size <= kSmallSize + callee.params.size();
  }

  static bool is_verified_alone(const Function &callee) {
    return callee.linkage != Linkage::Static && std::ranges::find(callee.params, Type::Ptr) != callee.params.end();
  }
  static bool is_refused_as_call(const Function &callee) {
    return callee.linkage == Linkage::Global && callee.section.empty() && callee.result == Type::Void;
  }
  // `&p->field`, where p is a variable: it may be a socket.
  bool passes_place_in_object(ValueId call) const {
    return std::ranges::any_of(f_.operands(call), [&](ValueId arg) {
      const Address a = address_of(f_, arg);
      return f_[arg].op == Op::PtrAdd && a.offset && f_[a.base].op == Op::Load;
    });
  }

  void inline_call(BlockId b, size_t at) {
    const ValueId call = f_[b].insts[at];
    const Function &callee = module_[FunctionId(static_cast<size_t>(f_[call].imm))];
    const std::vector<ValueId> args(f_.operands(call).begin(), f_.operands(call).end());
    const BlockId after = cut(b, at);

    begin_copy(callee);
    const BlockId entry = block_map_[0];
    std::vector<ValueId> results;
    std::vector<BlockId> result_blocks;
    for (size_t i = 0; i < callee.blocks.size(); i++)
      for (const ValueId v : callee.blocks[i].insts) {
        if (callee[v].op != Op::Ret) {
          copy(callee, v, block_map_[i], args);
          continue;
        }
        if (callee[v].operand_count == 1) results.push_back(mapped(callee, callee.operand(v, 0), args));
        result_blocks.push_back(block_map_[i]);
        f_.append(block_map_[i], f_.make(Op::Jump, Type::Void, {}, std::array{after}, 0, callee[v].loc));
      }
    f_.append(b, f_.make(Op::Jump, Type::Void, {}, std::array{entry}, 0, f_[call].loc));

    const Type type = f_[call].type;
    const Loc loc = f_[call].loc;
    f_[call].block = {};
    f_.remove(call);
    if (type == Type::Void) return;
    if (results.empty()) {
      rewrite_.replace(call, f_.undef(type));
    } else if (results.size() == 1) {
      rewrite_.replace(call, results[0]);
    } else {
      const ValueId phi = f_.make(Op::Phi, type, results, result_blocks, 0, loc);
      f_.insert(after, 0, phi);
      rewrite_.replace(call, phi);
    }
  }

  // Moves what follows the call to a new block, and takes the call out.
  BlockId cut(BlockId b, size_t at) {
    const BlockId after = f_.add_block("after");
    auto &insts = f_[b].insts;
    f_[after].insts.assign(insts.begin() + static_cast<ptrdiff_t>(at) + 1, insts.end());
    insts.resize(at);
    for (const ValueId v : f_[after].insts) f_[v].block = after;
    for (const BlockId to : f_.successors(after))
      for (const ValueId phi : f_[to].insts) {
        if (f_[phi].op != Op::Phi) break;
        std::ranges::replace(f_.targets(phi), b, after);
      }
    return after;
  }

  // Makes the blocks, slots and values of the copy, all still empty: values may be used before their definition is
  // reached.
  void begin_copy(const Function &callee) {
    size_ += size_of(callee);
    value_map_.assign(callee.insts.size(), ValueId{});
    block_map_.clear();
    slot_map_.clear();
    for (const Block &block : callee.blocks) {
      // A removed block keeps an entry in the map, which nothing refers to.
      block_map_.push_back(block.insts.empty() ? BlockId{} : f_.add_block(block.name));
      if (!block.insts.empty()) is_copy_.mark(block_map_.back().index);
      for (const ValueId v : block.insts)
        if (callee[v].type != Type::Void) value_map_[v.index] = f_.make(Op::Undef, callee[v].type, {});
    }
    for (const Slot &slot : callee.slots) {
      slot_map_.push_back(static_cast<uint32_t>(f_.slots.size()));
      f_.slots.push_back(slot);
    }
  }

  ValueId mapped(const Function &callee, ValueId v, const std::vector<ValueId> &args) {
    const Inst &inst = callee[v];
    if (inst.block) return value_map_[v.index];
    if (inst.op == Op::Const) return f_.constant(inst.type, inst.imm);
    if (inst.op == Op::Param) return args[static_cast<size_t>(inst.imm)];
    if (inst.op == Op::GlobalAddr) return f_.global_addr(GlobalId(static_cast<size_t>(inst.imm)));
    if (inst.op == Op::FuncAddr) return f_.func_addr(FunctionId(static_cast<size_t>(inst.imm)));
    if (inst.op == Op::SlotAddr) return f_.slot_addr(slot_map_[static_cast<size_t>(inst.imm)]);
    if (inst.op == Op::CoreValue) return f_.core_value(inst.type, static_cast<uint32_t>(inst.imm));
    return f_.undef(inst.type);
  }

  void copy(const Function &callee, ValueId v, BlockId to, const std::vector<ValueId> &args) {
    operands_.clear();
    targets_.clear();
    for (const ValueId operand : callee.operands(v)) operands_.push_back(mapped(callee, operand, args));
    for (const BlockId target : callee.targets(v)) targets_.push_back(block_map_[target.index]);
    int64_t imm = callee[v].imm;
    if (callee[v].op == Op::Asm || callee[v].op == Op::AsmGoto) {
      f_.assemblies.push_back(callee.assemblies[static_cast<size_t>(imm)]);
      imm = static_cast<int64_t>(f_.assemblies.size()) - 1;
    }
    const ValueId made = f_.make(callee[v].op, callee[v].type, operands_, targets_, imm, callee[v].loc);
    if (callee[v].op == Op::Switch) f_.set_switch(made, targets_, callee.cases(v));
    f_[made].copy_flags(callee[v]);
    const ValueId place = value_map_[v.index];
    if (!place) return f_.append(to, made);
    f_[place] = f_[made];
    f_[made] = Inst{.op = Op::Undef};
    f_.append(to, place);
  }

  const PassContext &context_;
  Module &module_;
  Function &f_;
  Rewrite rewrite_;
  bool by_choice_;
  size_t size_ = 0;
  CopyMarks is_copy_;
  // From the callee that is being copied to the caller.
  std::vector<ValueId> value_map_;
  std::vector<BlockId> block_map_;
  std::vector<uint32_t> slot_map_;
  std::vector<ValueId> operands_;
  std::vector<BlockId> targets_;
};

}  // namespace

bool inline_calls(const PassContext &context) { return Inliner(context, true).run(); }
bool inline_always(const PassContext &context) { return Inliner(context, false).run(); }

}  // namespace spile::ir::passes
