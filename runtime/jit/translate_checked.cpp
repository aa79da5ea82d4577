// Each subprogram becomes a function `i64 (JitRun *)`, which begins and ends with the registers in memory, where the
// checked interpreter (runtime/vm/checked_machine.h) has them. It decides nothing:
//
//   r0 = *(u32 *)(r1 + 4)     ──►   %at = (r1 + 4) - base of the memory that r1 was made from (origins.h)
//                                   br (%at <= size - 4), load, leave
//   leave:                          registers to memory, ret "the interpreter goes on at this instruction"
//
// An access elsewhere, a jump back without fuel and an exit leave for good, so that nothing in a loop's counters or
// addresses comes from a call, and LLVM can show that comparisons hold and vectorize. Where it is not known what an
// address was made from, the instruction's window (accelerate.h) is compared with, and the interpreter executes the one
// instruction when it lies elsewhere. It also executes what is rare, and calls of helpers but for two kinds: those that
// take numbers alone, and lookups, updates and removals with arguments in known memory. So all faults are its own.
//
// Requires: a Resolved program (resolve.h).
#include "runtime/jit/translate_checked.h"

#include <array>
#include <bit>
#include <cstddef>

#include "backend/isa/info.h"
#include "runtime/jit/translate.h"
#include "runtime/jit/translation.h"
#include "runtime/vm/regions.h"
#include "runtime/vm/resolve.h"

namespace spile::jit {
namespace {

using isa::Insn;
using isa::InsnInfo;
using isa::Shape;
using llvm::BasicBlock;
using llvm::Value;

constexpr unsigned kLastArgument = 5;

class CheckedTranslator : Translation {
 public:
  CheckedTranslator(llvm::LLVMContext &context, const vm::JitProgram &program, const vm::JitHost &host, bool has_lines)
      : Translation(
            context, program, host,
            llvm::FunctionType::get(llvm::Type::getInt64Ty(context), {llvm::PointerType::get(context, 0)}, false),
            has_lines),
        memory_(*program.unverified) {}

  std::unique_ptr<llvm::Module> run(const std::string &entry_name) {
    for (size_t i = 0; i < program_.subprogram_count; i++) {
      auto *function = declare(i, llvm::Function::ExternalLinkage, subprogram_name(entry_name, i));
      function->addParamAttr(0, llvm::Attribute::NoAlias);
      // A constant base is subtracted and added again, which leaves null and an offset.
      function->addFnAttr(llvm::Attribute::NullPointerIsValid);
    }
    for (size_t i = 0; i < program_.subprogram_count; i++)
      translate_subprogram(
          i, [this](size_t start, size_t) { make_frame(start); }, [this](size_t insn) { translate_insn(insn); });
    return finish();
  }

 private:
  // The memory that a register was made from, as the code knows it when it runs: where it begins, how many bytes may be
  // read and written. None: no bytes.
  struct Extent {
    Value *base = nullptr, *reads = nullptr, *writes = nullptr;
  };
  struct ExtentVariables {
    llvm::AllocaInst *base = nullptr, *reads = nullptr, *writes = nullptr;
  };

  using Translation::pointer_to;
  Value *pointer_to(const void *there) { return pointer_to(reinterpret_cast<uint64_t>(there)); }
  Value *field(Value *base, size_t offset) { return b_.CreateGEP(b_.getInt8Ty(), base, constant(offset)); }

  // ---- Registers, here and in memory.

