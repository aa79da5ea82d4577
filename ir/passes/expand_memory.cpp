// Copies and fills of memory become loads and stores.
//
// Idea: BPF has no block operations. A copy of n bytes is done in the widest pieces that the alignment of both sides
// allows (analysis_alignment.h), that of small variables being what we choose; a fill stores its byte repeated to that
// width. Accesses to the stack that are not aligned are cut as well.
//
//     memset $0, i8 0, 12                     store i64 0, $0
//     memcopy %p0, $0, 6 align 4       ->     store i32 0, $0, 8
//                                             %0 = load.i32 $0
//                                             store %0, %p0 align 4
//                                             %1 = load.i16 $0, 4
//                                             store %1, %p0, 4 align 4
//
// Requires: split_slots before it, which does not see through the pieces. Breaks: nothing.
#include <algorithm>
#include <bit>

#include "ir/analysis_address.h"
#include "ir/analysis_alignment.h"
#include "ir/pass.h"
#include "support/diagnostics.h"

#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/ir.def"
#include "support/diag_table.h"

namespace spile::ir::passes {

namespace {

// As clang: a larger copy is a mistake more often than a wish, and should be a loop or a helper.
constexpr uint64_t kMaxAccesses = 1024;

class Expander {
 public:
  explicit Expander(const PassContext &context) : f_(context.function), diags_(context.diags) {}

  bool run() {
    bool changed = align_slots();
    for (size_t b = 0; b < f_.blocks.size(); b++) {
      block_ = BlockId(b);
      const auto &insts = f_[block_].insts;
      if (std::ranges::none_of(insts, [&](ValueId v) { return is_ours(v); })) continue;
      changed = true;
      std::vector<ValueId> before;
      std::swap(before, f_[block_].insts);
      out_ = &f_[block_].insts;
      for (const ValueId v : before) {
        if (!is_ours(v)) {
          out_->push_back(v);
          continue;
        }
        origin_ = v;
        if (f_[v].op == Op::MemCopy) copy();
        if (f_[v].op == Op::MemSet) fill();
        if (f_[v].op == Op::Store) cut_store();
        f_[v].block = {};
        f_.remove(v);
      }
    }
    return changed;
  }

 private:
  // Variables begin where the widest accesses of them may, while the frame has room: six bytes are four and two.
  bool align_slots() {
    constexpr uint64_t kMaxRounded = 256;
    uint64_t rounded = 0;
    for (const Slot &slot : f_.slots) rounded += (uint64_t{slot.size} + 7) / 8 * 8;
    if (rounded > kMaxRounded) return false;
    bool changed = false;
    for (Slot &slot : f_.slots) {
      const uint32_t align = std::min(8U, std::bit_floor(slot.size));
      changed = changed || slot.align < align;
      slot.align = std::max(slot.align, align);
    }
    return changed;
  }

  bool is_ours(ValueId v) const {
    if (f_[v].op == Op::MemCopy || f_[v].op == Op::MemSet) return true;
    // Only the store of a constant is cut: what else is stored unaligned is rare, and rejected by the verifier.
    if (f_[v].op != Op::Store || f_[v].is_volatile || f_[f_.operand(v, 0)].op != Op::Const) return false;
    const Address a = address_of(f_, f_.operand(v, 1), f_[v].imm);
    const uint64_t size = bytes_of(f_[f_.operand(v, 0)].type);
    return f_[a.base].op == Op::SlotAddr && a.offset && static_cast<uint64_t>(*a.offset) % size != 0;
  }

  // Calls access(offset, width) for the pieces of [size] bytes at [align].
  template <class Access>
  static void for_each_piece(uint64_t size, uint64_t align, Access access) {
    for (uint64_t at = 0; at < size;) {
      uint64_t width = std::min<uint64_t>(8, align);
      while (width > size - at) width /= 2;
      access(at, width);
      at += width;
    }
  }

