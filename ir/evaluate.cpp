#include "ir/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "backend/isa/semantics.h"
#include "ir/fold.h"

namespace spile::ir {

namespace {

// As the kernel: a chain of more calls is a fault here, and bounds our own recursion.
constexpr int kMaxDepth = 8;
// Buffer i begins at this address; the rest of its 4 GiB is outside, on both sides.
constexpr uint64_t address_of_buffer(size_t i) { return (static_cast<uint64_t>(i) + 1) << 32 | 0x1000'0000; }

class Machine {
 public:
  Machine(const Module &module, const EvaluationInput &input) : module_(module), steps_left_(input.max_steps) {
    for (const Global &g : module.globals) {
      auto &buffer = buffers_.emplace_back(static_cast<size_t>(std::min<uint64_t>(g.size, 1 << 20)));
      std::copy_n(g.bytes.begin(), std::min(g.bytes.size(), buffer.size()), buffer.begin());
    }
    first_input_ = buffers_.size();
    buffers_.insert(buffers_.end(), input.buffers.begin(), input.buffers.end());
    first_slot_ = buffers_.size();
  }

  Evaluation run(FunctionId id, const EvaluationInput &input) {
    std::vector<uint64_t> args;
    size_t integer = 0, buffer = 0;
    for (const Type type : module_[id].params) {
      if (type != Type::Ptr)
        args.push_back(integer < input.integers.size() ? narrowed(type, input.integers[integer++]) : 0);
      else
        args.push_back(buffer < input.buffers.size() ? address_of_buffer(first_input_ + buffer++) : 0);
    }
    out_.result = call(id, args, 0);
    const auto at = [&](size_t i) { return buffers_.begin() + static_cast<ptrdiff_t>(i); };
    out_.globals.assign(at(0), at(first_input_));
    out_.buffers.assign(at(first_input_), at(first_slot_));
    return std::move(out_);
  }

 private:
  bool stopped() const { return !out_.fault.empty(); }
  template <class... Args>
  uint64_t stop(fmt::format_string<Args...> format, Args &&...args) {
    if (!stopped()) out_.fault = fmt::format(format, std::forward<Args>(args)...);
    return 0;
  }
  static uint64_t narrowed(Type type, uint64_t value) { return isa::low_bits(value, std::max(1u, bits_of(type))); }

  // The bytes at [address], or null when they are not all inside one buffer.
  std::byte *bytes_at(uint64_t address, uint64_t size) {
    const uint64_t buffer = (address >> 32) - 1;
    if (buffer >= buffers_.size()) return nullptr;
    const uint64_t offset = address - address_of_buffer(static_cast<size_t>(buffer));
    auto &bytes = buffers_[static_cast<size_t>(buffer)];
    if (offset > bytes.size() || size > bytes.size() - offset) return nullptr;
    return bytes.data() + offset;
  }
  uint64_t load(uint64_t address, Type type) {
    const std::byte *at = bytes_at(address, bytes_of(type));
    if (at == nullptr) return stop("load of {} at {:#x}", name_of(type), address);
    uint64_t value = 0;
    std::memcpy(&value, at, bytes_of(type));
    return value;
  }
  void store(uint64_t address, Type type, uint64_t value) {
    std::byte *at = bytes_at(address, bytes_of(type));
    if (at == nullptr)
      stop("store of {} at {:#x}", name_of(type), address);
    else
      std::memcpy(at, &value, bytes_of(type));
  }

  uint64_t call(FunctionId id, const std::vector<uint64_t> &args, int depth) {
    const Function &f = module_[id];
    if (f.is_declaration()) return stop("`{}` has no body", f.name);
    if (depth == kMaxDepth) return stop("more than {} frames", kMaxDepth);
    Frame frame{f, args, std::vector<uint64_t>(f.insts.size()), buffers_.size(), depth};
    for (const Slot &slot : f.slots) buffers_.emplace_back(slot.size);
    const uint64_t result = run_blocks(frame);
    buffers_.resize(frame.first_slot);
    return result;
  }

  struct Frame {
    const Function &f;
    const std::vector<uint64_t> &args;
    std::vector<uint64_t> values;
    size_t first_slot;
    int depth;
  };

  uint64_t value(const Frame &frame, ValueId v) {
    const Inst &inst = frame.f[v];
    if (inst.block) return frame.values[v.index];
    if (inst.op == Op::Const) return narrowed(inst.type, static_cast<uint64_t>(inst.imm));
    if (inst.op == Op::Param) return frame.args[static_cast<size_t>(inst.imm)];
    if (inst.op == Op::SlotAddr) return address_of_buffer(frame.first_slot + static_cast<size_t>(inst.imm));
    if (inst.op == Op::GlobalAddr) return address_of_buffer(static_cast<size_t>(inst.imm));
    if (inst.op == Op::FuncAddr) return 0xf000'0000'0000'0000 + static_cast<uint64_t>(inst.imm);
    if (inst.op == Op::CoreValue)
      return narrowed(inst.type, static_cast<uint64_t>(module_.core_relocs[static_cast<size_t>(inst.imm)].value));
    return 0;  // undef
  }

  uint64_t run_blocks(Frame &frame) {
    const Function &f = frame.f;
    BlockId from, at(0);
    std::vector<uint64_t> phis;
    while (true) {
      // All phis read before any is written.
      phis.clear();
      for (const ValueId v : f[at].insts) {
        if (f[v].op != Op::Phi) break;
        const auto blocks = f.targets(v);
        const auto edge = std::ranges::find(blocks, from);
        if (edge == blocks.end()) return stop("a phi has no operand for its predecessor");
        phis.push_back(value(frame, f.operand(v, static_cast<size_t>(edge - blocks.begin()))));
      }
      for (size_t i = 0; i < f[at].insts.size(); i++) {
        const ValueId v = f[at].insts[i];
        if (i < phis.size()) {
          frame.values[v.index] = phis[i];
          continue;
        }
        if (steps_left_-- == 0) {
          out_.out_of_steps = true;
          return stop("too many steps");
        }
        if (f[v].op == Op::Ret) return f[v].operand_count == 0 ? 0 : value(frame, f.operand(v, 0));
        if (f[v].op == Op::Unreachable) return stop("reached `unreachable`");
        if (info_of(f[v].op).effects == Effects::Term) {
          from = at;
          at = next_block(frame, v);
          break;
        }
        frame.values[v.index] = narrowed(f[v].type, step(frame, v));
        if (stopped()) return 0;
      }
    }
  }

  BlockId next_block(const Frame &frame, ValueId v) {
    const auto to = frame.f.targets(v);
    if (frame.f[v].op == Op::Jump) return to[0];
    const uint64_t on = value(frame, frame.f.operand(v, 0));
    if (frame.f[v].op == Op::Branch) return to[on != 0 ? 0 : 1];
    const Type type = frame.f[frame.f.operand(v, 0)].type;
    const auto cases = frame.f.cases(v);
    for (size_t i = 0; i < cases.size(); i++)
      if (narrowed(type, static_cast<uint64_t>(cases[i])) == on) return to[i + 1];
    return to[0];
  }

  uint64_t step(Frame &frame, ValueId v) {
    const Function &f = frame.f;
    const Inst &inst = f[v];
    auto operand = [&](size_t i) { return value(frame, f.operand(v, i)); };
    auto operand_type = [&](size_t i) { return f[f.operand(v, i)].type; };
    const auto offset = static_cast<uint64_t>(inst.imm);
    switch (inst.op) {
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
      case Op::Shl:
      case Op::LShr:
      case Op::AShr:
      case Op::Bswap:
      case Op::PtrAdd:
      case Op::ICmp:
      case Op::Zext:
      case Op::Sext:
      case Op::Trunc:
      case Op::PtrToInt:
      case Op::IntToPtr: {
        const int64_t a = normalized(operand_type(0), static_cast<int64_t>(operand(0)));
        const int64_t b = inst.operand_count < 2 ? 0 : normalized(operand_type(1), static_cast<int64_t>(operand(1)));
        return static_cast<uint64_t>(*fold(inst.op, inst.pred, inst.type, operand_type(0), a, b));
      }
      case Op::Select:
        return operand(0) != 0 ? operand(1) : operand(2);
      case Op::IsConstant:
        return f[f.operand(v, 0)].op == Op::Const ? 1 : 0;
      case Op::Opaque:
        return operand(0);
      case Op::Barrier:
        return 0;
      case Op::AddrSpaceCast:
      case Op::Asm:
      case Op::AsmOutput:
        stop("`{}` cannot be evaluated", info_of(inst.op).text);
        return 0;
      case Op::Load:
        return load(operand(0) + offset, inst.type);
      case Op::Store:
        store(operand(1) + offset, operand_type(0), operand(0));
        return 0;
      case Op::AtomicAdd:
        return atomic(isa::Atomic::FetchAdd, operand(1) + offset, operand_type(0), operand(0), 0);
      case Op::AtomicOr:
        return atomic(isa::Atomic::FetchOr, operand(1) + offset, operand_type(0), operand(0), 0);
      case Op::AtomicAnd:
        return atomic(isa::Atomic::FetchAnd, operand(1) + offset, operand_type(0), operand(0), 0);
      case Op::AtomicXor:
        return atomic(isa::Atomic::FetchXor, operand(1) + offset, operand_type(0), operand(0), 0);
      case Op::AtomicXchg:
        return atomic(isa::Atomic::Xchg, operand(1) + offset, operand_type(0), operand(0), 0);
      case Op::CmpXchg:
        return atomic(isa::Atomic::Cmpxchg, operand(2) + offset, operand_type(0), operand(1), operand(0));
      case Op::MemCopy:
      case Op::MemSet: {
        std::byte *to = bytes_at(operand(0), offset);
        if (to == nullptr) return stop("write of {} bytes at {:#x}", offset, operand(0));
        if (inst.op == Op::MemSet) {
          std::memset(to, static_cast<int>(operand(1)), offset);
          return 0;
        }
        const std::byte *from = bytes_at(operand(1), offset);
        if (from == nullptr) return stop("read of {} bytes at {:#x}", offset, operand(1));
        std::memmove(to, from, offset);
        return 0;
      }
      case Op::LoadAbs:
        return mix(0xab5, offset);
      case Op::LoadInd:
        return mix(0xab5, offset + operand(1));
      case Op::CallHelper:
        return helper(frame, v);
      case Op::Call: {
        std::vector<uint64_t> args(inst.operand_count);
        for (size_t i = 0; i < args.size(); i++) args[i] = operand(i);
        return call(FunctionId(static_cast<size_t>(inst.imm)), args, frame.depth + 1);
      }
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
      case Op::CoreValue:
      case Op::Phi:
      case Op::Jump:
      case Op::Branch:
      case Op::Switch:
      case Op::AsmGoto:
      case Op::Ret:
      case Op::Unreachable:
        break;
    }
    SPILE_UNREACHABLE("an operation that run_blocks handles");
  }

  uint64_t atomic(isa::Atomic op, uint64_t address, Type type, uint64_t src, uint64_t expected) {
    const uint64_t old = load(address, type);
    if (!stopped()) store(address, type, isa::atomic(op, bits_of(type), old, src, expected).memory);
    return old;
  }

  static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e37'79b9'7f4a'7c15ull;
    return hash ^ (hash >> 29);
  }

  uint64_t helper(const Frame &frame, ValueId v) {
    const Function &f = frame.f;
    uint64_t hash = mix(1, static_cast<uint64_t>(f[v].imm));
    std::byte *first_pointer = nullptr;
    for (const ValueId arg : f.operands(v)) {
      const uint64_t word = value(frame, arg);
      if (f[arg].type != Type::Ptr) {
        hash = mix(hash, word);
        continue;
      }
      std::byte *at = bytes_at(word, 1);
      if (at == nullptr) continue;
      if (first_pointer == nullptr) first_pointer = at;
      const auto &buffer = buffers_[static_cast<size_t>((word >> 32) - 1)];
      for (; at != buffer.data() + buffer.size(); at++) hash = mix(hash, static_cast<uint64_t>(*at));
    }
    out_.trace.push_back(hash);
    if (f[v].imm % 2 == 0 && first_pointer != nullptr) *first_pointer = static_cast<std::byte>(hash);
    return hash;
  }

  const Module &module_;
  uint64_t steps_left_;
  std::vector<std::vector<std::byte>> buffers_;
  size_t first_input_ = 0, first_slot_ = 0;
  Evaluation out_;
};

}  // namespace

Evaluation evaluate(const Module &module, FunctionId function, const EvaluationInput &input) {
  return Machine(module, input).run(function, input);
}

}  // namespace spile::ir