  Value *get(unsigned reg) {
    return reg == isa::kFramePointer ? stack_end_ : static_cast<Value *>(b_.CreateLoad(i64_, regs_[reg]));
  }
  void set(unsigned reg, Value *value) { set(reg, value, {constant(0), constant(0), constant(0)}); }
  void set(unsigned reg, Value *value, const Extent &extent) {
    b_.CreateStore(value, regs_[reg]);
    b_.CreateStore(extent.base, extents_[reg].base);
    b_.CreateStore(extent.reads, extents_[reg].reads);
    b_.CreateStore(extent.writes, extents_[reg].writes);
  }
  Extent extent_of(unsigned reg) {
    if (reg == isa::kFramePointer) {
      Value *const size = constant(vm::kStackBytes);
      return {b_.CreateSub(stack_end_, size), size, size};
    }
    const ExtentVariables &extent = extents_[reg];
    return {b_.CreateLoad(i64_, extent.base), b_.CreateLoad(i64_, extent.reads), b_.CreateLoad(i64_, extent.writes)};
  }
  Value *in_memory(unsigned reg) { return field(register_file_, reg * sizeof(uint64_t)); }
  void fetch(unsigned reg) { set(reg, b_.CreateLoad(i64_, in_memory(reg))); }
  void fetch_fuel() { b_.CreateStore(b_.CreateLoad(i64_, field(run_, offsetof(vm::JitRun, fuel))), fuel_); }
  void put_all() {
    for (unsigned i = 0; i < isa::kFramePointer; i++) b_.CreateStore(get(i), in_memory(i));
    b_.CreateStore(b_.CreateLoad(i64_, fuel_), field(run_, offsetof(vm::JitRun, fuel)));
  }
  // Ends the function with the registers put back.
  void leave(uint64_t result) {
    b_.CreateStore(constant(result), result_);
    b_.CreateBr(leaving_);
  }
  void leave_unless(Value *condition, uint64_t result) {
    unless(condition, "out", [&] { leave(result); });
  }

  Extent extent_of_constant(size_t index) {
    const vm::JitRegion *const region = region_of_constant(program_, index);
    if (region == nullptr) return {constant(0), constant(0), constant(0)};
    return {address_of(region->address), constant(region->size), constant(region->writable ? region->size : 0)};
  }

  // ---- Functions.

  void make_frame(size_t start) {
    start_ = start;
    run_ = function_->getArg(0);
    const auto load = [&](size_t offset) { return b_.CreateLoad(i64_, field(run_, offset)); };
    register_file_ = b_.CreateLoad(ptr_, field(run_, offsetof(vm::JitRun, regs)));
    for (unsigned i = 0; i < isa::kFramePointer; i++) {
      regs_[i] = b_.CreateAlloca(i64_);
      extents_[i] = {b_.CreateAlloca(i64_), b_.CreateAlloca(i64_), b_.CreateAlloca(i64_)};
      fetch(i);
    }
    stack_end_ = b_.CreateLoad(i64_, in_memory(isa::kFramePointer));
    context_ = load(offsetof(vm::JitRun, context));
    context_size_ = load(offsetof(vm::JitRun, context_size));
    if (start == 0) set(1, get(1), {context_, context_size_, context_size_});
    fuel_ = b_.CreateAlloca(i64_);
    fetch_fuel();
    result_ = b_.CreateAlloca(i64_);
    const auto here = b_.saveIP();
    leaving_ = block("leaving");
    b_.SetInsertPoint(leaving_);
    put_all();
    b_.CreateRet(b_.CreateLoad(i64_, result_));
    b_.restoreIP(here);
  }

  // The map whose values a lookup gives, when it is known.
  const vm::JitMap *map_of_lookup(size_t index) const {
    const vm::JitMap *const map = map_of_call(index);
    const bool gives_values = program_.insns[index].imm == vm::kMapLookup && map != nullptr && map->value_size != 0;
    return gives_values ? map : nullptr;
  }

  // ---- Instructions.

