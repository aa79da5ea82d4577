#include "ir/analysis_slot_bytes.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "ir/fold.h"

namespace spile::ir {

namespace {

// Blocks times words of bits that the flow is worth.
constexpr size_t kMaxWork = size_t{1} << 20;

// Helpers that fill their argument [buffer] with as many bytes as the argument after it says, or clear it when they
// fail.
struct Filler {
  int64_t helper;
  size_t buffer;
};
constexpr auto kFillers = std::to_array<Filler>({
    {4, 0},    // probe_read(buffer, size, from)
    {16, 0},   // get_current_comm(buffer, size)
    {26, 2},   // skb_load_bytes(skb, offset, buffer, size)
    {112, 0},  // probe_read_user
    {113, 0},  // probe_read_kernel
});

}  // namespace

SlotBytes::SlotBytes(const Module &module, const Function &function, const Cfg &cfg)
    : module_(module), function_(function), slots_(module, function, cfg) {}

bool SlotBytes::find(const Cfg &cfg) {
  for (uint32_t s = 0; s < function_.slots.size(); s++) {
    first_bit_.push_back(static_cast<uint32_t>(slot_at_.size()));
    if (is_tracked(s)) slot_at_.insert(slot_at_.end(), function_.slots[s].size, s);
  }
  words_ = (slot_at_.size() + 63) / 64;
  if (words_ == 0 || words_ * function_.blocks.size() > kMaxWork) return false;
  touch_begin_.resize(function_.blocks.size());
  touch_end_.resize(function_.blocks.size());
  for (const ValueId v : slots_.users()) {
    if (std::ranges::all_of(function_.operands(v), [&](ValueId use) { return slot_of(use) == SlotPointers::kNone; }))
      continue;
    const auto begin = static_cast<uint32_t>(effects_.size()), place = static_cast<uint32_t>(touches_.size());
    add_effects(v);
    touches_.push_back({v, begin, static_cast<uint32_t>(effects_.size())});
    const uint32_t b = function_[v].block.index;
    if (touch_end_[b] == 0) touch_begin_[b] = place;
    touch_end_[b] = place + 1;
  }
  find_live_bytes(cfg);
  return true;
}

uint32_t SlotBytes::slot_of(ValueId pointer) const {
  const uint32_t slot = slots_.private_slot(pointer);
  return slot != SlotPointers::kNone && function_.slots[slot].size <= kMaxSlotSize ? slot : SlotPointers::kNone;
}
// The bytes at [pointer] + [offset]; the whole slot when the place varies or runs over the end.
SlotBytes::Access SlotBytes::access(ValueId pointer, int64_t offset, int64_t size) const {
  Access a{slot_of(pointer)};
  if (a.slot == SlotPointers::kNone) return a;
  const auto place = slots_.place(pointer);
  const int64_t slot_size = function_.slots[a.slot].size;
  a.end = static_cast<uint32_t>(slot_size);
  if (!place.offset || *place.offset < 0 || *place.offset > slot_size) return a;
  const int64_t begin = *place.offset + offset;
  if (begin < 0 || size < 0 || begin > slot_size || size > slot_size - begin) return a;
  return {a.slot, static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + size)};
}

void SlotBytes::add_effects(ValueId v) {
  const Inst &inst = function_[v];
  const auto read = [&](Access a) {
    if (a.slot != SlotPointers::kNone) effects_.push_back({a, false});
  };
  // Not when the place varies or the end of the slot cuts it.
  const auto write = [&](ValueId pointer, int64_t offset, int64_t size) {
    const Access a = access(pointer, offset, size);
    const bool is_certain =
        a.slot != SlotPointers::kNone && a.end - a.begin == static_cast<uint64_t>(size) && slots_.place(pointer).offset;
    if (is_certain) effects_.push_back({a, true});
    return is_certain;
  };
  if (inst.op == Op::Load) {
    read(access(function_.operand(v, 0), inst.imm, bytes_of(inst.type)));
  } else if (inst.op == Op::Store) {
    write(function_.operand(v, 1), inst.imm, bytes_of(function_[function_.operand(v, 0)].type));
  } else if (inst.op == Op::MemCopy) {
    read(access(function_.operand(v, 1), 0, inst.imm));
    write(function_.operand(v, 0), 0, inst.imm);
  } else if (inst.op == Op::MemSet) {
    write(function_.operand(v, 0), 0, inst.imm);
  } else if (info_of(inst.op).effects == Effects::Write || info_of(inst.op).effects == Effects::Term) {
    // Atomics, calls, assembly: whatever they are given a pointer to.
    for (size_t i = 0; i < inst.operand_count; i++) {
      const uint32_t slot = slot_of(function_.operand(v, i));
      if (slot == SlotPointers::kNone) continue;
      if (const auto size = filled_bytes(v, i); !size || !write(function_.operand(v, i), 0, *size))
        read(Access{slot, 0, function_.slots[slot].size});
    }
  }
}

// The bytes that [call] writes through its operand [i] whatever happens.
std::optional<int64_t> SlotBytes::filled_bytes(ValueId call, size_t i) const {
  if (function_[call].op == Op::Call) {
    // What makes an iterator does not read what lies there.
    const Function &callee = module_[FunctionId(static_cast<size_t>(function_[call].imm))];
    const bool is_made = callee.is_kfunc() && callee.name.starts_with("bpf_iter_") && callee.name.ends_with("_new");
    return is_made && i == 0 ? std::optional(int64_t{function_.slots[slot_of(function_.operand(call, i))].size})
                             : std::nullopt;
  }
  if (function_[call].op != Op::CallHelper || i + 1 >= function_[call].operand_count) return std::nullopt;
  for (const Filler &filler : kFillers)
    if (filler.helper == function_[call].imm && filler.buffer == i)
      return constant_of(function_, function_.operand(call, i + 1));
  return std::nullopt;
}

void SlotBytes::set(std::span<uint64_t> bits, const Access &a, bool value) const {
  for_each_word(a, [&](size_t word, uint64_t mask) {
    bits[word] = value ? bits[word] | mask : bits[word] & ~mask;
    return true;
  });
}

bool SlotBytes::none(std::span<const uint64_t> bits, const Access &a) const {
  return for_each_word(a, [&](size_t word, uint64_t mask) { return (bits[word] & mask) == 0; });
}

void SlotBytes::step_back(std::span<uint64_t> live, const Touch &touch) const {
  for (const Effect &effect : effects(touch))
    if (effect.is_write) set(live, effect.access, false);
  for (const Effect &effect : effects(touch))
    if (!effect.is_write) set(live, effect.access, true);
}

void SlotBytes::find_live_bytes(const Cfg &cfg) {
  BlockBits reads = no_bits(), writes = no_bits(), live_in = no_bits();
  live_out_ = no_bits();
  for (const BlockId b : cfg.rpo)
    for (const Touch &touch : std::views::reverse(touches(b))) {
      step_back(reads[b], touch);
      for (const Effect &effect : effects(touch))
        if (effect.is_write) set(writes[b], effect.access, true);
    }
  for (bool changed = true; changed;) {
    changed = false;
    for (const BlockId b : std::views::reverse(cfg.rpo)) {
      const auto out = live_out_[b], in = live_in[b];
      for (const BlockId to : function_.successors(b))
        for (size_t w = 0; w < words_; w++) out[w] |= live_in[to][w];
      for (size_t w = 0; w < words_; w++) {
        const uint64_t before = in[w];
        in[w] = reads[b][w] | (out[w] & ~writes[b][w]);
        changed = changed || in[w] != before;
      }
    }
  }
}

}  // namespace spile::ir
