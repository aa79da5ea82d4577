// Statements of random programs that call: functions with pointers into the caller's frame, callbacks, iterators,
// dynptrs, locks, tail calls, and packet loads, which clobber like a call.
#include <linux/bpf.h>

#include "test/fuzz/verifier/random_program.h"

namespace spile::fuzz {
namespace {

// Below what other statements write: an iterator, a dynptr, and the part of the frame that functions get.
constexpr int32_t kIteratorPlace = -56, kDynptrPlace = -72, kSharedPlace = -32;
constexpr int16_t kShared = 32;  // bytes there

int32_t id_of(MadeFunction f) { return static_cast<int32_t>(f); }

}  // namespace

// What it got besides numbers goes to r6 (a pointer into a caller's frame) and r7 (a value of a map).
void ProgramMaker::begin_function() {
  const bool pointer = is_callback() ? callbacks_take_pointer_ : callee_takes_pointer_;
  initialised_ = pointers_ = 0;
  switch (function_) {
    case MadeFunction::LoopCallback:
      initialised_ = 1u << R1 | 1u << R2;
      if (pointer) pointers_ = 1u << R2;
      emit(mov64_reg(R6, R2));
      break;
    case MadeFunction::ElementCallback:
      initialised_ = 1u << R1 | 1u << R2 | 1u << R3 | 1u << R4 | 1u << R7;
      pointers_ = 1u << R1 | 1u << R2 | 1u << R3 | 1u << R7 | (pointer ? 1u << R4 : 0);
      emit(mov64_reg(R6, R4));
      emit(mov64_reg(R7, R3));
      break;
    default:
      initialised_ = 1u << R1 | 1u << R2;
      if (pointer) pointers_ = 1u << R1;
      emit(mov64_reg(R6, R1));
      break;
  }
  initialised_ |= 1u << R6;
  if (pointer) pointers_ |= 1u << R6;
}

// Uses what the running function was given.
void ProgramMaker::argument() {
  const bool frame = (pointers_ & 1u << R6) != 0, value = (pointers_ & 1u << R7) != 0;
  if (!frame && !value) return arithmetic();
  const bool of_frame = frame && (!value || below(2) == 0);
  const uint8_t base = of_frame ? R6 : R7;
  const Size s = of_frame && below(3) != 0 ? DW : size();
  const auto off = static_cast<int16_t>(rarely() ? number() : static_cast<int32_t>(below(2) * bytes_of(s)));
  switch (below(4)) {
    case 0:
      emit(store(s, base, off, s == DW && of_frame ? source() : number_source()));
      break;
    case 1:
      emit(atomic(below(2) == 0 ? DW : W, kAtomicAdd | (below(2) == 0 ? kAtomicFetch : 0), base, 0, number_source()));
      break;
    default:
      emit(load(s, pick(), base, off));
      break;
  }
}

void ProgramMaker::calls() {
  switch (below(10)) {
    case 0:
      return function_ != MadeFunction::Callee ? call_function() : argument();
    case 1:
      return in_main() ? loop_callback() : argument();
    case 2:
      return in_main() ? each_element() : argument();
    case 3:
      return iterator();
    case 4:
      return record_dynptr();
    case 5:
      return memory_dynptr();
    case 6:
      return lock();
    case 7:
      return in_main() ? tail_call() : argument();
    case 8:
      return in_main() ? packet_load() : argument();
    default:
      return may_goto_loop();
  }
}

void ProgramMaker::pass_stack(uint8_t reg, bool pointer) {
  if (rarely()) pointer = !pointer;
  if (!pointer) return emit(mov64(reg, rarely() ? number() : 0));
  emit(mov64_reg(reg, R10));
  emit(alu64(ADD, reg, kSharedPlace));
}

void ProgramMaker::call_function() {
  if (below(2) == 0) emit(store(DW, R10, kSharedPlace + 8 * static_cast<int>(below(2)), source()));
  const uint8_t number = number_source();
  if (number != R2) emit(mov64_reg(R2, number));
  pass_stack(R1, callee_takes_pointer_);
  emit(call_local(0));
  calls_.push_back({items_.size() - 1, MadeFunction::Callee});
  clobber();
}

void ProgramMaker::loop_callback() {
  if (below(2) == 0) {
    emit(mov64(R1, number()));
  } else {
    const uint8_t turns = number_source();
    if (turns != R1) emit(mov64_reg(R1, turns));
    if (below(2) == 0) emit(alu64(AND, R1, 7));
  }
  emit(lddw_pseudo(R2, kPseudoFunc, 0));
  calls_.push_back({items_.size() - 1, MadeFunction::LoopCallback});
  pass_stack(R3, callbacks_take_pointer_);
  emit(mov64(R4, 0));
  emit(call(BPF_FUNC_loop));
  clobber();
}

void ProgramMaker::each_element() {
  emit(lddw_pseudo(R1, kPseudoMapIdx, below(2) == 0 ? kHash : kArray));
  emit(lddw_pseudo(R2, kPseudoFunc, 0));
  calls_.push_back({items_.size() - 1, MadeFunction::ElementCallback});
  pass_stack(R3, callbacks_take_pointer_);
  emit(mov64(R4, 0));
  emit(call(BPF_FUNC_for_each_map_elem));
  clobber();
}

void ProgramMaker::iterator() {
  const auto pass = [&](MadeFunction f) {
    emit(mov64_reg(R1, R10));
    emit(alu64(ADD, R1, rarely() ? kIteratorPlace - 8 : kIteratorPlace));
    emit(call_kfunc(id_of(f)));
    clobber();
  };
  emit(mov64(R2, below(3) == 0 ? number() : 0));
  if (below(2) == 0) {
    emit(mov64(R3, below(3) == 0 ? number() : static_cast<int32_t>(below(5))));
  } else {
    const uint8_t end = number_source();
    if (end != R3) emit(mov64_reg(R3, end));
  }
  pass(MadeFunction::IteratorNew);
  const size_t head = items_.size(), outer = open_.size();
  pass(MadeFunction::IteratorNext);
  const size_t leaves = items_.size();
  if (!rarely()) emit(branch64(JEQ, R0, 0, 0));
  emit(load(W, pick(), R0, 0));
  for (unsigned n = below(3); n > 0; n--) below(3) == 0 ? branch() : arithmetic();
  if (below(3) == 0) emit(store(DW, R10, stack_off(DW), number_source()));
  while (open_.size() > outer && !rarely()) {
    items_[open_.back()].target = items_.size();
    open_.pop_back();
  }
  items_.push_back({{jump(0)}, head});
  if (items_[leaves].insns[0].is_jump()) items_[leaves].target = items_.size();
  initialised_ &= ~1u;
  if (!rarely()) pass(MadeFunction::IteratorDestroy);
  emit(mov64(R0, number()));
}

void ProgramMaker::record_dynptr() {
  emit(lddw_pseudo(R1, kPseudoMapIdx, kRingbuf));
  emit(mov64(R2, static_cast<int32_t>(8 * (1 + below(6)))));
  emit(mov64(R3, 0));
  emit(mov64_reg(R4, R10));
  emit(alu64(ADD, R4, kDynptrPlace));
  emit(call(BPF_FUNC_ringbuf_reserve_dynptr));
  clobber();
  for (unsigned n = below(3); n > 0; n--) use_dynptr();
  if (rarely()) return;
  emit(mov64_reg(R1, R10));
  emit(alu64(ADD, R1, kDynptrPlace));
  emit(mov64(R2, 0));
  emit(call(below(2) == 0 ? BPF_FUNC_ringbuf_submit_dynptr : BPF_FUNC_ringbuf_discard_dynptr));
  clobber();
  emit(mov64(R0, number()));
}

void ProgramMaker::memory_dynptr() {
  emit(lddw_pseudo(R1, kPseudoMapIdxValue, rarely() ? kRodata : kBss, static_cast<int32_t>(below(4) * 8)));
  emit(mov64(R2, rarely() ? number() : static_cast<int32_t>(8 * (1 + below(6)))));
  emit(mov64(R3, 0));
  emit(mov64_reg(R4, R10));
  emit(alu64(ADD, R4, kDynptrPlace));
  emit(call(BPF_FUNC_dynptr_from_mem));
  clobber();
  for (unsigned n = 1 + below(2); n > 0; n--) use_dynptr();
}

void ProgramMaker::use_dynptr() {
  const auto bytes = static_cast<int32_t>(8 * (1 + below(4)));
  const bool reads = below(2) == 0;
  const uint8_t dynptr = reads ? R3 : R1, memory = reads ? R1 : R3;
  switch (below(3)) {
    case 0: {
      emit(mov64_reg(R1, R10));
      emit(alu64(ADD, R1, kDynptrPlace));
      emit(mov64(R2, number() & 15));
      emit(mov64(R3, bytes));
      emit(call(BPF_FUNC_dynptr_data));
      clobber();
      if (!rarely()) emit(branch64(JEQ, R0, 0, 1));
      const auto off = static_cast<int16_t>(rarely() ? bytes : bytes - 8);
      emit(below(2) == 0 ? store_imm(DW, R0, off, number()) : load(DW, R0, R0, off));
      emit(mov64(R0, number()));
      break;
    }
    default: {
      emit(mov64_reg(dynptr, R10));
      emit(alu64(ADD, dynptr, kDynptrPlace));
      emit(mov64_reg(memory, R10));
      emit(alu64(ADD, memory, kSharedPlace));
      // (dst, len, dynptr, offset, flags) and (dynptr, offset, src, len, flags)
      emit(mov64(reads ? R2 : R4, rarely() ? number() : std::min<int32_t>(bytes, kShared)));
      emit(mov64(reads ? R4 : R2, number() & 31));
      emit(mov64(R5, 0));
      emit(call(reads ? BPF_FUNC_dynptr_read : BPF_FUNC_dynptr_write));
      clobber();
      break;
    }
  }
}

// A value with a lock: taken, something changed, given back.
void ProgramMaker::lock() {
  if (kind_ != Kind::Xdp && kind_ != Kind::Tc) return arithmetic();
  emit(call(7));
  clobber();
  emit(store(W, R10, -4, R0));
  emit(mov64_reg(R2, R10));
  emit(alu64(ADD, R2, -4));
  emit(lddw_pseudo(R1, kPseudoMapIdx, kLocked));
  emit(call(1));
  clobber();
  emit(branch64(JEQ, R0, 0, 0));
  const size_t absent = items_.size() - 1;
  const uint8_t value = below(2) == 0 ? R7 : R8;
  initialised_ |= 1u << value;
  pointers_ |= 1u << value;
  emit(mov64_reg(value, R0));
  emit(mov64_reg(R1, value));
  emit(call(BPF_FUNC_spin_lock));
  clobber();
  const auto off = static_cast<int16_t>(rarely() ? 0 : 4 + below(3) * 4);
  emit(below(2) == 0 ? store_imm(W, value, off, number()) : load(W, R0, value, off));
  if (rarely()) emit(call(7));
  emit(mov64_reg(R1, value));
  if (!rarely()) emit(call(BPF_FUNC_spin_unlock));
  if (below(4) != 0) {
    emit(mov64(value, number()));
    pointers_ &= ~(1u << value);
  }
  items_[absent].target = items_.size();
  if (below(8) != 0) {  // on the other way there is no value
    emit(mov64(value, number()));
    pointers_ &= ~(1u << value);
  }
  emit(mov64(R0, number()));
  clobber();
}

void ProgramMaker::tail_call() {
  const uint8_t index = number_source();
  if (index != R3) emit(mov64_reg(R3, index));
  emit(mov64_reg(R1, R6));
  emit(lddw_pseudo(R2, kPseudoMapIdx, rarely() ? int32_t{kArray} : int32_t{kPrograms}));
  emit(call(BPF_FUNC_tail_call));
  clobber();
  emit(mov64(R0, number()));
}

void ProgramMaker::packet_load() {
  if (kind_ != Kind::Socket && kind_ != Kind::Tc) return arithmetic();
  static constexpr Size kSizes[] = {B, H, W};
  const Size s = kSizes[below(3)];
  emit(below(2) == 0 ? load_abs(s, number() & 63) : load_ind(s, number_source(), number() & 63));
  clobber();
}

// A loop that may_goto bounds, and that ends by itself.
void ProgramMaker::may_goto_loop() {
  emit(mov64(R9, 0));
  initialised_ |= 1u << R9;
  pointers_ &= ~(1u << R9);
  const size_t head = items_.size();
  emit(may_goto(0));
  arithmetic();
  emit(alu64(ADD, R9, 1));
  const size_t leaves = items_.size();
  emit(branch64(JGT, R9, static_cast<int32_t>(below(20)), 0));
  items_.push_back({{jump(0)}, head});
  items_[head].target = items_[leaves].target = items_.size();
}

}  // namespace spile::fuzz