  void translate_insn(size_t index) {
    const Insn &insn = program_.insns[index];
    const InsnInfo &info = *isa::lookup(insn);
    const uint64_t value = program_.values[index];
    switch (info.shape) {
      case Shape::AluImm:
      case Shape::AluReg:
      case Shape::AluUnary:
      case Shape::AddressCast: {
        Value *const src = reads_register(info) ? get(insn.src) : constant(isa::operand(insn));
        Value *const result = info.bits == 64 ? ops_.alu(info.alu(), 64, get(insn.dst), src)
                                              : ops_.alu_of_halves(info.alu(), get(insn.dst), src);
        if (const auto base = base_of_result(insn, info, origins_[index]))
          set(insn.dst, result, extent_of(*base));
        else
          set(insn.dst, result);
        break;
      }
      case Shape::BranchImm:
        branch(index, ops_.condition(info, get(insn.dst), constant(isa::operand(insn))));
        break;
      case Shape::BranchReg:
        branch(index, ops_.condition(info, get(insn.dst), get(insn.src)));
        break;
      case Shape::Jump:
      case Shape::JumpLong:
        go(index, value);
        break;
      case Shape::MayGoto: {
        Value *const next = have_executed(index);
        auto *const other = block("may_goto");
        b_.CreateCondBr(b_.CreateICmpEQ(next, constant(index + 1)), blocks_.at(index + 1), other);
        b_.SetInsertPoint(other);
        return_unless(next, value);
        b_.CreateBr(blocks_.at(value));
        break;
      }
      case Shape::CallHelper:
        call_helper(index);
        break;
      case Shape::CallKfunc:
      case Shape::CallReg:
        execute(index, 0, kLastArgument);
        break;
      case Shape::CallLocal:
        call_local(index, static_cast<uint32_t>(value));
        break;
      case Shape::Exit:
        spend(index - start_ + 1, index);
        leave(~uint64_t{index});
        break;
      case Shape::Load:
        access(index, insn.src, false, [&](Value *there) {
          set(insn.dst,
              ops_.widen(b_.CreateAlignedLoad(b_.getIntNTy(info.bits), there, llvm::Align(1)), info.extend()));
        });
        break;
      case Shape::StoreImm:
        access(index, insn.dst, true, [&](Value *there) { store(constant(isa::operand(insn)), info, there); });
        break;
      case Shape::StoreReg:
        access(index, insn.dst, true, [&](Value *there) { store(get(insn.src), info, there); });
        break;
      case Shape::Atomic:
        translate_atomic(index);
        break;
      case Shape::StoreRelease:
        if (Value *const there = aligned_place(index, insn.dst, true)) {
          auto *const stored =
              b_.CreateAlignedStore(ops_.low(get(insn.src), info.bits), there, llvm::Align(info.bytes()));
          stored->setAtomic(llvm::AtomicOrdering::Release);
        }
        break;
      case Shape::LoadAcquire:
        if (Value *const there = aligned_place(index, insn.src, false)) {
          auto *const loaded = b_.CreateAlignedLoad(b_.getIntNTy(info.bits), there, llvm::Align(info.bytes()));
          loaded->setAtomic(llvm::AtomicOrdering::Acquire);
          set(insn.dst, ops_.widen(loaded));
        }
        break;
      case Shape::PacketAbs:
      case Shape::PacketInd:
        execute(index, 0, isa::kFramePointer - 1);
        break;
      case Shape::LoadImm64:
        // Addresses of subprograms are the interpreter's own.
        if (info.op == isa::Op::LddwFunc)
          execute(index, insn.dst, insn.dst);
        else
          set(insn.dst, info.op == isa::Op::Lddw ? constant(value) : address_of(value), extent_of_constant(index));
        break;
    }
  }
  void store(Value *value, const InsnInfo &info, Value *there) {
    b_.CreateAlignedStore(ops_.low(value, info.bits), there, llvm::Align(1));
  }

  // ---- Fuel and jumps.

  void spend(uint64_t cost, size_t otherwise_at) {
    Value *const fuel = b_.CreateLoad(i64_, fuel_);
    leave_unless(b_.CreateICmpUGE(fuel, constant(cost)), otherwise_at);
    b_.CreateStore(b_.CreateSub(fuel, constant(cost)), fuel_);
  }
  void go(size_t from, uint64_t to) {
    if (to <= from) spend(from - to + 1, to);
    b_.CreateBr(blocks_.at(to));
  }
  void branch(size_t index, Value *condition) {
    auto *const taken = block("taken");
    b_.CreateCondBr(condition, taken, blocks_.at(index + 1));
    b_.SetInsertPoint(taken);
    go(index, program_.values[index]);
  }

