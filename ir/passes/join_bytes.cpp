// Bytes put together by hand: what shifts, masks and ors gather is one load, one swap of bytes, or both.
//
// Idea: follow a tree of ors down to where each byte of its result comes from. Bytes that are neighbours in memory are
// one load; bytes of one value in reverse order are a bswap, and in order a mask.
//
//     %0 = load.i8 %p0, 2                         %0 = load.i16 %p0, 2 align 1
//     %1 = load.i8 %p0, 3                         %1 = bswap.i16 %0
//     %2 = zext.i32 %0                            %2 = zext.i32 %1
//     %3 = zext.i32 %1                   ->
//     %4 = shl.i32 %2, i32 8
//     %5 = or.i32 %4, %3
//
// A rotation stays as it is, two shifts and an or: BPF has none, and only that of an I16 by 8 is a bswap.
//
// Requires: constants folded (simplify), loads joined (gvn), nothing dead (dce). Breaks: leaves the parts behind
// (dce).
//
// For the kernel's verifier: the wide load stands where the last narrow one stood, so below all their checks. It is
// made where the kernel lets any bytes be read together: in the packet, in map values and variables, and aligned on the
// stack. Fields of the context and of the kernel's own objects have widths of their own.
#include <algorithm>
#include <array>
#include <optional>

#include "ir/analysis_memory.h"
#include "ir/analysis_uses.h"
#include "ir/fold.h"
#include "ir/pass.h"
#include "ir/rewrite.h"

namespace spile::ir::passes {

namespace {

// Of a tree for eight bytes: each is loaded, extended, shifted, masked and joined.
constexpr size_t kMaxNodes = 48;
constexpr int kMaxDepth = 24;
constexpr int64_t kMapLookup = 1;  // bpf_map_lookup_elem

// Where a byte comes from: byte [index] of a value; no value: it is zero.
struct Byte {
  ValueId from;
  unsigned index = 0;
};
using Bytes = std::array<Byte, 8>;  // the lowest first

class Gatherer {
 public:
  explicit Gatherer(const PassContext &context)
      : context_(context), f_(context.function), cfg_(context.analyses.cfg()), uses_(count_uses(f_)), rewrite_(f_) {}

  size_t run() {
    size_t joined = 0;
    std::vector<ValueId> roots;
    for (const BlockId b : cfg_.rpo)
      for (const ValueId v : f_[b].insts)
        if (is_root(v)) roots.push_back(v);
    if (roots.empty()) return 0;
    memory_.emplace(context_.module, f_, cfg_, context_.lone_params);
    // The widest come first: what they are made of stands above them.
    for (auto at = roots.rbegin(); at != roots.rend(); ++at) joined += join(*at) ? 1 : 0;
    rewrite_.apply();
    return joined;
  }

 private:
  bool is_joining(ValueId v) const { return f_[v].op == Op::Or || f_[v].op == Op::Add; }
  // An or, or what takes a part of one.
  bool is_root(ValueId v) const {
    if (is_joining(v)) return bits_of(f_[v].type) > 8;
    const bool is_part = (f_[v].op == Op::Trunc || f_[v].op == Op::And) && bits_of(f_[v].type) > 8;
    return is_part && is_joining(f_.operand(v, 0)) && uses_[f_.operand(v, 0).index] == 1;
  }

  bool join(ValueId root) {
    nodes_.clear();
    saved_ = 0;
    const Bytes bytes = look_into(root, 0);
    size_t count = bytes.size();
    while (count > 0 && !bytes[count - 1].from) count--;
    if (count != 2 && count != 4 && count != 8) return false;
    const std::span<const Byte> found(bytes.data(), count);
    if (std::ranges::any_of(found, [](const Byte &byte) { return !byte.from; })) return false;
    const bool is_one = std::ranges::all_of(found, [&](const Byte &byte) { return byte.from == found[0].from; });
    const ValueId result = is_one ? part_of_value(root, found) : part_of_memory(root, found);
    if (!result) return false;
    rewrite_.replace(root, widened(root, result));
    taken_.insert(taken_.end(), nodes_.begin(), nodes_.end());
    return true;
  }

  // ---------------------------------------------------------------- where bytes come from

  Bytes look_into(ValueId v, int depth) {
    const Inst &inst = f_[v];
    const bool is_inner = depth > 0 && uses_[v.index] != 1;
    if (depth > kMaxDepth || nodes_.size() > kMaxNodes || inst.operand_count == 0 || is_taken(v)) return leaf(v);
    const auto by = inst.operand_count == 2 ? constant_of(f_, f_.operand(v, 1)) : std::nullopt;
    switch (inst.op) {
      case Op::Zext:
        if (f_[f_.operand(v, 0)].type == Type::I1) return leaf(v);
        return through(v, depth, false);
      case Op::Trunc:
        return is_inner ? leaf(v) : cut(through(v, depth, false), bytes_of(inst.type));
      case Op::And:
        return by && is_byte_mask(*by, inst.type) ? masked(through(v, depth, !is_inner), *by) : leaf(v);
      case Op::Shl:
      case Op::LShr:
        if (is_inner || !by || *by % 8 != 0 || *by < 0 || *by >= bits_of(inst.type)) return leaf(v);
        return shifted(through(v, depth, true), static_cast<int>(inst.op == Op::Shl ? *by / 8 : -*by / 8),
                       bytes_of(inst.type));
      case Op::Or:
      case Op::Add:
        return is_inner ? leaf(v) : joined(v, depth);
      default:
        return leaf(v);
    }
  }

