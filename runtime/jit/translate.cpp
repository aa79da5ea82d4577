// Each subprogram becomes a function `i64 (r1, r2, r3, r4, r5, env)`. Registers r0 to r9 are allocas that mem2reg turns
// into SSA values; r10 is the end of a 512-byte alloca.
//
//   r1 += 8                         %r1 = add i64 %r1.in, 8
//   r0 = *(u32 *)(r1 + 4)     ──►   %r1.p = getelementptr i8, ptr %r1.p.in, i64 8
//                                   %a = getelementptr i8, ptr %r1.p, i64 4
//                                   %v = load i32, ptr %a, align 1
//
// Every register exists twice: as an integer, and as a pointer with the same value that keeps what it is based on (the
// stack, an argument), so that LLVM's alias analysis and vectorizer see what the program meant. The half that is not
// used is dead code. An operation that no pointer survives (and, or, a subtraction of registers), and a sum of which it
// is not known which side is the pointer (scalars.h), derives the pointer from the integer again.
// Sound because: the verifier accepts no pointer that was computed from a pointer to something else (ptr + ptr,
// ptr - ptr used as a pointer), so an address is based on what its pointer half is based on, or on an unknown integer.
//
// Requires: a Resolved program (resolve.h). Nothing is checked while the code runs.
#include "runtime/jit/translate.h"

#include <llvm/IR/IntrinsicInst.h>

#include <array>

#include "backend/isa/info.h"
#include "runtime/jit/scalars.h"
#include "runtime/jit/translation.h"
#include "runtime/vm/resolve.h"

namespace spile::jit {
namespace {

using isa::Alu;
using isa::Insn;
using isa::InsnInfo;
using isa::Shape;
using llvm::BasicBlock;
using llvm::Value;

class Translator : Translation {
 public:
  Translator(llvm::LLVMContext &context, const vm::JitProgram &program, const vm::JitHost &host, bool has_lines)
      : Translation(context, program, host, type_in(context), has_lines), scalars_(scalar_registers(program)) {}

  std::unique_ptr<llvm::Module> run(const std::string &entry_name) {
    for (size_t i = 0; i < program_.subprogram_count; i++)
      declare(i, i == 0 ? llvm::Function::ExternalLinkage : llvm::Function::InternalLinkage,
              subprogram_name(entry_name, i));
    for (size_t i = 0; i < program_.subprogram_count; i++)
      translate_subprogram(
          i, [&](size_t, size_t) { make_frame(program_.stack_bytes[i]); },
          [this](size_t insn) { translate_insn(insn); });
    return finish();
  }

 private:
  static llvm::FunctionType *type_in(llvm::LLVMContext &context) {
    auto *const number = llvm::Type::getInt64Ty(context);
    return llvm::FunctionType::get(number, {number, number, number, number, number, llvm::PointerType::get(context, 0)},
                                   false);
  }

  llvm::IntegerType *int_type(unsigned bits) { return b_.getIntNTy(bits); }

  // ---- Registers.

  Value *get(unsigned reg) {
    return reg == isa::kFramePointer ? b_.CreatePtrToInt(stack_end_, i64_) : b_.CreateLoad(i64_, regs_[reg]);
  }
  Value *get_pointer(unsigned reg) {
    return reg == isa::kFramePointer ? stack_end_ : b_.CreateLoad(ptr_, pointers_[reg]);
  }
  void set(unsigned reg, Value *value, Value *pointer = nullptr) {
    b_.CreateStore(value, regs_[reg]);
    b_.CreateStore(pointer != nullptr ? pointer : b_.CreateIntToPtr(value, ptr_), pointers_[reg]);
  }
  Value *address(unsigned base, int16_t off) {
    return b_.CreateGEP(b_.getInt8Ty(), get_pointer(base), constant(static_cast<uint64_t>(int64_t{off})));
  }
  Value *low(Value *value, unsigned bits) { return ops_.low(value, bits); }
  Value *widen(Value *value, isa::Extend how = isa::Extend::Zero) { return ops_.widen(value, how); }

  // ---- Functions.

  void make_frame(uint32_t stack_bytes) {
    for (unsigned i = 0; i < isa::kFramePointer; i++) {
      regs_[i] = b_.CreateAlloca(i64_);
      pointers_[i] = b_.CreateAlloca(ptr_);
      set(i, i >= 1 && i <= 5 ? static_cast<Value *>(function_->getArg(i - 1)) : constant(0));
    }
    env_ = function_->getArg(5);
    auto *stack = b_.CreateAlloca(llvm::ArrayType::get(b_.getInt8Ty(), vm::kStackBytes));
    stack->setAlignment(llvm::Align(16));
    stack_end_ = b_.CreateGEP(b_.getInt8Ty(), stack, constant(vm::kStackBytes));
    if (stack_bytes != 0)
      b_.CreateMemSet(b_.CreateGEP(b_.getInt8Ty(), stack, constant(vm::kStackBytes - stack_bytes)), b_.getInt8(0),
                      stack_bytes, llvm::Align(1));
    loops_left_ = b_.CreateAlloca(i64_);
    b_.CreateStore(constant(vm::kMaxLoops), loops_left_);
    packet_value_ = b_.CreateAlloca(i64_);
  }