  // ---- What the interpreter does.

  // The next instruction, or kJitEnded.
  Value *have_executed(size_t index) {
    put_all();
    Value *const next = call_host(host_.step, i64_, {run_, constant(index)});
    fetch_fuel();
    return next;
  }
  void return_unless(Value *next, uint64_t is) {
    unless(b_.CreateICmpEQ(next, constant(is)), "elsewhere", [&] { b_.CreateRet(next); });
  }
  // It changes these registers, and goes on behind itself.
  void execute(size_t index, unsigned first, unsigned last) {
    return_unless(have_executed(index), index + isa::width(program_.insns[index]));
    for (unsigned i = first; i <= last; i++) fetch(i);
  }

  // ---- Memory.

  // How an address is judged: whether it may be used, and as which pointer.
  struct Judged {
    Value *holds, *there;
  };
  Judged within(Value *base, Value *size, Value *address, uint64_t bytes) {
    Value *const into = b_.CreateSub(address, base);
    Value *const large = b_.CreateICmpUGE(size, constant(bytes));
    Value *const inside = b_.CreateICmpULE(into, b_.CreateSub(size, constant(bytes)));
    return {b_.CreateAnd(large, inside), b_.CreateGEP(b_.getInt8Ty(), b_.CreateIntToPtr(base, ptr_), into)};
  }
  Judged within_window(size_t index, Value *address, uint64_t bytes, bool writes) {
    Value *const window = b_.CreateLoad(ptr_, pointer_to(&memory_.windows[index]));
    Value *const first = b_.CreateLoad(i64_, field(window, offsetof(vm::Window, first)));
    const size_t counts = writes ? offsetof(vm::Window, writes) : offsetof(vm::Window, reads);
    const auto place = static_cast<size_t>(std::countr_zero(bytes));
    Value *const count = b_.CreateLoad(i64_, field(window, counts + place * sizeof(uint64_t)));
    return {b_.CreateICmpULT(b_.CreateSub(address, first), count), b_.CreateIntToPtr(address, ptr_)};
  }
  // In the memory that a register was made from.
  Judged within_extent(unsigned reg, Value *address, uint64_t bytes, bool writes) {
    const Extent extent = extent_of(reg);
    return within(extent.base, writes ? extent.writes : extent.reads, address, bytes);
  }
  Value *accessed(const Insn &insn, unsigned base) {
    return b_.CreateAdd(get(base), constant(static_cast<uint64_t>(int64_t{insn.off})));
  }
  void access(size_t index, unsigned base, bool writes, const auto &use) {
    const Insn &insn = program_.insns[index];
    const uint64_t bytes = isa::lookup(insn)->bytes();
    Value *const address = accessed(insn, base);
    const Origin::Kind kind = origins_[index][base].kind;
    const auto use_if = [&](const Judged &judged, const auto &otherwise) {
      auto *const known = block("known"), *const unknown = block("unknown"), *const next = block("");
      b_.CreateCondBr(judged.holds, known, unknown);
      b_.SetInsertPoint(unknown);
      otherwise();
      b_.CreateBr(next);
      b_.SetInsertPoint(known);
      use(judged.there);
      b_.CreateBr(next);
      b_.SetInsertPoint(next);
    };
    // A store changes no register, a load one.
    const auto ask = [&] {
      if (writes)
        return_unless(have_executed(index), index + 1);
      else
        execute(index, insn.dst, insn.dst);
    };
    const auto look_in_window = [&] { use_if(within_window(index, address, bytes, writes), ask); };
    if (kind == Origin::Unknown || kind == Origin::Map) return look_in_window();
    const Judged judged = within_extent(base, address, bytes, writes);
    if (kind == Origin::Mixed) return use_if(judged, look_in_window);
    leave_unless(judged.holds, index);
    use(judged.there);
  }
  bool has_memory(size_t index, unsigned reg) const { return origins_[index][reg].kind == Origin::Memory; }
  // Where an atomic operation finds its operand. Null when the memory is not known: the interpreter has executed it.
  Value *aligned_place(size_t index, unsigned base, bool writes) {
    if (!has_memory(index, base)) {
      execute(index, 0, isa::kFramePointer - 1);
      return nullptr;
    }
    const Insn &insn = program_.insns[index];
    const uint64_t bytes = isa::lookup(insn)->bytes();
    Value *const address = accessed(insn, base);
    const Judged judged = within_extent(base, address, bytes, writes);
    Value *const crooked = b_.CreateAnd(address, constant(bytes - 1));
    leave_unless(b_.CreateAnd(judged.holds, b_.CreateICmpEQ(crooked, constant(0))), index);
    return judged.there;
  }
  void translate_atomic(size_t index) {
    const Insn &insn = program_.insns[index];
    const InsnInfo &info = *isa::lookup(insn);
    const bool changes_r0 = info.atomic() == isa::Atomic::Cmpxchg;
    const bool changes_src = !changes_r0 && info.atomic() >= isa::Atomic::FetchAdd;
    Value *const there = aligned_place(index, insn.dst, true);
    if (there == nullptr) return;
    Value *const old = ops_.atomic(info, there, get(insn.src), get(0));
    if (changes_r0) set(0, old);
    if (changes_src) set(insn.src, old);
  }