  bool fits(uint64_t size, uint64_t align, std::string_view what) {
    uint64_t count = size / std::min<uint64_t>(8, align);
    if (count > kMaxAccesses) {
      diags_.report<diag::MemoryTooLarge>(f_[origin_].loc, what, size, count, kMaxAccesses)
          .hint("copy in a bounded loop, or keep the data in a map and use it in place");
      return false;
    }
    return true;
  }

  ValueId emit(Op op, Type type, std::initializer_list<ValueId> operands, uint64_t imm = 0, uint64_t align = 0) {
    const ValueId v =
        f_.make(op, type, std::span(operands.begin(), operands.size()), {}, static_cast<int64_t>(imm), f_[origin_].loc);
    f_[v].align = static_cast<uint8_t>(align);
    f_[v].block = block_;
    out_->push_back(v);
    return v;
  }

  void copy() {
    const auto size = static_cast<uint64_t>(f_[origin_].imm);
    const uint64_t known = std::max<uint64_t>(1, f_[origin_].align);
    const ValueId to = f_.operand(origin_, 0), from = f_.operand(origin_, 1);
    const uint64_t align = std::min(access_alignment(f_, to, known), access_alignment(f_, from, known));
    if (!fits(size, align, "copying")) return;
    for_each_piece(size, align, [&](uint64_t at, uint64_t width) {
      const ValueId value = emit(Op::Load, integer_type(static_cast<unsigned>(width * 8)), {from}, at, align);
      emit(Op::Store, Type::Void, {value, to}, at, align);
    });
  }

  void fill() {
    const auto size = static_cast<uint64_t>(f_[origin_].imm);
    const ValueId to = f_.operand(origin_, 0), byte = f_.operand(origin_, 1);
    const uint64_t align = access_alignment(f_, to, std::max<uint64_t>(1, f_[origin_].align));
    if (!fits(size, align, "filling")) return;
    std::array<ValueId, 9> repeated;  // by width; made when first needed
    for_each_piece(size, align, [&](uint64_t at, uint64_t width) {
      const Type type = integer_type(static_cast<unsigned>(width * 8));
      ValueId &value = repeated[width];
      if (!value) value = repeat(byte, type);
      emit(Op::Store, Type::Void, {value, to}, at, align);
    });
  }

  // The byte in every byte of a [type].
  ValueId repeat(ValueId byte, Type type) {
    constexpr uint64_t kOnes = 0x0101'0101'0101'0101;
    if (f_[byte].op == Op::Const)
      return f_.constant(type, static_cast<int64_t>((static_cast<uint64_t>(f_[byte].imm) & 0xff) * kOnes));
    if (type == Type::I8) return byte;
    const ValueId wide = emit(Op::Zext, type, {byte});
    return emit(Op::Mul, type, {wide, f_.constant(type, static_cast<int64_t>(kOnes))});
  }

  void cut_store() {
    const ValueId value = f_.operand(origin_, 0), to = f_.operand(origin_, 1);
    const uint64_t align = alignment_of_offset(*address_of(f_, to, f_[origin_].imm).offset);
    for_each_piece(bytes_of(f_[value].type), align, [&](uint64_t at, uint64_t width) {
      const auto piece = static_cast<int64_t>(static_cast<uint64_t>(f_[value].imm) >> (8 * at));
      emit(Op::Store, Type::Void, {f_.constant(integer_type(static_cast<unsigned>(width * 8)), piece), to},
           static_cast<uint64_t>(f_[origin_].imm) + at, align);
    });
  }
  static uint64_t alignment_of_offset(int64_t offset) {
    const auto bits = static_cast<uint64_t>(offset);
    return bits & (0 - bits);
  }

  Function &f_;
  Diagnostics &diags_;
  BlockId block_;
  ValueId origin_;  // the instruction that is being expanded
  std::vector<ValueId> *out_ = nullptr;
};

}  // namespace

bool expand_memory(const PassContext &context) { return Expander(context).run(); }

}  // namespace spile::ir::passes
