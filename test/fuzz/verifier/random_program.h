// Random programs for differential tests: shaped like real ones (initialised registers, null checks, masked indices,
// spills, short forward jumps, packets with their checks, records of ring buffers, now and then a loop or a call), with
// mistakes strewn in. One statement in some is any row of insns.def. What calls (functions, callbacks, iterators,
// dynptrs, locks) is in random_calls.cpp.
#pragma once

#include <algorithm>
#include <random>
#include <string_view>
#include <vector>

#include "backend/isa/info.h"
#include "test/fuzz/verifier/made_object.h"

namespace spile::fuzz {

using namespace isa;  // NOLINT(google-build-using-namespace): its text is assembly

class ProgramMaker {
 public:
  enum class Kind : uint8_t { Tracepoint, Socket, Xdp, Tc };
  static constexpr std::string_view section(Kind kind) {
    constexpr std::string_view kSections[] = {"tracepoint/a/b", "socket", "xdp", "tc"};
    return kSections[static_cast<size_t>(kind)];
  }

  ProgramMaker(uint64_t seed, Kind kind)
      : random_(seed), kind_(kind), callee_takes_pointer_(below(2) == 0), callbacks_take_pointer_(below(4) != 0) {}

  // Where a function of the program begins; the first is the program's own.
  struct Placed {
    MadeFunction function;
    uint32_t start;
  };
  const std::vector<Placed> &functions() const { return functions_; }

  std::vector<Insn> make() {
    std::vector<std::pair<MadeFunction, size_t>> begins = {{MadeFunction::Main, 0}};
    emit(mov64_reg(R6, R1));
    for (unsigned n = 2 + below(4); n-- > 0;) emit(mov64(pick(), number()));
    body(4 + below(16));
    // In the order in which they may call one another.
    for (const MadeFunction f : {MadeFunction::LoopCallback, MadeFunction::ElementCallback, MadeFunction::Callee}) {
      if (std::ranges::none_of(calls_, [&](const Call &c) { return c.function == f; })) continue;
      begins.emplace_back(f, items_.size());
      function_ = f;
      begin_function();
      body(2 + below(3));
    }
    std::vector<uint32_t> position;
    uint32_t at = 0;
    for (const Item &item : items_) {
      position.push_back(at);
      at += static_cast<uint32_t>(item.insns.size());
    }
    position.push_back(at);
    std::vector<Insn> out;
    for (size_t i = 0; i < items_.size(); i++) {
      std::vector<Insn> insns = items_[i].insns;
      if (items_[i].target != 0) insns[0].off = static_cast<int16_t>(position[items_[i].target] - position[i] - 1);
      for (const Call &c : calls_)
        if (c.item == i)
          for (const auto &[function, item] : begins)
            if (function == c.function) insns[0].imm = static_cast<int32_t>(position[item] - position[i] - 1);
      out.insert(out.end(), insns.begin(), insns.end());
    }
    for (const auto &[function, item] : begins) functions_.push_back({function, position[item]});
    return out;
  }

 private:
  struct Call {
    size_t item;
    MadeFunction function;
  };
  struct Item {
    std::vector<Insn> insns;
    size_t target = 0;  // item that a jump goes to; 0: none
  };

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool rarely() { return below(24) == 0; }
  int32_t number() {
    static constexpr int32_t kNumbers[] = {0,  1,   2,   3,   4,      7,      8,  15, 16,  31,         32,       63,
                                           64, 127, 255, 256, 0x7fff, 0xffff, -1, -8, -16, 0x7fffffff, INT32_MIN};
    return below(5) == 0 ? static_cast<int32_t>(random_()) : kNumbers[below(std::size(kNumbers))];
  }
  void body(unsigned statements) {
    for (; statements > 0; statements--) statement();
    end_jumps();
    // Callbacks return 0 or 1.
    emit(mov64(R0, is_callback() && !rarely() ? static_cast<int32_t>(below(2)) : number()));
    emit(exit());
  }
  bool in_main() const { return function_ == MadeFunction::Main; }
  bool is_callback() const {
    return function_ == MadeFunction::LoopCallback || function_ == MadeFunction::ElementCallback;
  }

