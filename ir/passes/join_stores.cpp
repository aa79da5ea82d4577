// Constants that are stored side by side are stored at once.
//
// Idea: within a block, the bytes that stores of constants leave in one object, a variable or what a helper gave, are
// gathered until something may read them. A store whose bytes are all written again goes; bytes in a row that wider
// stores write with fewer instructions are written by those, where the last of the old stores stood.
//
//     store i8 104, $0                        store i32 1819043176, $0
//     store i8 101, $0, 1                     store i8 111, $0, 4
//     store i8 108, $0, 2               ->
//     store i8 108, $0, 3
//     store i8 111, $0, 4
//
// Requires: expand_memory before it. Breaks: nothing.
//
// For the kernel's verifier: an access of the stack must be aligned, and of a number that was stored in 4 bytes or 8
// the kernel remembers what it is, so these are joined only where they are 0, which it remembers of each byte.
#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "ir/analysis_address.h"
#include "ir/analysis_memory.h"
#include "ir/pass.h"

namespace spile::ir::passes {

namespace {

// Objects that are written in turns; the oldest is given up for another.
constexpr size_t kMaxObjects = 4;
// Stores that are compared with each read; what was gathered before is let go.
constexpr size_t kMaxStores = 64;

class Joiner {
 public:
  explicit Joiner(const PassContext &context)
      : f_(context.function), cfg_(context.analyses.cfg()), memory_(context.module, f_, cfg_, context.lone_params) {}

  size_t run() {
    for (const BlockId b : cfg_.rpo) join_in(b);
    return joined_;
  }

 private:
  struct Byte {
    uint8_t value = 0;
    size_t owner = 0;  // of Object::stores
  };
  struct Stored {
    ValueId inst;
    int64_t offset = 0;  // from the object
    uint32_t bytes = 0;
  };
  struct Object {
    ValueId base;
    std::vector<Stored> stores;
    std::map<int64_t, Byte> bytes;  // by offset: what is there now
  };
  struct Piece {
    int64_t offset = 0;
    uint32_t bytes = 0;
    int64_t value = 0;
  };

  void join_in(BlockId b) {
    block_ = b;
    made_.clear();
    const size_t before = joined_;
    const std::vector<ValueId> &insts = f_[b].insts;
    for (const ValueId v : insts) {
      const Op op = f_[v].op;
      if (op == Op::Store && !f_[v].is_volatile)
        add(v);
      else if (op == Op::Load && !f_[v].is_volatile)
        let_go_of(memory_.access_of(v), {});
      else if (info_of(op).effects != Effects::Pure && op != Op::Opaque)
        let_go_of_all();
    }
    let_go_of_all();
    if (joined_ == before) return;
    std::vector<ValueId> now;
    for (const ValueId v : insts) {
      if (f_[v].block) now.push_back(v);
      if (const auto made = made_.find(v.index); made != made_.end())
        now.insert(now.end(), made->second.begin(), made->second.end());
    }
    for (const ValueId v : insts)
      if (!f_[v].block) f_.remove(v);
    f_[b].insts = std::move(now);
  }

  // Kernel: what else a pointer leads to may be of a type whose fields are written one by one.
  bool is_memory(ValueId base) const {
    constexpr int64_t kMapLookup = 1, kRingbufReserve = 131, kPerCpuLookup = 195;
    const Inst &inst = f_[base];
    if (inst.op == Op::CallHelper)
      return inst.imm == kMapLookup || inst.imm == kRingbufReserve || inst.imm == kPerCpuLookup;
    return inst.op == Op::SlotAddr || inst.op == Op::GlobalAddr || is_packet_pointer(f_, base);
  }

