#include "ir/analysis_memory.h"

#include <algorithm>

namespace spile::ir {

namespace {

constexpr int64_t kMapLookup = 1;  // bpf_map_lookup_elem

}  // namespace

Memory::Memory(const Module &module, const Function &function, const Cfg &cfg, uint32_t lone_params)
    : module_(module),
      f_(function),
      cfg_(cfg),
      lone_params_(lone_params),
      has_context_(!function.section.empty() && function.params.size() == 1 &&
                   !function.section.starts_with("freplace")),
      slots_(module, function, cfg),
      places_(function.insts.size()) {
  if (has_context_ && calls_functions()) find_context_escapes();
}

Address Memory::rooted(ValueId pointer, int64_t offset) const {
  Address address = address_of(f_, pointer, offset);
  while (f_[address.base].op == Op::AddrSpaceCast) {
    const Address behind = address_of(f_, f_.operand(address.base, 0), address.offset.value_or(0));
    address = {behind.base, address.offset ? behind.offset : std::nullopt};
  }
  return address;
}

Memory::Place Memory::find_place(ValueId pointer) const {
  if (const uint32_t slot = slots_.private_slot(pointer); slot != SlotPointers::kNone) return {slot};
  const ValueId base = rooted(pointer, 0).base;
  switch (f_[base].op) {
    case Op::Param:
      return {.regions = has_context_ ? kContext : kAnywhere};
    case Op::SlotAddr:
    case Op::GlobalAddr:
      return {.regions = kElsewhere};
    case Op::CallHelper:
      return {.regions = is_map_value(base) ? kElsewhere : static_cast<Regions>(kElsewhere | kPacket)};
    case Op::Call:
      return {.regions = is_fresh_page(base) ? kElsewhere : kAnywhere};
    case Op::Load:
      return {.regions =
                  holds_no_context(f_.operand(base, 0)) ? static_cast<Regions>(kElsewhere | kPacket) : kAnywhere};
    case Op::IntToPtr:
      return {.regions = has_context_ && is_packet_pointer(f_, base) ? kPacket : kAnywhere};
    default:
      return {.regions = kAnywhere};
  }
}

// Where a lookup in a map of the program points to.
bool Memory::is_map_value(ValueId base) const { return f_[base].op == Op::CallHelper && f_[base].imm == kMapLookup; }

// Sound because: the pages that it gives out are not those in which variables of the arena lie.
bool Memory::is_fresh_page(ValueId base) const {
  return f_[base].op == Op::Call &&
         module_[FunctionId(static_cast<size_t>(f_[base].imm))].name == "bpf_arena_alloc_pages";
}

// Sound because: the kernel lets no program write a pointer to its context into the context, a map or a variable. The
// stack may hold one.
bool Memory::holds_no_context(ValueId pointer) const {
  const ValueId base = address_of(f_, pointer).base;
  return (f_[base].op == Op::Param && has_context_) || f_[base].op == Op::GlobalAddr || is_map_value(base);
}

ValueId Memory::written_pointer(ValueId v) const {
  const int pointer = pointer_operand(f_[v].op);
  if (pointer >= 0 && f_[v].op != Op::Load) return f_.operand(v, static_cast<size_t>(pointer));
  return f_[v].op == Op::MemCopy || f_[v].op == Op::MemSet ? f_.operand(v, 0) : ValueId{};
}

// ---------------------------------------------------------------- the context

// Without calls of functions nobody asks what keeps the context.
bool Memory::calls_functions() const {
  return std::ranges::any_of(cfg_.rpo, [&](BlockId b) {
    return std::ranges::any_of(f_[b].insts, [&](ValueId v) { return f_[v].op == Op::Call; });
  });
}

// What puts a pointer to the context where a called function could find it: a store, or a call that gets it together
// with other memory to put it into. Where there are loops, what comes behind may come before.
void Memory::find_context_escapes() {
  for (const BlockId b : cfg_.rpo)
    for (const ValueId v : f_[b].insts) {
      const Inst &inst = f_[v];
      bool passes_context = false, passes_other = false;
      for (size_t i = 0; i < inst.operand_count; i++) {
        const ValueId operand = f_.operand(v, i);
        if (f_[operand].type != Type::Ptr && f_[operand].op != Op::PtrToInt) continue;
        const bool is_address = inst.op == Op::PtrAdd || pointer_operand(inst.op) == static_cast<int>(i);
        if (is_context(operand))
          passes_context = passes_context || !is_address;
        else if (f_[operand].op != Op::GlobalAddr && f_[operand].op != Op::Const)
          passes_other = true;
      }
      const bool is_harmless =
          inst.op == Op::ICmp || inst.op == Op::CallHelper || (inst.op == Op::Call && !passes_other);
      if (!passes_context || is_harmless) continue;
      context_escapes_at_ = cfg_.has_loop() ? 0 : cfg_.order[b.index];
      return;
    }
}

// Sound because: a function that is called without a pointer to the context does not find one, unless it is in memory.
// Only in cgroup programs a helper (bpf_set_retval) changes the context without it.
bool Memory::keeps_context(ValueId call) const {
  if (!has_context_ || f_[call].op != Op::Call || f_.section.starts_with("cgroup")) return false;
  return cfg_.order[f_[call].block.index] < context_escapes_at_ &&
         std::ranges::none_of(f_.operands(call), [&](ValueId arg) { return is_context(arg); });
}

// ---------------------------------------------------------------- two accesses

// Whether pointers with these two roots never lead to the same byte.
bool Memory::are_apart(ValueId a, ValueId b) const {
  const Op a_op = f_[a].op, b_op = f_[b].op;
  if (a_op == Op::Param && b_op == Op::Param) return ((lone_params_ >> f_[a].imm | lone_params_ >> f_[b].imm) & 1) != 0;
  // Sound because: a map of the program is no variable of it, a lookup gives a pointer into a map, and what the caller
  // passed was there before the frame.
  auto is_object = [&](ValueId base, Op op) {
    return op == Op::GlobalAddr || op == Op::SlotAddr || is_map_value(base) || is_fresh_page(base);
  };
  if (!is_object(a, a_op) || !is_object(b, b_op))
    return (a_op == Op::SlotAddr && b_op == Op::Param) || (a_op == Op::Param && b_op == Op::SlotAddr);
  const bool a_is_found = is_map_value(a) || is_fresh_page(a), b_is_found = is_map_value(b) || is_fresh_page(b);
  return !a_is_found || !b_is_found;
}

bool Memory::may_meet(const Access &a, const Access &b) const {
  const Place a_place = place_of(a.pointer), b_place = place_of(b.pointer);
  if (a_place.slot != b_place.slot) return false;
  const Address x = rooted(a.pointer, a.offset), y = rooted(b.pointer, b.offset);
  if (x.base != y.base)
    return a_place.slot != SlotPointers::kNone ||
           ((a_place.regions & b_place.regions) != 0 && !are_apart(x.base, y.base));
  if (!x.offset || !y.offset) return true;
  return *x.offset < *y.offset + b.bytes && *y.offset < *x.offset + a.bytes;
}

bool Memory::may_write(ValueId v, const Access &access) const {
  if (const Inst &inst = f_[v]; writes(v))
    if (const ValueId pointer = written_pointer(v)) {
      const bool is_block = inst.op == Op::MemCopy || inst.op == Op::MemSet;
      const uint64_t bytes = is_block ? static_cast<uint64_t>(inst.imm) : bytes_of(f_[f_.operand(v, 0)].type);
      return may_meet(access, {pointer, is_block ? 0 : inst.imm, static_cast<uint32_t>(bytes)});
    }
  const Place place = place_of(access.pointer);
  bool is_written = false;
  for_each_write(v, [&](Place written) {
    is_written = is_written || (written.regions & place.regions) != 0 ||
                 (written.slot != SlotPointers::kNone && written.slot == place.slot);
  });
  return is_written;
}

bool Memory::is_same_pointer(ValueId a, ValueId b) const {
  const Op op = f_[a].op;
  return a == b || ((op == Op::PtrAdd || op == Op::AddrSpaceCast) && f_[b].op == op && f_[a].imm == f_[b].imm &&
                    std::ranges::equal(f_.operands(a), f_.operands(b)));
}

bool Memory::is_same(const Access &a, const Access &b) const {
  if (a.bytes != b.bytes) return false;
  if (is_same_pointer(a.pointer, b.pointer)) return a.offset == b.offset;
  const Address x = rooted(a.pointer, a.offset), y = rooted(b.pointer, b.offset);
  return x.base == y.base && x.offset && x.offset == y.offset;
}

Memory::Access Memory::access_of(ValueId v) const {
  const bool is_store = f_[v].op == Op::Store;
  const ValueId value = is_store ? f_.operand(v, 0) : v;
  return {f_.operand(v, is_store ? 1 : 0), f_[v].imm, bytes_of(f_[value].type)};
}

}  // namespace spile::ir