  // ---- Calls.

  void call_helper(size_t index) {
    const vm::JitMap *const values = map_of_lookup(index);
    // The map is a guess: what adds up to another map's address is that map.
    Value *const is_right = values == nullptr ? nullptr : b_.CreateICmpEQ(get(1), address_of(values->map));
    if (program_.hot_helpers && memory_.plain_calls[index])
      finish_call(call_directly(index));
    else if (!call_of_map(index))
      execute(index, 0, kLastArgument);
    if (values == nullptr) return;
    Value *const found = get(0);
    Value *const is_value = b_.CreateAnd(is_right, b_.CreateICmpNE(found, constant(0)));
    Value *const size = b_.CreateSelect(is_value, constant(values->value_size), constant(0));
    set(0, found, {found, size, values->writable ? size : constant(0)});
  }
  Value *call_directly(size_t index) {
    Value *const helper = pointer_to(program_.values[index]);
    const std::array arguments{
        get(1), get(2), get(3),
        get(4), get(5), static_cast<Value *>(b_.CreateLoad(ptr_, field(run_, offsetof(vm::JitRun, env))))};
    if (llvm::CallInst *const hot = call_hot(index, arguments, helper)) return hot;
    auto *const type = llvm::FunctionType::get(i64_, {i64_, i64_, i64_, i64_, i64_, ptr_}, false);
    return b_.CreateCall(type, helper, arguments);
  }
  void finish_call(Value *result) {
    set(0, result);
    for (unsigned i = 1; i <= kLastArgument; i++) set(i, constant(0));
  }
  // A lookup, update or removal in an array or a hash, with arguments in memory that is known. False: it is another
  // call.
  bool call_of_map(size_t index) {
    const vm::JitMap *const map = map_of_call(index);
    const int32_t number = program_.insns[index].imm;
    const bool is_plain = map != nullptr && (map->kind == vm::JitMap::Array || map->kind == vm::JitMap::Hash ||
                                             map->kind == vm::JitMap::EvictingHash);
    if (!program_.hot_helpers || !is_plain || number > vm::kMapDelete) return false;
    const bool updates = number == vm::kMapUpdate;
    if (!has_memory(index, 2) || (updates && !has_memory(index, 3))) return false;
    const Judged key = within_extent(2, get(2), map->key_size, false);
    Value *fits = b_.CreateAnd(key.holds, b_.CreateICmpEQ(get(1), address_of(map->map)));
    if (updates) {
      const Judged value = within_extent(3, get(3), map->value_size, false);
      // With BPF_F_LOCK and what else there is, the interpreter looks at more than memory.
      fits = b_.CreateAnd(fits, b_.CreateAnd(value.holds, b_.CreateICmpULE(get(4), constant(vm::kMaxUpdateFlag))));
    }
    leave_unless(fits, index);
    if (number != vm::kMapLookup)
      finish_call(call_directly(index));
    else if (map->kind == vm::JitMap::Array)
      look_up(index, element_of(*map, key.there));
    else
      look_up(index, call_directly(index));
    return true;
  }
  // Its address, or 0.
  Value *element_of(const vm::JitMap &array, Value *key) {
    Value *const element = ops_.widen(b_.CreateAlignedLoad(b_.getInt32Ty(), key, llvm::Align(1)));
    return b_.CreateSelect(b_.CreateICmpULT(element, constant(array.count)),
                           b_.CreateAdd(address_of(array.values), b_.CreateMul(element, constant(array.stride))),
                           constant(0));
  }
  // The host looks up what it has not seen, so that the value is in reach from then on.
  void look_up(size_t index, Value *found) {
    auto *const ask = block("ask"), *const seen = block("seen"), *const done = block("");
    const auto mark_of = [&](Value *value) {
      Value *const place =
          b_.CreateLShr(b_.CreateMul(value, constant(vm::kSeenMultiplier)), constant(64 - vm::kSeenBits));
      return b_.CreateGEP(i64_, pointer_to(memory_.seen), place);
    };
    Value *const is_seen = b_.CreateICmpEQ(b_.CreateLoad(i64_, mark_of(found)), found);
    b_.CreateCondBr(b_.CreateOr(b_.CreateICmpEQ(found, constant(0)), is_seen), seen, ask);
    b_.SetInsertPoint(ask);
    execute(index, 0, kLastArgument);
    b_.CreateStore(get(0), mark_of(get(0)));
    b_.CreateBr(done);
    b_.SetInsertPoint(seen);
    finish_call(found);
    b_.CreateBr(done);
    b_.SetInsertPoint(done);
  }