  void add(ValueId v) {
    const Address to = address_of(f_, f_.operand(v, 1), f_[v].imm);
    const bool is_known = to.offset && is_memory(to.base);
    const Memory::Access access = memory_.access_of(v);
    let_go_of(access, is_known ? to.base : ValueId{});
    if (!is_known) return;
    auto object = std::ranges::find(objects_, to.base, &Object::base);
    const bool is_constant = f_[f_.operand(v, 0)].op == Op::Const;
    if (object == objects_.end()) {
      if (!is_constant) return;
      if (objects_.size() == kMaxObjects) let_go(objects_.front()), objects_.erase(objects_.begin());
      objects_.push_back({to.base, {}, {}});
      object = objects_.end() - 1;
    }
    if (object->stores.size() == kMaxStores) {
      let_go(*object);
      *object = {to.base, {}, {}};
    }
    const auto value = static_cast<uint64_t>(f_[f_.operand(v, 0)].imm);
    for (uint32_t i = 0; i < access.bytes; i++) {
      if (is_constant)
        object->bytes[*to.offset + i] = {static_cast<uint8_t>(value >> (8 * i)), object->stores.size()};
      else
        object->bytes.erase(*to.offset + i);
    }
    if (is_constant) object->stores.push_back({v, *to.offset, access.bytes});
  }

  // What [access] may read or write, but for the object at [except], of which it is known what is written.
  void let_go_of(const Memory::Access &access, ValueId except) {
    std::erase_if(objects_, [&](const Object &object) {
      if (object.base == except) return false;
      const bool meets = std::ranges::any_of(object.stores, [&](const Stored &stored) {
        return memory_.may_meet(memory_.access_of(stored.inst), access);
      });
      if (meets) let_go(object);
      return meets;
    });
  }
  void let_go_of_all() {
    for (const Object &object : objects_) let_go(object);
    objects_.clear();
  }

  // ---------------------------------------------------------------- fewer stores

  void let_go(const Object &object) {
    if (object.stores.size() < 2) return;
    std::vector<bool> has_bytes(object.stores.size());
    for (const auto &[offset, byte] : object.bytes) has_bytes[byte.owner] = true;
    for (size_t i = 0; i < object.stores.size(); i++)
      if (!has_bytes[i]) drop(object.stores[i].inst);
    for (const Group &group : groups_of(object)) join_group(object, group);
  }

  using At = std::map<int64_t, Byte>::const_iterator;
  // Bytes in rows, and the stores that they are from. A store that something else has cut apart is in two rows, which
  // are joined together or not at all.
  struct Group {
    std::vector<std::pair<At, At>> rows;
    std::vector<size_t> owners;  // in order
  };

  static std::vector<Group> groups_of(const Object &object) {
    std::vector<Group> groups;
    for (At begin = object.bytes.begin(); begin != object.bytes.end();) {
      auto end = std::next(begin);
      while (end != object.bytes.end() && end->first == std::prev(end)->first + 1) ++end;
      Group group{.rows = {{begin, end}}, .owners = {}};
      for (At at = begin; at != end; ++at) group.owners.push_back(at->second.owner);
      std::ranges::sort(group.owners);
      std::erase_if(groups, [&](const Group &other) {
        const bool is_same = std::ranges::any_of(
            other.owners, [&](size_t owner) { return std::ranges::binary_search(group.owners, owner); });
        if (!is_same) return false;
        group.rows.insert(group.rows.end(), other.rows.begin(), other.rows.end());
        group.owners.insert(group.owners.end(), other.owners.begin(), other.owners.end());
        std::ranges::sort(group.owners);
        return true;
      });
      group.owners.erase(std::unique(group.owners.begin(), group.owners.end()), group.owners.end());
      groups.push_back(std::move(group));
      begin = end;
    }
    return groups;
  }

