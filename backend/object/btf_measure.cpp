#include "backend/object/btf_measure.h"

#include <bpf/btf.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace spile::object {

namespace {

// The kernel takes 32 levels; its own types are 127,000, in 250,000 lines.
constexpr uint32_t kMaxNesting = 128;
constexpr uint32_t kMaxPointedArrays = 128;  // each may begin a nest of its own
constexpr uint64_t kMaxLines = uint64_t{1} << 20;
constexpr uint64_t kMaxMembers = uint64_t{1} << 22;

// What btf_dump visits: a type, and how it got there. Behind a pointer, a named struct is only named, not written out;
// that is what ends every circle of a real program (struct list { struct list *next; }). An array of structs behind a
// pointer may close a circle too (struct list { struct list (*all)[8]; }), but there btf_dump goes into the struct: it
// stops at one that it has begun.
struct Visit {
  BtfId id;
  enum How : uint8_t { Held, Pointed, PointedArray } how = Held;
  size_t index() const { return size_t{id.value} * 3 + how; }
};

class Measure {
 public:
  explicit Measure(const Btf &btf) : btf_(btf), costs_(size_t{btf.type_count()} * 3) {}

  // No type nests deeper than kMaxNesting or holds itself without a struct's name in between, and all of them together
  // are at most about kMaxLines of text.
  bool within_limits() {
    uint64_t lines = 0, members = 0;
    for (uint32_t id = 1; id < btf_.type_count(); id++) {
      const Visit root{BtfId{id}};
      if (!measure(root)) return false;
      if (is_written(root.id)) lines += costs_[root.index()].lines;
      members += costs_[root.index()].members;
      if (lines > kMaxLines || members > kMaxMembers) return false;
    }
    return true;
  }

 private:
  static constexpr uint32_t kOpen = UINT32_MAX;
  struct Cost {
    uint32_t height = 0;  // 0: not known yet
    uint64_t lines = 0;
    uint64_t members = 0;  // with those of every struct inside: btf_dump walks them to find an alignment
  };
  struct Frame {
    Visit visit;
    std::vector<Visit> parts;
    size_t next = 0;
    Cost sum;
  };

  bool is_composite(BtfId id) const {
    const BtfKind kind = btf_.type(id).kind;
    return kind == BtfKind::Struct || kind == BtfKind::Union;
  }
  bool has_name(BtfId id) const { return !btf_.type(id).name.empty(); }
  // Written out once, by name where it is used.
  bool is_definition(BtfId id) const {
    return (is_composite(id) && has_name(id)) || btf_.type(id).kind == BtfKind::Typedef;
  }
  // What stands in the text for itself; pointers, arrays and prototypes only stand in others.
  bool is_written(BtfId id) const {
    const BtfKind kind = btf_.type(id).kind;
    return is_composite(id) || kind == BtfKind::Typedef || kind == BtfKind::Enum || kind == BtfKind::Enum64 ||
           kind == BtfKind::Func || kind == BtfKind::Var;
  }
  bool is_only_named(Visit visit) const {
    return visit.how != Visit::Held && is_composite(visit.id) && has_name(visit.id);
  }

  std::vector<Visit> parts_of(Visit visit) const {
    std::vector<Visit> parts;
    const BtfType type = btf_.type(visit.id);
    if (is_only_named(visit)) return parts;
    const Visit::How how = type.kind == BtfKind::Ptr                                    ? Visit::Pointed
                           : type.kind == BtfKind::Array && visit.how == Visit::Pointed ? Visit::PointedArray
                                                                                        : visit.how;
    if (type.type) parts.push_back({type.type, how});
    for (const BtfMember &member : btf_.members(visit.id)) parts.push_back({member.type});
    for (const BtfParam &param : btf_.params(visit.id)) parts.push_back({param.type, how});
    return parts;
  }

  // What a type writes itself, without its parts.
  uint64_t own_lines(Visit visit) const {
    const BtfType type = btf_.type(visit.id);
    if (type.kind == BtfKind::Enum || type.kind == BtfKind::Enum64) return type.length + 1;
    if (!is_composite(visit.id) || is_only_named(visit)) return 1;
    // btf_dump counts bits in an int, and goes on from the end of each member even where members overlap.
    const uint64_t size = uint64_t{type.size} * 8;
    if (size > INT32_MAX) return kMaxLines + 1;
    uint64_t end = 0, last = 0, gaps = 0;
    for (const BtfMember &member : btf_.members(visit.id)) {
      if (member.bit_offset > end) gaps += member.bit_offset - end;
      const uint64_t bytes = btf_.size_of(member.type);
      if (bytes > type.size || btf__align_of(btf_.handle(), member.type.value) <= 0) return kMaxLines + 1;
      end = member.bit_offset + (member.bitfield_size != 0 ? member.bitfield_size : bytes * 8);
      last = std::max(last, end);
    }
    if (last > size) return kMaxLines + 1;  // a member outside
    return 1 + (gaps + (size - (type.kind == BtfKind::Union ? last : end))) / 8;
  }

  // Depth first, with a stack of its own. False when a limit is passed.
  bool measure(Visit root) {
    if (costs_[root.index()].height != 0) return true;
    open(root);
    while (!stack_.empty()) {
      Frame &top = stack_.back();
      if (top.next == top.parts.size()) {
        const Visit done = top.visit;
        if (top.sum.members > kMaxMembers) return false;  // before own_lines walks them
        const Cost cost{top.sum.height + 1, top.sum.lines + own_lines(done), top.sum.members + 1};
        if (cost.height > kMaxNesting || cost.lines > kMaxLines) return false;
        costs_[done.index()] = cost;
        stack_.pop_back();
        if (!stack_.empty()) add_part(stack_.back(), done);
        continue;
      }
      const Visit part = top.parts[top.next++];
      if (!part.id) continue;
      const uint32_t height = costs_[part.index()].height;
      if (height == kOpen) {
        return false;
      } else if (height != 0) {
        add_part(top, part);
      } else {
        const bool is_new_array = part.how == Visit::PointedArray && is_only_named(part);
        if (is_new_array && ++pointed_arrays_ > kMaxPointedArrays) return false;
        if (stack_.size() > kMaxNesting) return false;
        open(part);
      }
    }
    return true;
  }
  void open(Visit visit) {
    costs_[visit.index()].height = kOpen;
    stack_.push_back({visit, parts_of(visit), 0, {}});
  }
  void add_part(Frame &frame, Visit part) const {
    const Cost &cost = costs_[part.index()];
    frame.sum.height = std::max(frame.sum.height, cost.height);
    // No sum overflows: a cost is within the limits, and a type has at most 65535 parts.
    frame.sum.members += part.how == Visit::Held ? cost.members : 0;
    frame.sum.lines += is_definition(part.id) ? 1 : cost.lines;
  }

  const Btf &btf_;
  std::vector<Cost> costs_;  // by Visit::index()
  std::vector<Frame> stack_;
  uint32_t pointed_arrays_ = 0;  // structs that are met in one
};

}  // namespace

bool is_printable(const Btf &btf) { return Measure(btf).within_limits(); }

}  // namespace spile::object