  Bytes leaf(ValueId v) {
    nodes_.push_back(v);
    Bytes bytes;
    const bool is_zero = f_[v].op == Op::Const && f_[v].imm == 0;
    for (unsigned i = 0; !is_zero && i < bytes_of(f_[v].type); i++) bytes[i] = {v, i};
    return bytes;
  }
  Bytes through(ValueId v, int depth, bool is_saved) {
    nodes_.push_back(v);
    saved_ += is_saved ? 1 : 0;
    return look_into(f_.operand(v, 0), depth + 1);
  }
  // Sums are ors where no two of their bytes meet.
  Bytes joined(ValueId v, int depth) {
    const size_t before = nodes_.size();
    const int saved_before = saved_;
    const Bytes a = through(v, depth, true), b = look_into(f_.operand(v, 1), depth + 1);
    Bytes both;
    for (size_t i = 0; i < both.size(); i++) {
      if (a[i].from && b[i].from) {
        nodes_.resize(before);
        saved_ = saved_before;
        return leaf(v);
      }
      both[i] = a[i].from ? a[i] : b[i];
    }
    return both;
  }

  static Bytes cut(Bytes bytes, unsigned count) {
    for (size_t i = count; i < bytes.size(); i++) bytes[i] = {};
    return bytes;
  }
  static bool is_byte_mask(int64_t mask, Type type) {
    for (unsigned i = 0; i < bytes_of(type); i++)
      if (const int64_t byte = (mask >> (8 * i)) & 0xff; byte != 0 && byte != 0xff) return false;
    return true;
  }
  static Bytes masked(Bytes bytes, int64_t mask) {
    for (size_t i = 0; i < bytes.size(); i++)
      if (((mask >> (8 * i)) & 0xff) == 0) bytes[i] = {};
    return bytes;
  }
  // By a number of bytes: upwards, or downwards where it is negative.
  static Bytes shifted(const Bytes &bytes, int by, unsigned count) {
    Bytes moved;
    for (int i = 0; i < static_cast<int>(count); i++)
      if (const int from = i - by; from >= 0 && from < static_cast<int>(count))
        moved[static_cast<size_t>(i)] = bytes[static_cast<size_t>(from)];
    return moved;
  }

  // Instructions of a tree that has become another value are not looked into again.
  bool is_taken(ValueId v) const { return std::ranges::find(taken_, v) != taken_.end(); }

  // ---------------------------------------------------------------- what they are

  // +1: neighbours in rising order; -1: in falling order; 0: neither.
  template <class Place>
  static int direction(std::span<const Byte> bytes, Place place) {
    const auto first = place(bytes[0]);
    const int64_t step = place(bytes[1]) - first;
    if (step != 1 && step != -1) return 0;
    for (size_t i = 2; i < bytes.size(); i++)
      if (place(bytes[i]) - first != step * static_cast<int64_t>(i)) return 0;
    return static_cast<int>(step);
  }

  ValueId part_of_value(ValueId root, std::span<const Byte> bytes) {
    const ValueId from = bytes[0].from;
    const int way = direction(bytes, [](const Byte &byte) { return static_cast<int64_t>(byte.index); });
    const unsigned lowest = std::min(bytes.front().index, bytes.back().index);
    const int cost = (lowest != 0 ? 1 : 0) + 1;
    if (way == 0 || saved_ <= cost) return {};
    ValueId value = from;
    at_ = place_before(root);
    if (lowest != 0)
      value = make(Op::LShr, f_[from].type, {value, f_.constant(f_[from].type, int64_t{8} * lowest)}, root);
    const Type type = integer_type(static_cast<unsigned>(8 * bytes.size()));
    if (f_[value].type != type) value = make(Op::Trunc, type, {value}, root);
    return way < 0 ? make(Op::Bswap, type, {value}, root) : value;
  }

