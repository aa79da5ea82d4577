#include "ir/pack.h"

#include <utility>

#include "support/check.h"

namespace spile::ir {

namespace {

// The second byte of an instruction: its type in the low bits, and what of it is written.
enum Part : uint8_t {
  kTypeBits = 7,
  kFlags = 8,     // pred, align, is_volatile, weight, unroll
  kImm = 16,      // imm is not zero
  kLoc = 32,      // its place is not that of the instruction before
  kFound = 64,    // an unplaced value that is found again
  kCounts = 128,  // operand_count is not what the op says, or there are targets
};

bool names_outside(Op op) {
  return op == Op::Call || op == Op::FuncAddr || op == Op::GlobalAddr || op == Op::CoreValue;
}
NamedOutside::Kind kind_of_name(Op op) {
  return op == Op::GlobalAddr  ? NamedOutside::Kind::Global
         : op == Op::CoreValue ? NamedOutside::Kind::Core
                               : NamedOutside::Kind::Function;
}

constexpr uint64_t zigzag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
constexpr int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

}  // namespace

class Packer {
 public:
  explicit Packer(Function &f) : f_(f) {}

  void run() {
    number(f_.insts.size());
    number(f_.operand_pool.size());
    for (size_t i = 0; i < f_.insts.size(); i++) inst(ValueId(i));
    number(f_.blocks.size());
    for (const Block &block : f_.blocks) {
      text(block.name);
      number(block.insts.size());
      int64_t last = -1;
      for (const ValueId v : block.insts) signed_number(v.index - std::exchange(last, v.index));
    }
    number(f_.slots.size());
    for (const Slot &slot : f_.slots) {
      number(slot.size);
      number(slot.align);
      number(slot.loc.raw);
      text(slot.name);
    }
    uses();
    f_.packed = {std::string(out_), std::move(names_), std::move(uses_)};
    drop();
  }
  void drop() {
    drop(f_.blocks);
    drop(f_.slots);
    drop(f_.insts);
    drop(f_.operand_pool);
    drop(f_.target_pool);
    drop(f_.case_pool);
    drop(f_.unplaced_);
  }

 private:
  // With its memory, which an assignment of `{}` would keep.
  template <class Container>
  static void drop(Container &items) {
    Container().swap(items);
  }

  void byte(unsigned value) { out_ += static_cast<char>(value); }
  void number(uint64_t value) {
    for (; value >= 128; value >>= 7) byte(static_cast<unsigned>(value & 127) | 128);
    byte(static_cast<unsigned>(value));
  }
  void signed_number(int64_t value) { number(zigzag(value)); }
  void text(const std::string &value) {
    number(value.size());
    out_ += value;
  }

  void inst(ValueId v) {
    const Inst &i = f_[v];
    const bool has_flags = i.pred != Pred::Eq || i.align != 0 || i.is_volatile || i.weight != 0 || i.unroll != 0;
    bool is_found = false;
    if (!i.block && i.operand_count == 0 && !f_.unplaced_.empty()) {
      const auto at = f_.unplaced_.find({i.op, i.type, i.imm});
      is_found = at != f_.unplaced_.end() && at->second == v;
    }
    const bool has_counts = static_cast<int>(i.operand_count) != info_of(i.op).operands || i.target_count != 0;
    const bool has_name = names_outside(i.op);
    byte(static_cast<unsigned>(i.op));
    byte(static_cast<unsigned>(i.type) | (has_flags ? kFlags : 0u) | (i.imm != 0 || has_name ? kImm : 0u) |
         (i.loc != loc_ ? kLoc : 0u) | (is_found ? kFound : 0u) | (has_counts ? kCounts : 0u));
    if (has_flags) {
      byte(static_cast<unsigned>(i.pred));
      byte(i.align);
      byte(i.is_volatile ? 1 : 0);
      signed_number(i.weight);
      signed_number(i.unroll);
    }
    if (has_name) {
      if (name_of_.empty()) name_of_.resize(f_.insts.size());
      name_of_[v.index] = static_cast<uint32_t>(names_.size());
      number(names_.size());
      names_.push_back({kind_of_name(i.op), static_cast<uint32_t>(i.imm)});
    } else if (i.imm != 0) {
      signed_number(i.imm);
    }
    if (i.loc != loc_) signed_number(int64_t{i.loc.raw} - std::exchange(loc_, i.loc).raw);
    if (has_counts) {
      number(i.operand_count);
      number(i.target_count);
    }
    for (const ValueId operand : f_.operands(v)) signed_number(int64_t{v.index} - operand.index);
    for (const BlockId target : f_.targets(v)) number(target.index);
    if (i.op == Op::Switch)
      for (const int64_t value : f_.cases(v)) signed_number(value);
  }

  void uses() {
    if (names_.empty()) return;
    for (const Block &block : f_.blocks)
      for (const ValueId v : block.insts) {
        if (f_[v].op == Op::Call) uses_.push_back({name_of_[v.index], true, f_[v].loc});
        for (const ValueId operand : f_.operands(v))
          if (f_[operand].op == Op::FuncAddr || f_[operand].op == Op::GlobalAddr)
            uses_.push_back({name_of_[operand.index], false, f_[v].loc});
      }
  }