  // ---- Instructions.

  void translate_insn(size_t index) {
    const Insn &insn = program_.insns[index];
    const InsnInfo &info = *isa::lookup(insn);
    const uint64_t value = program_.values[index];
    llvm::IntegerType *const width = info.bits == 0 ? nullptr : int_type(info.bits);
    switch (info.shape) {
      case Shape::AluImm:
      case Shape::AluReg:
      case Shape::AluUnary:
      case Shape::AddressCast:
        translate_alu(insn, info, scalars_[index]);
        break;
      case Shape::BranchImm:
        branch(ops_.condition(info, get(insn.dst), constant(isa::operand(insn))), value, index + 1);
        break;
      case Shape::BranchReg:
        branch(ops_.condition(info, get(insn.dst), get(insn.src)), value, index + 1);
        break;
      case Shape::Jump:
      case Shape::JumpLong:
        b_.CreateBr(blocks_.at(value));
        break;
      case Shape::MayGoto: {
        Value *left = b_.CreateLoad(i64_, loops_left_);
        Value *none = b_.CreateICmpEQ(left, constant(0));
        b_.CreateStore(b_.CreateSelect(none, left, b_.CreateSub(left, constant(1))), loops_left_);
        branch(none, value, index + 1);
        break;
      }
      case Shape::CallHelper:
        call_helper(index, pointer_to(value));
        if (insn.imm == vm::kTailCall) leave_after_tail_call();
        break;
      case Shape::CallKfunc:
        call(pointer_to(value));
        break;
      case Shape::CallLocal:
        call(functions_.at(static_cast<uint32_t>(value)));
        break;
      case Shape::CallReg:
        call_register(insn.dst);
        break;
      case Shape::Exit:
        b_.CreateRet(get(0));
        break;
      case Shape::Load:
        set(insn.dst, widen(b_.CreateAlignedLoad(width, address(insn.src, insn.off), llvm::Align(1)), info.extend()));
        break;
      case Shape::StoreImm:
        b_.CreateAlignedStore(low(constant(isa::operand(insn)), info.bits), address(insn.dst, insn.off),
                              llvm::Align(1));
        break;
      case Shape::StoreReg:
        b_.CreateAlignedStore(low(get(insn.src), info.bits), address(insn.dst, insn.off), llvm::Align(1));
        break;
      case Shape::Atomic:
        translate_atomic(insn, info);
        break;
      case Shape::LoadAcquire: {
        auto *load = b_.CreateAlignedLoad(width, address(insn.src, insn.off), llvm::Align(info.bytes()));
        load->setAtomic(llvm::AtomicOrdering::Acquire);
        set(insn.dst, widen(load));
        break;
      }
      case Shape::StoreRelease: {
        auto *store = b_.CreateAlignedStore(low(get(insn.src), info.bits), address(insn.dst, insn.off),
                                            llvm::Align(info.bytes()));
        store->setAtomic(llvm::AtomicOrdering::Release);
        break;
      }
      case Shape::LoadImm64:
        if (info.op == isa::Op::LddwFunc) {
          llvm::Function *callback = functions_.at(static_cast<uint32_t>(value));
          set(insn.dst, b_.CreatePtrToInt(callback, i64_), callback);
        } else if (info.op == isa::Op::Lddw) {
          set(insn.dst, constant(value));
        } else {
          set(insn.dst, address_of(value), pointer_to(value));
        }
        break;
      case Shape::PacketAbs:
        load_packet(info, constant(isa::operand(insn)));
        break;
      case Shape::PacketInd:
        load_packet(
            info,
            b_.CreateSExt(b_.CreateAdd(low(get(insn.src), 32), b_.getInt32(static_cast<uint32_t>(insn.imm))), i64_));
        break;
    }
  }

  // What is still a pointer behind the instruction, or null; [scalars] are those before it.
  Value *pointer_after(const Insn &insn, const InsnInfo &info, Value *src64, Scalars scalars) {
    const bool reg = reads_register(info);
    const auto moved = [&](unsigned base, Value *by) { return b_.CreateGEP(b_.getInt8Ty(), get_pointer(base), by); };
    // Sound because: a pointer to the packet is no base of a sum with another pointer, which the verifier rejects. A
    // base that is a number would be worse than none: what is far from a constant like null, LLVM takes for
    // unreachable.
    const auto is_added_to = [&](unsigned base, unsigned by) {
      const auto is_in = [](uint16_t set, unsigned r) { return (set >> r & 1) != 0; };
      return is_in(scalars.numbers, by) || (is_in(scalars.four, by) && !is_in(scalars.four, base));
    };
    if (info.alu() == Alu::Mov && reg) return get_pointer(insn.src);
    if (info.alu() == Alu::Sub && !reg) return moved(insn.dst, b_.CreateNeg(src64));
    if (info.alu() != Alu::Add) return nullptr;
    if (!reg || is_added_to(insn.dst, insn.src)) return moved(insn.dst, src64);
    return is_added_to(insn.src, insn.dst) ? moved(insn.src, get(insn.dst)) : nullptr;
  }