  ValueId part_of_memory(ValueId root, std::span<const Byte> bytes) {
    std::vector<ValueId> loads;
    const Spot first = spot_of(bytes[0].from);
    for (const Byte &byte : bytes) {
      const Inst &load = f_[byte.from];
      if (load.op != Op::Load || load.is_volatile || spot_of(byte.from).base != first.base) return {};
      if (load.block != f_[bytes[0].from].block) return {};
      if (loads.empty() || loads.back() != byte.from) loads.push_back(byte.from);
    }
    const int way = direction(bytes, [&](const Byte &byte) { return spot_of(byte.from).offset + byte.index; });
    if (way == 0 || !all_go()) return {};
    const Byte &lowest = way > 0 ? bytes.front() : bytes.back();
    const int64_t extra = lowest.index;
    if (!may_be_wide(lowest.from, extra, bytes.size())) return {};
    auto &insts = f_[f_[loads[0]].block].insts;
    const auto place = [&](ValueId v) { return std::ranges::find(insts, v) - insts.begin(); };
    ptrdiff_t begin = place(loads[0]), end = begin;
    for (const ValueId load : loads) {
      begin = std::min(begin, place(load));
      end = std::max(end, place(load));
    }
    const Memory::Access access{f_.operand(lowest.from, 0), f_[lowest.from].imm + extra,
                                static_cast<uint32_t>(bytes.size())};
    for (ptrdiff_t i = begin; i < end; i++)
      if (memory_->may_write(insts[static_cast<size_t>(i)], access)) return {};
    at_ = {f_[loads[0]].block, static_cast<size_t>(end) + 1};
    const Type type = integer_type(static_cast<unsigned>(8 * bytes.size()));
    const ValueId wide = make(Op::Load, type, {access.pointer}, lowest.from);
    f_[wide].imm = access.offset;
    f_[wide].align = 1;
    if (way > 0) return wide;
    at_ = place_before(root);
    return make(Op::Bswap, type, {wide}, root);
  }

  struct Spot {
    ValueId base;
    int64_t offset = 0;
  };
  // As address_of, but what is added last and is not constant is part of the base.
  Spot spot_of(ValueId load) const {
    if (f_[load].op != Op::Load) return {load};
    Spot spot{f_.operand(load, 0), f_[load].imm};
    while (f_[spot.base].op == Op::PtrAdd) {
      const auto by = constant_of(f_, f_.operand(spot.base, 1));
      if (!by) break;
      spot = {f_.operand(spot.base, 0),
              static_cast<int64_t>(static_cast<uint64_t>(spot.offset) + static_cast<uint64_t>(*by))};
    }
    return spot;
  }

  bool may_be_wide(ValueId load, int64_t extra, size_t bytes) const {
    const Address a = address_of(f_, f_.operand(load, 0), f_[load].imm + extra);
    const Inst &base = f_[a.base];
    if (base.op == Op::SlotAddr) {
      const uint64_t align = f_.slots[static_cast<size_t>(base.imm)].align;
      return a.offset && align >= bytes && static_cast<uint64_t>(*a.offset) % bytes == 0;
    }
    return base.op == Op::GlobalAddr || (base.op == Op::CallHelper && base.imm == kMapLookup) ||
           is_packet_pointer(f_, a.base);
  }

  // Whether nothing but the tree uses what it is made of, so that the wide load replaces the narrow ones.
  bool all_go() {
    std::ranges::sort(nodes_, {}, &ValueId::index);
    for (size_t i = 0; i < nodes_.size();) {
      const size_t begin = i;
      while (i < nodes_.size() && nodes_[i] == nodes_[begin]) i++;
      const bool is_load = f_[nodes_[begin]].op == Op::Load || f_[nodes_[begin]].op == Op::Zext;
      if (is_load && uses_[nodes_[begin].index] > i - begin) return false;
    }
    return true;
  }

  // ---------------------------------------------------------------- writing

  struct PlaceInBlock {
    BlockId block;
    size_t index = 0;
  };
  PlaceInBlock place_before(ValueId v) const {
    const auto &insts = f_[f_[v].block].insts;
    return {f_[v].block, static_cast<size_t>(std::ranges::find(insts, v) - insts.begin())};
  }
  ValueId make(Op op, Type type, std::initializer_list<ValueId> operands, ValueId origin) {
    const ValueId v = f_.make(op, type, std::span(operands.begin(), operands.size()), {}, 0, f_[origin].loc);
    f_.insert(at_.block, at_.index++, v);
    uses_.resize(f_.insts.size(), 1);
    return v;
  }
  ValueId widened(ValueId root, ValueId value) {
    if (f_[value].type == f_[root].type) return value;
    at_ = place_before(root);
    return make(Op::Zext, f_[root].type, {value}, root);
  }

  const PassContext &context_;
  Function &f_;
  const Cfg &cfg_;
  std::optional<Memory> memory_;  // where there is something to join
  std::vector<uint32_t> uses_;
  Rewrite rewrite_;
  std::vector<ValueId> nodes_;  // of the tree at hand, once for each way to them
  int saved_ = 0;               // instructions of the tree at hand that go
  std::vector<ValueId> taken_;
  PlaceInBlock at_;  // where the next instruction is put
};

}  // namespace

bool join_bytes(const PassContext &context) { return context.did("trees", Gatherer(context).run()); }

}  // namespace spile::ir::passes
