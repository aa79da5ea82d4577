// BTF as C, through libbpf's btf_dump: it orders declarations and writes declarators.

#include <bpf/btf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <vector>

#include "backend/object/dump.h"

namespace spile::object {

namespace {

// btf_dump recurses through arrays, qualifiers and embedded structs; a hostile file could make it go on until the stack
// is full. The kernel takes 32 levels.
constexpr uint32_t kMaxNesting = 256;

struct DumpFree {
  void operator()(btf_dump *dump) const { btf_dump__free(dump); }
};

void append_printf(void *out, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (size <= 0) return;
  auto &text = *static_cast<std::string *>(out);
  const size_t at = text.size();
  text.resize(at + static_cast<size_t>(size) + 1);
  std::vsnprintf(text.data() + at, static_cast<size_t>(size) + 1, format, arguments);
  text.resize(at + static_cast<size_t>(size));
}

// What btf_dump visits: a type, met behind a pointer or not. Behind one, a named struct is only named, not written out;
// that is what ends every circle of a real program (struct list { struct list *next; }).
struct Visit {
  BtfId id;
  bool behind_pointer = false;
  size_t index() const { return size_t{id.value} * 2 + (behind_pointer ? 1 : 0); }
};

class NestingCheck {
 public:
  explicit NestingCheck(const Btf &btf) : btf_(btf), height_(size_t{btf.type_count()} * 2) {}

  // Some type nests deeper than kMaxNesting, or holds itself without a struct's name in between.
  bool too_deep() {
    for (uint32_t id = 1; id < btf_.type_count(); id++)
      if (!measure({BtfId{id}, false})) return true;
    return false;
  }

 private:
  static constexpr uint32_t kOpen = UINT32_MAX;
  struct Frame {
    Visit visit;
    std::vector<Visit> parts;
    size_t next = 0;
    uint32_t deepest = 0;  // of the parts
  };

  bool is_composite(BtfId id) const {
    const BtfKind kind = btf_.type(id).kind;
    return kind == BtfKind::Struct || kind == BtfKind::Union;
  }
  bool has_name(BtfId id) const { return !btf_.type(id).name.empty(); }

  std::vector<Visit> parts_of(Visit visit) const {
    std::vector<Visit> parts;
    const BtfType type = btf_.type(visit.id);
    if (is_composite(visit.id) && visit.behind_pointer && has_name(visit.id)) return parts;
    const bool behind = type.kind == BtfKind::Ptr || (visit.behind_pointer && type.kind != BtfKind::Array);
    if (type.type) parts.push_back({type.type, behind});
    for (const BtfMember &member : btf_.members(visit.id)) parts.push_back({member.type, false});
    for (const BtfParam &param : btf_.params(visit.id)) parts.push_back({param.type, behind});
    return parts;
  }

  // Depth first, with a stack of its own. False when the limit is passed.
  bool measure(Visit root) {
    if (height_[root.index()] != 0) return true;
    open(root);
    while (!stack_.empty()) {
      Frame &top = stack_.back();
      if (top.next == top.parts.size()) {
        const uint32_t height = top.deepest + 1;
        if (height > kMaxNesting) return false;
        height_[top.visit.index()] = height;
        stack_.pop_back();
        if (!stack_.empty()) stack_.back().deepest = std::max(stack_.back().deepest, height);
        continue;
      }
      const Visit part = top.parts[top.next++];
      if (!part.id) continue;
      const uint32_t known = height_[part.index()];
      if (known == kOpen) {
        if (!is_composite(part.id) || !has_name(part.id)) return false;
      } else if (known != 0) {
        top.deepest = std::max(top.deepest, known);
      } else if (stack_.size() > kMaxNesting) {
        return false;
      } else {
        open(part);
      }
    }
    return true;
  }
  void open(Visit visit) {
    height_[visit.index()] = kOpen;
    stack_.push_back({visit, parts_of(visit)});
  }

  const Btf &btf_;
  std::vector<uint32_t> height_;  // by Visit::index(); 0: not known yet
  std::vector<Frame> stack_;
};

}  // namespace

std::string dump_btf(const Btf &btf) {
  std::string out;
  if (btf.empty()) return out;
  if (NestingCheck(btf).too_deep()) return "/* types that nest too deep, or in a circle */\n";
  const std::unique_ptr<btf_dump, DumpFree> dump(btf_dump__new(btf.handle(), append_printf, &out, nullptr));
  if (dump == nullptr) return out;
  for (uint32_t id = 1; id < btf.type_count(); id++) {
    if (btf_dump__dump_type(dump.get(), id) != 0) {
      out += "/* a type that C cannot express */\n";
      continue;
    }
    const BtfType type = btf.type(BtfId{id});
    if (type.kind != BtfKind::Func && type.kind != BtfKind::Var) continue;
    out += type.linkage == 0 ? "static " : type.linkage == 2 ? "extern " : "";
    const std::string name(type.name);
    struct btf_dump_emit_type_decl_opts declaration{};
    declaration.sz = sizeof declaration;
    declaration.field_name = name.c_str();
    btf_dump__emit_type_decl(dump.get(), type.type.value, &declaration);
    out += ";\n\n";
  }
  return out;
}

}  // namespace spile::object