  void translate_alu(const Insn &insn, const InsnInfo &info, Scalars scalars) {
    const bool reg = reads_register(info);
    Value *src64 = reg ? get(insn.src) : constant(isa::operand(insn));
    Value *dst64 = get(insn.dst);
    if (info.bits == 64) {
      set(insn.dst, ops_.alu(info.alu(), 64, dst64, src64), pointer_after(insn, info, src64, scalars));
    } else {
      set(insn.dst, ops_.alu_of_halves(info.alu(), dst64, src64));
    }
  }

  void branch(Value *condition, uint64_t taken, uint64_t otherwise) {
    b_.CreateCondBr(condition, blocks_.at(taken), blocks_.at(otherwise));
  }

  void translate_atomic(const Insn &insn, const InsnInfo &info) {
    Value *const old = ops_.atomic(info, address(insn.dst, insn.off), get(insn.src), get(0));
    if (info.atomic() == isa::Atomic::Cmpxchg)
      set(0, old);
    else if (info.atomic() >= isa::Atomic::FetchAdd)
      set(insn.src, old);
  }

  void call(Value *function) {
    after_call(b_.CreateCall(function_type_, function, {get(1), get(2), get(3), get(4), get(5), env_}));
  }
  void after_call(Value *result, Value *pointer = nullptr) {
    set(0, result, pointer);
    for (unsigned i = 1; i <= 5; i++) set(i, constant(0));
  }
  void call_helper(size_t index, Value *helper) {
    const vm::JitMap *const map = map_of_call(index);
    if (program_.insns[index].imm == vm::kMapLookup && map != nullptr && map->kind == vm::JitMap::Array)
      look_up(*map);
    else if (llvm::CallInst *const hot = call_hot(index, {get(1), get(2), get(3), get(4), get(5), env_}, helper))
      after_call(hot);
    else
      call(helper);
  }
  void look_up(const vm::JitMap &array) {
    Value *const index = b_.CreateAlignedLoad(b_.getInt32Ty(), get_pointer(2), llvm::Align(1));
    Value *const inside = b_.CreateICmpULT(index, b_.getInt32(array.count));
    Value *const offset = b_.CreateMul(widen(index), constant(array.stride));
    Value *const element = b_.CreateGEP(b_.getInt8Ty(), pointer_to(array.values), offset);
    after_call(b_.CreateSelect(inside, b_.CreateAdd(address_of(array.values), offset), constant(0)),
               b_.CreateSelect(inside, element, llvm::ConstantPointerNull::get(ptr_)));
  }
  void call_register(unsigned reg) {
    Value *const target = get(reg);
    auto *helper = block("helper");
    auto *ready = block("ready");
    BasicBlock *const from = b_.GetInsertBlock();
    b_.CreateCondBr(b_.CreateICmpULT(target, constant(vm::kMaxHelperNumber)), helper, ready);
    b_.SetInsertPoint(helper);
    Value *const found = call_host(host_.helper_of_register, ptr_, {env_, target});
    b_.CreateBr(ready);
    b_.SetInsertPoint(ready);
    auto *const function = b_.CreatePHI(ptr_, 2);
    function->addIncoming(found, helper);
    b_.SetInsertPoint(from->getTerminator());
    Value *const direct = b_.CreateIntToPtr(target, ptr_);
    function->addIncoming(direct, from);
    b_.SetInsertPoint(ready);
    call(function);
  }

  // When another program has run, this frame ends with its result.
  void leave_after_tail_call() {
    Value *const leaves = ask_host(host_.leaves_after_tail_call, {env_});
    unless(b_.CreateNot(leaves), "tail_called", [&] { b_.CreateRet(get(0)); });
  }

  // Without the bytes, the subprogram ends with r0 = 0.
  void load_packet(const InsnInfo &info, Value *offset) {
    Value *const loaded = ask_host(host_.packet_load, {env_, offset, b_.getInt32(info.bytes()), packet_value_});
    unless(loaded, "missing", [&] { b_.CreateRet(constant(0)); });
    set(0, b_.CreateLoad(i64_, packet_value_));
  }

  std::vector<Scalars> scalars_;  // by instruction

  // Of the function that is being made.
  std::array<llvm::AllocaInst *, isa::kFramePointer> regs_{}, pointers_{};
  Value *env_ = nullptr, *stack_end_ = nullptr, *loops_left_ = nullptr, *packet_value_ = nullptr;
};

}  // namespace

std::unique_ptr<llvm::Module> translate(llvm::LLVMContext &context, const vm::JitProgram &program,
                                        const vm::JitHost &host, const std::string &entry_name, bool has_lines) {
  return Translator(context, program, host, has_lines).run(entry_name);
}

}  // namespace spile::jit