  Function &f_;
  std::string out_;
  Loc loc_;
  std::vector<NamedOutside> names_;
  std::vector<PackedBody::Use> uses_;
  std::vector<uint32_t> name_of_;  // by value
};

class Unpacker {
 public:
  explicit Unpacker(Function &f) : f_(f), packed_(std::exchange(f.packed, {})), at_(packed_.bytes.data()) {}

  void run() {
    const size_t insts = number();
    f_.insts.reserve(insts);
    f_.operand_pool.reserve(number());
    for (size_t i = 0; i < insts; i++) inst(ValueId(i));
    f_.blocks.resize(number());
    for (size_t b = 0; b < f_.blocks.size(); b++) {
      Block &block = f_.blocks[b];
      block.name = text();
      block.insts.resize(number());
      int64_t last = -1;
      for (ValueId &v : block.insts) {
        v = ValueId(static_cast<size_t>(last += signed_number()));
        f_[v].block = BlockId(b);
      }
    }
    f_.slots.resize(number());
    for (Slot &slot : f_.slots) {
      slot.size = static_cast<uint32_t>(number());
      slot.align = static_cast<uint32_t>(number());
      slot.loc.raw = static_cast<uint32_t>(number());
      slot.name = text();
    }
    SPILE_CHECK(at_ == packed_.bytes.data() + packed_.bytes.size(), "a packed body with something behind its end");
  }

 private:
  unsigned byte() { return static_cast<unsigned char>(*at_++); }
  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const unsigned next = byte();
      value |= uint64_t{next & 127} << shift;
      if (next < 128) return value;
    }
  }
  int64_t signed_number() { return unzigzag(number()); }
  std::string text() {
    const size_t length = number();
    return {std::exchange(at_, at_ + length), length};
  }

  void inst(ValueId v) {
    Inst i{.op = static_cast<Op>(byte())};
    const unsigned parts = byte();
    i.type = static_cast<Type>(parts & kTypeBits);
    if ((parts & kFlags) != 0) {
      i.pred = static_cast<Pred>(byte());
      i.align = static_cast<uint8_t>(byte());
      i.is_volatile = byte() != 0;
      i.weight = static_cast<int8_t>(signed_number());
      i.unroll = static_cast<int16_t>(signed_number());
    }
    if ((parts & kImm) != 0) i.imm = names_outside(i.op) ? int64_t{packed_.names[number()].id} : signed_number();
    if ((parts & kLoc) != 0) loc_.raw = static_cast<uint32_t>(loc_.raw + signed_number());
    i.loc = loc_;
    i.operand_count = static_cast<uint32_t>(std::max(info_of(i.op).operands, 0));
    if ((parts & kCounts) != 0) {
      i.operand_count = static_cast<uint32_t>(number());
      i.target_count = static_cast<uint32_t>(number());
    }
    i.operand_begin = static_cast<uint32_t>(f_.operand_pool.size());
    for (uint32_t n = 0; n < i.operand_count; n++)
      f_.operand_pool.push_back(ValueId(static_cast<size_t>(v.index - signed_number())));
    i.target_begin = static_cast<uint32_t>(f_.target_pool.size());
    for (uint32_t n = 0; n < i.target_count; n++) f_.target_pool.emplace_back(number());
    if (i.op == Op::Switch) {
      i.case_begin = static_cast<uint32_t>(f_.case_pool.size());
      for (uint32_t n = 1; n < i.target_count; n++) f_.case_pool.push_back(signed_number());
    }
    if ((parts & kFound) != 0) f_.unplaced_.emplace(Function::Key{i.op, i.type, i.imm}, v);
    f_.insts.push_back(i);
  }

  Function &f_;
  const PackedBody packed_;
  const char *at_;
  Loc loc_;
};

void pack(Function &function) {
  SPILE_CHECK(function.packed.empty() && !function.blocks.empty(), "only a body that can be read is packed");
  Packer(function).run();
}

void forget_body(Function &function) {
  Packer(function).drop();
  function.blocks.resize(1);
}

void unpack(Function &function) {
  if (!function.packed.empty()) Unpacker(function).run();
}

void for_each_name_use(const Function &f, const std::function<void(const NameUse &)> &visit) {
  for (const PackedBody::Use &use : f.packed.uses) visit({f.packed.names[use.name], use.is_call, use.loc});
  for (const Block &block : f.blocks)
    for (const ValueId v : block.insts) {
      const auto name = [&](const Inst &named) {
        visit({{kind_of_name(named.op), static_cast<uint32_t>(named.imm)}, named.op == Op::Call, f[v].loc});
      };
      if (f[v].op == Op::Call) name(f[v]);
      for (const ValueId operand : f.operands(v))
        if (f[operand].op == Op::FuncAddr || f[operand].op == Op::GlobalAddr) name(f[operand]);
    }
}

}  // namespace spile::ir