  // The callee has its frame and its registers in memory; r6 to r9 stay here meanwhile.
  void call_local(size_t index, uint32_t callee) {
    put_all();
    leave_unless(ask_host(host_.enter, {run_, constant(index + 1)}), index);
    Value *const result = b_.CreateCall(function_type_, functions_.at(callee), {run_});
    Value *const has_exited = b_.CreateAnd(b_.CreateICmpSLT(result, constant(0)),
                                           b_.CreateICmpNE(result, constant(static_cast<uint64_t>(vm::kJitEnded))));
    unless(has_exited, "elsewhere", [&] { b_.CreateRet(result); });
    call_host(host_.leave, b_.getVoidTy(), {run_});
    fetch_fuel();
    for (unsigned i = 0; i <= kLastArgument; i++) fetch(i);
  }

  const vm::JitUnverified &memory_;

  // Of the function that is being made.
  size_t start_ = 0;
  std::array<llvm::AllocaInst *, isa::kFramePointer> regs_{};
  std::array<ExtentVariables, isa::kFramePointer> extents_{};
  llvm::AllocaInst *fuel_ = nullptr, *result_ = nullptr;
  Value *run_ = nullptr, *register_file_ = nullptr, *stack_end_ = nullptr, *context_ = nullptr,
        *context_size_ = nullptr;
  BasicBlock *leaving_ = nullptr;
};

}  // namespace

std::unique_ptr<llvm::Module> translate_checked(llvm::LLVMContext &context, const vm::JitProgram &program,
                                                const vm::JitHost &host, const std::string &entry_name,
                                                bool has_lines) {
  return CheckedTranslator(context, program, host, has_lines).run(entry_name);
}

}  // namespace spile::jit
