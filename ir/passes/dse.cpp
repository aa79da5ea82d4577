// Dead stores to the stack.
//
// Idea: only slots that no hidden pointer reaches are looked at (ir/analysis_slots.h). Going backward, a byte of a slot
// is dead from where it is written up to where it was last read before that; a flow over the graph, one bit a byte,
// finds which bytes are still read after each block. A store of which all bytes are dead goes. A helper reads what it
// is given, but those that are known to fill their buffer whatever happens count as writes.
//
//     store i64 0, $0
//     store %p1, $0                            store %p1, $0
//     %0 = call_helper.i64 1(@map, $0)   ->    %0 = call_helper.i64 1(@map, $0)
//     store i64 7, $0                          ret i32 0
//     ret i32 0
//
// Requires: expand_memory before it, for fills that are partly overwritten. Breaks: nothing. A slot that nobody uses
// any more gets size 0.
#include <algorithm>

#include "ir/analysis_address.h"
#include "ir/analysis_slots.h"
#include "ir/fold.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Larger slots do not fit the frame anyway.
constexpr uint32_t kMaxSlotSize = 512;
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

class StoreRemover {
 public:
  explicit StoreRemover(Function &f) : f_(f), cfg_(f), slots_(f, cfg_) {}

  bool run() {
    if (f_.slots.empty()) return false;
    uint32_t bits = 0;
    for (size_t s = 0; s < f_.slots.size(); s++) {
      first_bit_.push_back(bits);
      if (!slots_.is_captured(static_cast<uint32_t>(s)) && f_.slots[s].size <= kMaxSlotSize) bits += f_.slots[s].size;
    }
    words_ = (bits + 63) / 64;
    if (words_ * f_.blocks.size() > kMaxWork) return false;
    find_live_bytes();
    bool changed = false;
    for (const BlockId b : cfg_.rpo) changed |= clean(b);
    return free_unused_slots() || changed;
  }

 private:
  struct Access {
    uint32_t slot = SlotPointers::kNone;
    uint32_t begin = 0, end = 0;
  };