  void join_group(const Object &object, const Group &group) {
    const std::vector<size_t> &owners = group.owners;
    if (owners.size() < 2) return;
    std::vector<Piece> pieces;
    for (const auto &[begin, end] : group.rows)
      for (At at = begin; at != end;) {
        const Piece piece = widest(object, at, end);
        pieces.push_back(piece);
        std::advance(at, piece.bytes);
      }
    size_t before = 0, after = 0;
    for (const size_t owner : owners) {
      const Inst &value = f_[f_.operand(object.stores[owner].inst, 0)];
      before += cost(value.imm, object.stores[owner].bytes);
    }
    for (const Piece &piece : pieces) after += cost(piece.value, piece.bytes);
    if (after >= before) return;
    const ValueId last = object.stores[owners.back()].inst;
    for (const Piece &piece : pieces) {
      const ValueId value = f_.constant(integer_type(piece.bytes * 8), piece.value);
      const ValueId store =
          f_.make(Op::Store, Type::Void, std::array{value, object.base}, {}, piece.offset, f_[last].loc);
      f_[store].block = block_;
      made_[last.index].push_back(store);
    }
    for (const size_t owner : owners) drop(object.stores[owner].inst);
  }

  // A store and, where the instruction cannot hold it, the constant.
  static size_t cost(int64_t value, uint32_t bytes) {
    return bytes < 8 || value == static_cast<int32_t>(value) ? 1 : 3;
  }

  Piece widest(const Object &object, At at, At end) const {
    const Inst &base = f_[object.base];
    const bool is_slot = base.op == Op::SlotAddr;
    const uint64_t align = is_slot ? f_.slots[static_cast<size_t>(base.imm)].align : 8;
    const auto offset = static_cast<uint64_t>(at->first);
    const auto left = static_cast<uint64_t>(std::distance(at, end));
    for (uint32_t bytes = 8; bytes > 1; bytes /= 2) {
      if (bytes > left || bytes > align || offset % bytes != 0) continue;
      uint64_t value = 0;
      uint32_t widest_owner = 0;
      At byte = at;
      for (uint32_t i = 0; i < bytes; i++, ++byte) {
        value |= uint64_t{byte->second.value} << (8 * i);
        widest_owner = std::max(widest_owner, object.stores[byte->second.owner].bytes);
      }
      const auto number = normalized(integer_type(bytes * 8), static_cast<int64_t>(value));
      const bool is_remembered = is_slot && number != 0 && widest_owner >= 4 && widest_owner < bytes;
      if (widest_owner != bytes && (is_remembered || cost(number, bytes) > 1)) continue;
      return {at->first, bytes, number};
    }
    return {at->first, 1, static_cast<int8_t>(at->second.value)};
  }

  void drop(ValueId v) {
    f_[v].block = {};
    joined_++;
  }

  Function &f_;
  const Cfg &cfg_;
  const Memory memory_;
  BlockId block_;
  std::vector<Object> objects_;
  std::unordered_map<uint32_t, std::vector<ValueId>> made_;  // by the store behind which they come
  size_t joined_ = 0;
};

// Whether a block stores constants side by side, of which one is short, or where something else is stored as well: most
// do not.
bool has_neighbours(const Function &f) {
  struct Stored {
    ValueId base;
    int64_t begin, end;
    bool is_constant;
  };
  constexpr size_t kRecent = 16;
  std::array<Stored, kRecent> recent{};
  for (const Block &block : f.blocks) {
    size_t count = 0;
    for (const ValueId v : block.insts) {
      if (f[v].op != Op::Store) continue;
      const bool is_constant = f[f.operand(v, 0)].op == Op::Const;
      const Address to = address_of(f, f.operand(v, 1), f[v].imm);
      if (!to.offset) continue;
      const Stored now{to.base, *to.offset, *to.offset + static_cast<int64_t>(bytes_of(f[f.operand(v, 0)].type)),
                       is_constant};
      for (size_t i = 0; i < std::min(count, kRecent); i++) {
        const Stored &other = recent[i];
        if (other.base != now.base || !other.is_constant) continue;
        const bool overlaps = other.begin < now.end && now.begin < other.end;
        const bool touches = other.begin <= now.end && now.begin <= other.end;
        if (overlaps || (touches && is_constant && (now.end - now.begin < 8 || other.end - other.begin < 8)))
          return true;
      }
      recent[count++ % kRecent] = now;
    }
  }
  return false;
}

}  // namespace

bool join_stores(const PassContext &context) {
  return has_neighbours(context.function) && context.did("stores", Joiner(context).run());
}

}  // namespace spile::ir::passes