  uint8_t any() { return static_cast<uint8_t>(below(10)); }
  // A register to write; to read: one that has a value, mostly. Numbers and pointers are told apart roughly, so that
  // most statements make sense.
  uint8_t pick() {
    uint8_t r = any();
    if (r == R6 && below(8) != 0) r = R7;
    initialised_ |= 1u << r;
    pointers_ &= ~(1u << r);
    return r;
  }
  uint8_t number_source() {
    for (int tries = 0; tries < 12; tries++) {
      const uint8_t r = source();
      if ((pointers_ & (1u << r)) == 0) return r;
    }
    const uint8_t r = pick();
    emit(mov64(r, number()));
    return r;
  }
  uint8_t source() {
    for (int tries = 0; tries < 30; tries++) {
      const uint8_t r = any();
      if ((initialised_ & (1u << r)) != 0) return r;
    }
    return rarely() ? any() : uint8_t{R6};
  }
  void emit(Code c) { items_.push_back({c.insns}); }
  void clobber() {
    initialised_ = (initialised_ & ~0b111110u) | 1;
    pointers_ &= ~1u;
  }

  void end_jumps() {
    for (size_t i : open_) items_[i].target = items_.size();
    open_.clear();
  }
  void close_some() {
    for (size_t k = 0; k < open_.size();) {
      if (below(3) != 0) {
        k++;
        continue;
      }
      items_[open_[k]].target = items_.size();
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }

  Size size() {
    static constexpr Size kSizes[] = {B, H, W, DW, DW, DW};
    return kSizes[below(6)];
  }
  int16_t stack_off(Size s) {
    int off = -8 * static_cast<int>(1 + below(6));
    if (s != DW && below(3) == 0) off += static_cast<int>(below(8 / bytes_of(s)) * bytes_of(s));
    if (rarely()) off += static_cast<int>(below(16)) - 8;
    return static_cast<int16_t>(off);
  }

  void statement() {
    close_some();
    switch (below(25)) {
      case 23:
        calls();
        break;
      case 24:
        in_main() ? calls() : argument();
        break;
      case 20:
        has_packet() ? packet() : branch();
        break;
      case 21:
        table_row();
        break;
      case 22:
        below(2) == 0 ? ring_buffer() : element();
        break;
      case 0:
      case 1:
      case 2:
      case 3:
        arithmetic();
        break;
      case 4:
      case 5:
      case 6:
        branch();
        break;
      case 7:
      case 8: {
        const Size s = size();
        if (below(3) == 0)
          emit(store_imm(s, R10, stack_off(s), number()));
        else if (below(2) == 0)
          emit(store(DW, R10, stack_off(DW), source()));
        else
          emit(store(s, R10, stack_off(s), number_source()));
        break;
      }
      case 9:
      case 10: {
        const Size s = size();
        const int16_t off = stack_off(s);
        emit(below(6) == 0 && s != DW ? load_signed(s, pick(), R10, off) : load(s, pick(), R10, off));
        break;
      }
      case 11: {  // the context, or anything
        const uint8_t base = rarely() ? source() : in_main() ? uint8_t{R6} : uint8_t{R10};
        emit(load(base == R6 && kind_ != Kind::Tracepoint ? W : size(), pick(), base,
                  static_cast<int16_t>(base == R10 ? -8 : 16 + below(4) * 8)));
        break;
      }
      case 12:
        if (rarely()) emit(store(size(), source(), static_cast<int16_t>(below(6) * 4), source()));
        break;
      case 13:
        lookup();
        break;
      case 14:
        lookup();
        break;
      case 15:
        stack_pointer();
        break;
      case 16:
        helper();
        break;
      case 17:
        global();
        break;
      case 18:
        atomics();
        break;
      case 19:
        rare();
        break;
    }
  }

  void arithmetic() {
    static constexpr AluOp kOps[] = {ADD, ADD, SUB, MUL, DIV, OR, AND, AND, LSH, RSH, MOD, XOR, ARSH, MOV, MOV};
    const AluOp op = kOps[below(std::size(kOps))];
    const bool wide = below(3) != 0;
    const bool shift = op == LSH || op == RSH || op == ARSH;
    if (below(2) == 0) {
      const uint8_t src = op == MOV || rarely() ? source() : number_source();
      const bool pointer = (pointers_ & (1u << src)) != 0;
      const uint8_t dst = op == MOV ? pick() : rarely() ? source() : number_source();
      if (op == MOV && pointer && wide) pointers_ |= 1u << dst;
      emit(wide ? alu64_reg(op, dst, src) : alu32_reg(op, dst, src));
    } else {
      const uint8_t dst = op == MOV ? pick() : rarely() ? source() : number_source();
      int32_t imm = number();
      if (shift) imm = static_cast<int32_t>(below(wide ? 64 : 32));
      if ((op == DIV || op == MOD) && imm == 0) imm = 3;
      emit(wide ? alu64(op, dst, imm) : alu32(op, dst, imm));
    }
  }

  void branch() {
    static constexpr JumpOp kOps[] = {JEQ, JNE, JGT, JGE, JLT, JLE, JSGT, JSGE, JSLT, JSLE, JSET};
    const JumpOp op = kOps[below(std::size(kOps))];
    const bool wide = below(3) != 0;
    const uint8_t dst = rarely() ? source() : number_source();
    if (below(3) == 0) {
      const uint8_t src = rarely() ? source() : number_source();
      emit(wide ? branch64_reg(op, dst, src, 0) : branch32_reg(op, dst, src, 0));
    } else {
      emit(wide ? branch64(op, dst, number(), 0) : branch32(op, dst, number(), 0));
    }
    open_.push_back(items_.size() - 1);
  }

  void lookup() {
    const bool hash = below(2) == 0;
    // The key is never a known constant: newer kernels fold lookups of arrays with one.
    emit(call(7));
    clobber();
    emit(store(DW, R10, -8, R0));
    emit(mov64_reg(R2, R10));
    emit(alu64(ADD, R2, -8));
    emit(lddw_pseudo(R1, kPseudoMapIdx, hash ? kHash : kArray));
    emit(call(1));
    clobber();
    if (below(8) == 0) return;
    emit(branch64(JEQ, R0, 0, 0));
    open_.push_back(items_.size() - 1);
    const uint8_t index = number_source();
    pointers_ |= 1;
    if (below(2) == 0 && index != R0) {
      if (below(8) != 0) emit(alu64(AND, index, hash ? 7 : 31));
      emit(alu64_reg(ADD, R0, index));
    }
    const int16_t off = static_cast<int16_t>((rarely() ? below(20) : below(2)) * 4);
    if (below(2) == 0)
      emit(load(size(), pick(), R0, off));
    else
      emit(store_imm(size(), R0, off, number()));
    // Behind the join the pointer may be NULL.
    if (below(6) != 0) {
      emit(mov64(R0, number()));
      pointers_ &= ~1u;
    }
  }

  bool has_packet() const { return (kind_ == Kind::Xdp || kind_ == Kind::Tc) && in_main(); }

  // Where the packet begins and ends, a bounds check, and an access behind it that is mostly within.
  void packet() {
    const bool tc = kind_ == Kind::Tc;
    const uint8_t data = static_cast<uint8_t>(R7 + below(2)), end = R9, moved = static_cast<uint8_t>(R2 + below(3));
    initialised_ |= 1u << data | 1u << end | 1u << moved;
    pointers_ |= 1u << data | 1u << end | 1u << moved;
    emit(load(W, data, R6, rarely() ? 8 : tc ? 76 : 0));
    emit(load(W, end, R6, tc ? 80 : 4));
    if (below(3) == 0) {
      const uint8_t index = number_source();
      if (index != data && index != end) {
        if (below(8) != 0) emit(alu64(AND, index, number() & 0xff));
        emit(alu64_reg(ADD, data, index));
      }
    }
    const auto proven = static_cast<int32_t>(below(5) * 4 + below(3));
    emit(mov64_reg(moved, data));
    emit(alu64(ADD, moved, proven));
    static constexpr JumpOp kChecks[] = {JGT, JGE, JLT, JLE};
    const JumpOp check = kChecks[below(8) == 0 ? below(4) : below(2)];
    if (below(6) == 0)
      emit(branch64_reg(check == JGT ? JLT : check, end, moved, 0));
    else
      emit(branch64_reg(check, moved, end, 0));
    open_.push_back(items_.size() - 1);
    const Size s = size();
    const int32_t off = rarely() ? proven : std::max(0, proven - static_cast<int32_t>(bytes_of(s)));
    if (below(3) == 0)
      emit(store(s, data, static_cast<int16_t>(off), number_source()));
    else
      emit(load(s, pick(), data, static_cast<int16_t>(off)));
    if (below(6) == 0 && !tc) {  // the packet moves: its pointers are lost
      emit(mov64_reg(R1, R6));
      emit(mov64(R2, number()));
      emit(call(below(2) == 0 ? 44 : 65));
      clobber();
    }
    if (below(4) != 0) {
      pointers_ &= ~(1u << moved);
      emit(mov64(moved, number()));
    }
  }

  void ring_buffer() {
    const int32_t bytes = static_cast<int32_t>(8 * (1 + below(4)));
    emit(lddw_pseudo(R1, kPseudoMapIdx, kRingbuf));
    emit(mov64(R2, bytes));
    emit(mov64(R3, 0));
    emit(call(131));
    clobber();
    const bool forgets = rarely();
    if (!forgets) emit(branch64(JEQ, R0, 0, 4));
    emit(store_imm(DW, R0, static_cast<int16_t>(rarely() ? bytes : bytes - 8), number()));
    emit(mov64_reg(R1, R0));
    emit(mov64(R2, 0));
    if (!rarely()) emit(call(below(2) == 0 ? 132 : 133));
    emit(mov64(R0, number()));
    clobber();
  }

  // Updates or deletes one of the hash.
  void element() {
    emit(store(DW, R10, -8, number_source()));
    emit(store_imm(DW, R10, -24, number()));
    emit(store_imm(DW, R10, -16, number()));
    emit(mov64_reg(R2, R10));
    emit(alu64(ADD, R2, -8));
    emit(mov64_reg(R3, R10));
    emit(alu64(ADD, R3, rarely() ? -8 : -24));
    emit(lddw_pseudo(R1, kPseudoMapIdx, kHash));
    emit(mov64(R4, 0));
    emit(call(below(3) == 0 ? 3 : 2));
    clobber();
  }

  // Any instruction there is, on registers that hold something and at places that exist, mostly.
  void table_row() {
    const InsnInfo &info = all_insns()[below(static_cast<unsigned>(all_insns().size()))];
    Insn insn{.opcode = info.opcode};
    const bool memory = info.shape == Shape::Load || info.shape == Shape::LoadAcquire ||
                        info.shape == Shape::StoreImm || info.shape == Shape::StoreReg ||
                        info.shape == Shape::StoreRelease || info.shape == Shape::Atomic;
    const bool loads = info.shape == Shape::Load || info.shape == Shape::LoadAcquire;
    switch (info.shape) {
      case Shape::AluImm:
      case Shape::AluReg:
      case Shape::AluUnary:
      case Shape::AddressCast:
      case Shape::BranchImm:
      case Shape::BranchReg:
        insn.dst = number_source();
        break;
      case Shape::Load:
      case Shape::LoadAcquire:
        insn.dst = pick();
        insn.src = R10;
        break;
      case Shape::StoreImm:
      case Shape::StoreReg:
      case Shape::StoreRelease:
      case Shape::Atomic:
        insn.dst = R10;
        break;
      default:
        return;  // control flow has statements of its own
    }
    if (memory) insn.off = static_cast<int16_t>(-8 * static_cast<int>(1 + below(6)));
    if (memory && !loads && info.shape != Shape::StoreImm) insn.src = number_source();
    if (info.shape == Shape::AluReg || info.shape == Shape::AddressCast || info.shape == Shape::BranchReg)
      insn.src = number_source();
    if (info.shape == Shape::AluImm || info.shape == Shape::BranchImm || info.shape == Shape::StoreImm)
      insn.imm = below(2) == 0 ? static_cast<int32_t>(below(info.bits)) : number();
    const auto selected = info.select_value;
    if (info.select == InsnInfo::Select::Off) insn.off = static_cast<int16_t>(selected);
    if (info.select == InsnInfo::Select::Imm) insn.imm = selected;
    if (info.select == InsnInfo::Select::Src) insn.src = static_cast<uint8_t>(selected);
    emit(insn);
    if (info.shape == Shape::BranchImm || info.shape == Shape::BranchReg) open_.push_back(items_.size() - 1);
  }

  void stack_pointer() {
    const uint8_t r = pick();
    emit(mov64_reg(r, R10));
    emit(alu64(ADD, r, -8 * static_cast<int>(2 + below(6))));
    if (below(2) == 0) {
      pointers_ |= 1u << r;
      const uint8_t index = number_source();
      if (index != r) {
        emit(alu64(AND, index, 8));
        emit(alu64_reg(ADD, r, index));
      }
    }
    pointers_ |= 1u << r;
    if (below(2) == 0)
      emit(store(DW, r, 0, source()));
    else
      emit(load(DW, pick(), r, 0));
  }

  void helper() {
    switch (below(kind_ == Kind::Tracepoint ? 4 : 3)) {
      case 0:
        emit(call(7));
        break;
      case 1:
        emit(call(5));
        break;
      case 2: {  // probe_read_kernel(fp - 32, size, 0)
        const uint8_t length = number_source();
        if (length != R2) emit(mov64_reg(R2, length));
        if (below(4) != 0) emit(alu64(AND, R2, 31));
        emit(mov64_reg(R1, R10));
        emit(alu64(ADD, R1, -32));
        emit(mov64(R3, 0));
        emit(call(113));
        break;
      }
      case 3:
        emit(mov64_reg(R1, R10));
        emit(alu64(ADD, R1, -16));
        emit(mov64(R2, 16));
        emit(call(16));
        break;
    }
    clobber();
  }

  void global() {
    const bool constant = below(2) == 0;
    const uint8_t r = pick();
    pointers_ |= 1u << r;
    emit(lddw_pseudo(r, kPseudoMapIdxValue, constant ? kRodata : kBss, static_cast<int32_t>(below(4) * 4)));
    if (!constant && below(2) == 0)
      emit(store(size(), r, static_cast<int16_t>(below(8)), source()));
    else
      emit(load(size(), pick(), r, static_cast<int16_t>(below(2) * 4)));
  }

  void atomics() {
    static constexpr int32_t kOps[] = {kAtomicAdd, kAtomicOr | kAtomicFetch, kAtomicXchg, kAtomicCmpxchg, kAtomicAnd};
    emit(atomic(below(2) == 0 ? DW : W, kOps[below(std::size(kOps))], R10, stack_off(DW), number_source()));
  }

  void rare() {
    switch (below(4)) {
      case 0:
        if (function_ != MadeFunction::Callee) call_function();
        return;
      case 1: {  // a loop: r9 counts
        emit(mov64(R9, 0));
        initialised_ |= 1u << R9;
        const size_t head = items_.size();
        arithmetic();
        emit(alu64(ADD, R9, 1));
        items_.push_back({{branch64(JLT, R9, static_cast<int32_t>(1 + below(12)), 0)}, head});
        return;
      }
      case 2:
        emit(lddw(pick(), random_()));
        return;
      case 3:
        emit(Insn{.opcode = static_cast<uint8_t>(below(2) == 0 ? 0x87 : 0xdc), .dst = source(), .imm = 0});
        if (items_.back().insns[0].opcode == 0xdc) items_.back().insns[0].imm = 16;
        return;
    }
  }

  // random_calls.cpp
  void begin_function();
  void argument();
  void calls();
  void call_function();
  void pass_stack(uint8_t reg, bool pointer);
  void loop_callback();
  void each_element();
  void iterator();
  void record_dynptr();
  void memory_dynptr();
  void use_dynptr();
  void lock();
  void tail_call();
  void packet_load();
  void may_goto_loop();

  std::mt19937_64 random_;
  Kind kind_;
  bool callee_takes_pointer_, callbacks_take_pointer_;  // the same at all their calls
  MadeFunction function_ = MadeFunction::Main;          // that is being made
  uint32_t initialised_ = (1u << R1) | (1u << R6), pointers_ = (1u << R1) | (1u << R6);
  std::vector<Item> items_;
  std::vector<size_t> open_;  // jumps whose target is not placed yet
  std::vector<Call> calls_;   // items that call a function, or load its address
  std::vector<Placed> functions_;
};

}  // namespace spile::fuzz