  uint32_t slot_of(ValueId pointer) const {
    const uint32_t slot = slots_.private_slot(pointer);
    return slot != SlotPointers::kNone && f_.slots[slot].size <= kMaxSlotSize ? slot : SlotPointers::kNone;
  }
  // The bytes at [pointer] + [offset]; the whole slot when the place varies or runs over the end.
  Access access(ValueId pointer, int64_t offset, int64_t size) const {
    Access a{slot_of(pointer)};
    if (a.slot == SlotPointers::kNone) return a;
    const auto place = slots_.place(pointer);
    const int64_t slot_size = f_.slots[a.slot].size;
    a.end = static_cast<uint32_t>(slot_size);
    if (!place.offset || *place.offset < 0 || *place.offset > slot_size) return a;
    const int64_t begin = *place.offset + offset;
    if (begin < 0 || size < 0 || begin > slot_size || size > slot_size - begin) return a;
    return {a.slot, static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + size)};
  }

  // What [v] does to private slots: reads come before writes. A write is only told when all its bytes are certain.
  template <class Read, class Write>
  void visit(ValueId v, Read read, Write write) const {
    const Inst &inst = f_[v];
    auto told = [&](Access a, auto callback) {
      if (a.slot != SlotPointers::kNone) callback(a);
    };
    auto certain = [&](ValueId pointer, int64_t offset, int64_t size) {
      const Access a = access(pointer, offset, size);
      return a.slot != SlotPointers::kNone && a.end - a.begin == static_cast<uint64_t>(size) &&
             slots_.place(pointer).offset;
    };
    switch (inst.op) {
      case Op::Load:
        return told(access(f_.operand(v, 0), inst.imm, bytes_of(inst.type)), read);
      case Op::Store: {
        const int64_t size = bytes_of(f_[f_.operand(v, 0)].type);
        if (certain(f_.operand(v, 1), inst.imm, size)) write(access(f_.operand(v, 1), inst.imm, size));
        return;
      }
      case Op::MemCopy:
        told(access(f_.operand(v, 1), 0, inst.imm), read);
        if (certain(f_.operand(v, 0), 0, inst.imm)) write(access(f_.operand(v, 0), 0, inst.imm));
        return;
      case Op::MemSet:
        if (certain(f_.operand(v, 0), 0, inst.imm)) write(access(f_.operand(v, 0), 0, inst.imm));
        return;
      case Op::AtomicAdd:
      case Op::AtomicOr:
      case Op::AtomicAnd:
      case Op::AtomicXor:
      case Op::AtomicXchg:
      case Op::CmpXchg:
      case Op::CallHelper:
      case Op::Call:
        for (size_t i = 0; i < inst.operand_count; i++) {
          const uint32_t slot = slot_of(f_.operand(v, i));
          if (slot == SlotPointers::kNone) continue;
          if (const auto size = filled_bytes(v, i); size && certain(f_.operand(v, i), 0, *size))
            write(access(f_.operand(v, i), 0, *size));
          else
            read(Access{slot, 0, f_.slots[slot].size});
        }
        return;
      case Op::Const:
      case Op::Undef:
      case Op::Param:
      case Op::GlobalAddr:
      case Op::FuncAddr:
      case Op::SlotAddr:
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
      case Op::Select:
      case Op::Zext:
      case Op::Sext:
      case Op::Trunc:
      case Op::PtrToInt:
      case Op::IntToPtr:
      case Op::Opaque:
      case Op::Barrier:
      case Op::Phi:
      case Op::LoadAbs:
      case Op::LoadInd:
      case Op::Jump:
      case Op::Branch:
      case Op::Switch:
      case Op::Ret:
      case Op::Unreachable:
        return;
    }
  }

  // The bytes that [call] writes through its operand [i] whatever happens.
  std::optional<int64_t> filled_bytes(ValueId call, size_t i) const {
    if (f_[call].op != Op::CallHelper || i + 1 >= f_[call].operand_count) return std::nullopt;
    for (const Filler &filler : kFillers)
      if (filler.helper == f_[call].imm && filler.buffer == i) return constant_of(f_, f_.operand(call, i + 1));
    return std::nullopt;
  }

  // One bit for each byte of the slots that are looked at.
  using Bits = std::vector<uint64_t>;
  bool get(const Bits &bits, uint32_t i) const { return (bits[i / 64] >> (i % 64) & 1) != 0; }
  void set(Bits &bits, const Access &a, bool value) const {
    for (uint32_t i = first_bit_[a.slot] + a.begin; i < first_bit_[a.slot] + a.end; i++) {
      const uint64_t bit = uint64_t{1} << (i % 64);
      bits[i / 64] = value ? bits[i / 64] | bit : bits[i / 64] & ~bit;
    }
  }
  bool none(const Bits &bits, const Access &a) const {
    for (uint32_t i = first_bit_[a.slot] + a.begin; i < first_bit_[a.slot] + a.end; i++)
      if (get(bits, i)) return false;
    return true;
  }

  // live_out_[b]: the bytes that may be read after b before they are written.
  void find_live_bytes() {
    std::vector<Bits> reads(f_.blocks.size(), Bits(words_)), writes = reads, live_in = reads;
    live_out_ = reads;
    for (const BlockId b : cfg_.rpo)
      for (auto v = f_[b].insts.rbegin(); v != f_[b].insts.rend(); ++v) {
        visit(*v, [](Access) {}, [&](Access a) { set(reads[b.index], a, false), set(writes[b.index], a, true); });
        visit(*v, [&](Access a) { set(reads[b.index], a, true); }, [](Access) {});
      }
    for (bool changed = true; changed;) {
      changed = false;
      for (auto b = cfg_.rpo.rbegin(); b != cfg_.rpo.rend(); ++b) {
        Bits &out = live_out_[b->index];
        for (const BlockId to : f_.successors(*b))
          for (size_t w = 0; w < words_; w++) out[w] |= live_in[to.index][w];
        for (size_t w = 0; w < words_; w++) {
          const uint64_t in = reads[b->index][w] | (out[w] & ~writes[b->index][w]);
          changed = changed || in != live_in[b->index][w];
          live_in[b->index][w] = in;
        }
      }
    }
  }

  bool clean(BlockId b) {
    Bits live = live_out_[b.index];
    auto &insts = f_[b].insts;
    bool changed = false;
    for (size_t i = insts.size(); i-- > 0;) {
      const ValueId v = insts[i];
      const Op op = f_[v].op;
      const bool may_go = (op == Op::Store || op == Op::MemSet || op == Op::MemCopy) && !f_[v].is_volatile;
      bool is_dead = false;
      // Backward, so the write of an instruction is seen before its read.
      visit(
          v, [](Access) {},
          [&](Access a) {
            is_dead = may_go && none(live, a);
            set(live, a, false);
          });
      if (is_dead) {
        f_[v].block = {};
        f_.remove(v);
        insts[i] = ValueId{};
        changed = true;
        continue;
      }
      visit(v, [&](Access a) { set(live, a, true); }, [](Access) {});
    }
    if (changed) std::erase(insts, ValueId{});
    return changed;
  }

  bool free_unused_slots() {
    std::vector<bool> is_used(f_.slots.size());
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts)
        for (const ValueId use : f_.operands(v))
          if (f_[use].op == Op::SlotAddr) is_used[static_cast<size_t>(f_[use].imm)] = true;
    bool changed = false;
    for (size_t s = 0; s < f_.slots.size(); s++)
      if (!is_used[s] && f_.slots[s].size != 0) {
        f_.slots[s].size = 0;
        changed = true;
      }
    return changed;
  }

  Function &f_;
  Cfg cfg_;
  SlotPointers slots_;
  std::vector<uint32_t> first_bit_;  // by slot
  size_t words_ = 0;                 // of the bits of all slots
  std::vector<Bits> live_out_;       // by block
};

}  // namespace

bool dse(PassContext &context) { return StoreRemover(context.function).run(); }

}  // namespace spile::ir::passes
