// Random IR for the differential test: structured code over integer slots, so that it ends and defines what it reads.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "ir/ir.h"

namespace spile::ir::test {

class RandomModule {
 public:
  explicit RandomModule(uint32_t seed) : random_(seed) {}

  // A global of 16 bytes, two static functions and an entry point (the last function): (ptr, i32, i64) -> i32. The
  // pointer is to 32 bytes or more.
  Module make() {
    module_.globals.push_back(Global{.name = "memory", .section = ".bss", .size = 16, .align = 8});
    Global table{.name = "table", .section = ".rodata", .size = 16, .align = 8, .is_const = true};
    for (int i = 0; i < 16; i++) table.bytes.push_back(static_cast<std::byte>(random_()));
    module_.globals.push_back(std::move(table));
    function("leaf", 6);
    function("middle", 12);
    function("main", 25);
    module_.functions.back().linkage = Linkage::Global;
    return std::move(module_);
  }

 private:
  uint32_t pick(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool chance(uint32_t percent) { return pick(100) < percent; }

  Type any_type() {
    constexpr std::array kTypes = {Type::I8, Type::I16, Type::I32, Type::I32, Type::I64};
    return kTypes[pick(kTypes.size())];
  }

  void function(const char *name, int statements) {
    f_ = &module_.functions.emplace_back();
    f_->name = name;
    f_->result = Type::I32;
    f_->params = {Type::Ptr, Type::I32, Type::I64};
    at_ = f_->add_block("entry");
    values_.clear();
    slots_.clear();
    for (int i = 0; i < 6; i++) {
      const Type type = any_type();
      f_->slots.push_back(Slot{.size = bytes_of(type)});
      slots_.push_back(type);
      inst(Op::Store, Type::Void, {constant(type), f_->slot_addr(static_cast<uint32_t>(i))});
    }
    // A struct of { i32, i32, i64, i8 x 8 } and a copy of it.
    for (int i = 0; i < 2; i++) {
      f_->slots.push_back(Slot{.size = 24});
      inst(Op::MemSet, Type::Void, {f_->slot_addr(struct_slot(i)), f_->constant(Type::I8, chance(50) ? 0 : 0x5a)}, 24,
           8);
    }
    body(statements, 3);
    inst(Op::Ret, Type::Void, {use(Type::I32)});
  }

  static uint32_t struct_slot(int i) { return 6 + static_cast<uint32_t>(i); }

  ValueId constant(Type type) {
    constexpr std::array<int64_t, 12> kValues = {0, 1, 2, 3, 7, 8, 31, 255, -1, -2, 0x7fffffff, INT64_MIN};
    return f_->constant(type, chance(80) ? kValues[pick(kValues.size())] : static_cast<int64_t>(random_()) * 0x1234567);
  }

  ValueId inst(Op op, Type type, std::initializer_list<ValueId> operands, int64_t imm = 0, uint8_t align = 0) {
    const ValueId v = f_->make(op, type, std::span(operands.begin(), operands.size()), {}, imm);
    (*f_)[v].align = align;
    f_->append(at_, v);
    if (type != Type::Void && type != Type::Ptr) values_.push_back(v);
    return v;
  }
  void jump(BlockId to) { f_->append(at_, f_->make(Op::Jump, Type::Void, {}, std::array{to})); }
  void branch(ValueId condition, BlockId a, BlockId b) {
    f_->append(at_, f_->make(Op::Branch, Type::Void, std::array{condition}, std::array{a, b}));
  }

  // A value of [type] that is defined here: one of the block, a slot, a parameter or a constant.
  ValueId use(Type type) {
    if (type == Type::I1) return compare();
    for (int i = 0; i < 4 && !values_.empty(); i++) {
      const ValueId v = values_[pick(static_cast<uint32_t>(values_.size()))];
      if ((*f_)[v].type == type) return v;
    }
    if (type == Type::I32 && chance(20)) return f_->param(1);
    if (type == Type::I64 && chance(20)) return f_->param(2);
    if (chance(25)) return constant(type);
    for (int i = 0; i < 6; i++) {
      const uint32_t slot = pick(6);
      if (slots_[slot] == type) return inst(Op::Load, type, {f_->slot_addr(slot)});
    }
    const uint32_t slot = pick(6);
    const ValueId v = inst(Op::Load, slots_[slot], {f_->slot_addr(slot)});
    if (slots_[slot] == type) return v;
    if (bits_of(slots_[slot]) > bits_of(type)) return inst(Op::Trunc, type, {v});
    return inst(chance(50) ? Op::Zext : Op::Sext, type, {v});
  }

  ValueId compare() {
    const Type type = any_type();
    const ValueId a = use(type), b = chance(60) ? constant(type) : use(type);
    const ValueId v = inst(Op::ICmp, Type::I1, {a, b});
    (*f_)[v].pred = static_cast<Pred>(pick(10));
    return v;
  }

  void arithmetic() {
    constexpr std::array kOps = {Op::Add, Op::Sub, Op::Mul, Op::UDiv, Op::SDiv, Op::UMod, Op::SMod,
                                 Op::And, Op::Or,  Op::Xor, Op::Shl,  Op::LShr, Op::AShr};
    const Type type = any_type();
    switch (pick(8)) {
      case 0:
        if (type == Type::I8) return;
        inst(Op::Bswap, type, {use(type)});
        return;
      case 1: {
        const ValueId c = use(Type::I1), a = chance(40) ? constant(type) : use(type);
        inst(Op::Select, type, {c, a, chance(40) ? constant(type) : use(type)});
        return;
      }
      case 2: {
        const ValueId c = use(Type::I1);
        inst(chance(50) ? Op::Zext : Op::Sext, type, {c});
        return;
      }
      default: {
        const ValueId a = use(type), b = chance(50) ? constant(type) : use(type);
        inst(kOps[pick(kOps.size())], type, {a, b});
        return;
      }
    }
  }

  // An address inside the global, the parameter's buffer or a struct, for an access of [size] bytes.
  ValueId memory(uint32_t size, int64_t &offset) {
    const int which = static_cast<int>(pick(5));
    const uint32_t extent = which == 0 ? 16 : which == 1 ? 32 : 24;
    offset = pick(extent / size) * size;
    const ValueId base = which == 0   ? f_->global_addr(GlobalId(0))
                         : which == 1 ? f_->param(0)
                                      : f_->slot_addr(struct_slot(which & 1));
    if (chance(70)) return base;
    const int64_t moved = std::exchange(offset, 0);
    return inst(Op::PtrAdd, Type::Ptr, {base, f_->constant(Type::I64, moved)});
  }

  void memory_access() {
    const Type type = any_type();
    int64_t offset = 0;
    switch (pick(10)) {
      case 0:
        inst(Op::MemCopy, Type::Void, {f_->slot_addr(struct_slot(0)), f_->slot_addr(struct_slot(1))}, 24, 8);
        return;
      case 1:
        inst(Op::MemCopy, Type::Void, {f_->slot_addr(struct_slot(1)), f_->param(0)}, 8 * (1 + pick(3)), 8);
        return;
      case 2:
        inst(Op::MemCopy, Type::Void, {f_->param(0), f_->slot_addr(struct_slot(0))}, 4 * (1 + pick(6)), 4);
        return;
      case 3: {
        const uint32_t size = 1 + pick(12);
        const ValueId p = memory(1, offset);
        (void)p;
        const ValueId byte = chance(50) ? f_->constant(Type::I8, 0) : use(Type::I8);
        inst(Op::MemSet, Type::Void, {f_->slot_addr(struct_slot(static_cast<int>(pick(2)))), byte}, size, 8);
        return;
      }
      case 4:
        inst(Op::Load, type, {f_->global_addr(GlobalId(1))},
             static_cast<int64_t>(pick(16 / bytes_of(type)) * bytes_of(type)));
        return;
      case 5:
      case 6: {
        const ValueId value = use(type), p = memory(bytes_of(type), offset);
        inst(Op::Store, Type::Void, {value, p}, offset);
        return;
      }
      case 7: {
        const Type wide = chance(50) ? Type::I32 : Type::I64;
        const ValueId value = use(wide), p = memory(bytes_of(wide), offset);
        inst(Op::AtomicAdd, chance(50) ? wide : Type::Void, {value, p}, offset);
        return;
      }
      default: {
        const ValueId p = memory(bytes_of(type), offset);
        inst(Op::Load, type, {p}, offset);
        return;
      }
    }
  }

  void call() {
    if (module_.functions.size() > 1 && chance(60)) {
      const auto callee = static_cast<int64_t>(pick(static_cast<uint32_t>(module_.functions.size()) - 1));
      // The structs are smaller than what the callee takes its pointer to be, so only the parameter is passed on.
      const ValueId a = use(Type::I32), b = use(Type::I64);
      inst(Op::Call, Type::I32, {f_->param(0), a, b}, callee);
      return;
    }
    const ValueId a = use(Type::I64);
    const ValueId p = chance(30)   ? f_->slot_addr(struct_slot(0))
                      : chance(50) ? f_->global_addr(GlobalId(0))
                                   : f_->param(0);
    inst(Op::CallHelper, Type::I64, {p, a}, 1 + pick(3));
  }

  void body(int statements, int depth) {
    for (int i = 0; i < statements; i++) {
      const uint32_t kind = pick(100);
      if (kind < 40) {
        arithmetic();
      } else if (kind < 55) {
        const uint32_t slot = pick(6);
        const ValueId value = use(slots_[slot]);
        inst(Op::Store, Type::Void, {value, f_->slot_addr(slot)});
      } else if (kind < 72) {
        memory_access();
      } else if (kind < 78) {
        call();
      } else if (depth > 0 && kind < 90) {
        if_else(depth);
      } else if (depth > 0 && kind < 94) {
        loop(depth);
      } else if (depth > 0 && kind < 97) {
        choose(depth);
      } else if (depth > 0 && depth < 3 && kind < 98) {
        inst(Op::Ret, Type::Void, {chance(70) ? f_->constant(Type::I32, pick(2)) : use(Type::I32)});
        at_ = f_->add_block("dead");  // the rest of this body cannot be reached
        values_.clear();
      }
    }
  }

  // Statements in a block of their own; values of it are not seen outside.
  void nested(BlockId block, BlockId next, int depth) {
    at_ = block;
    const std::vector<ValueId> outer = values_;
    body(1 + static_cast<int>(pick(4)), depth - 1);
    jump(next);
    values_ = outer;
  }

  void if_else(int depth) {
    const ValueId condition = use(Type::I1);
    const BlockId then = f_->add_block("then"), otherwise = f_->add_block("else"), next = f_->add_block("next");
    branch(condition, then, otherwise);
    nested(then, next, depth);
    const BlockId then_end = at_;
    const ValueId a = constant(Type::I32);
    nested(otherwise, next, depth);
    const BlockId else_end = at_;
    at_ = next;
    if (chance(50)) {
      const ValueId phi =
          f_->make(Op::Phi, Type::I32, std::array{a, constant(Type::I32)}, std::array{then_end, else_end});
      f_->append(at_, phi);
      values_.push_back(phi);
    }
  }

  void loop(int depth) {
    f_->slots.push_back(Slot{.size = 4});
    const auto counter = static_cast<uint32_t>(f_->slots.size() - 1);
    inst(Op::Store, Type::Void, {f_->constant(Type::I32, 0), f_->slot_addr(counter)});
    const BlockId head = f_->add_block("head"), inside = f_->add_block("body"), next = f_->add_block("after");
    jump(head);
    at_ = head;
    const ValueId i = f_->make(Op::Load, Type::I32, std::array{f_->slot_addr(counter)});
    f_->append(head, i);
    const ValueId more = f_->make(Op::ICmp, Type::I1, std::array{i, f_->constant(Type::I32, pick(5))});
    (*f_)[more].pred = Pred::Slt;
    f_->append(head, more);
    branch(more, inside, next);
    at_ = inside;
    const ValueId sum = f_->make(Op::Add, Type::I32, std::array{i, f_->constant(Type::I32, 1)});
    f_->append(inside, sum);
    f_->append(inside, f_->make(Op::Store, Type::Void, std::array{sum, f_->slot_addr(counter)}));
    nested(inside, head, depth);
    at_ = next;
  }

  void choose(int depth) {
    const ValueId on = use(Type::I32);
    const BlockId next = f_->add_block("chosen");
    const std::array to{next, f_->add_block("case"), f_->add_block("case")};
    const ValueId v = f_->make(Op::Switch, Type::Void, std::array{on});
    f_->set_switch(v, std::array{to[0], to[1], to[2], to[1]}, std::array<int64_t, 3>{0, 1, -1});
    f_->append(at_, v);
    nested(to[1], next, depth);
    nested(to[2], next, depth);
    at_ = next;
  }

  std::mt19937 random_;
  Module module_;
  Function *f_ = nullptr;
  BlockId at_;
  std::vector<ValueId> values_;  // usable here
  std::vector<Type> slots_;      // of the first six slots
};

}  // namespace spile::ir::test
