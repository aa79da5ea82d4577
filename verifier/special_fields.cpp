#include "verifier/special_fields.h"

#include <algorithm>
#include <optional>

namespace spile::verifier {
namespace {

using object::Btf;
using object::BtfId;
using object::BtfKind;

constexpr unsigned kMaxDepth = 16;       // structs in structs
constexpr uint32_t kMaxElements = 1024;  // of an array of structs that hold special fields
constexpr size_t kMaxFields = 11;        // BTF_FIELDS_MAX: a struct with more has none for the kernel

std::optional<FieldKind> kind_of_struct(std::string_view name) {
  static constexpr std::pair<std::string_view, FieldKind> kNames[] = {
      {"bpf_spin_lock", FieldKind::SpinLock}, {"bpf_res_spin_lock", FieldKind::ResSpinLock},
      {"bpf_timer", FieldKind::Timer},        {"bpf_wq", FieldKind::Workqueue},
      {"bpf_task_work", FieldKind::TaskWork}, {"bpf_list_head", FieldKind::ListHead},
      {"bpf_list_node", FieldKind::ListNode}, {"bpf_rb_root", FieldKind::RbRoot},
      {"bpf_rb_node", FieldKind::RbNode},     {"bpf_refcount", FieldKind::Refcount},
  };
  for (const auto &[known, kind] : kNames)
    if (known == name) return kind;
  return {};
}

std::optional<FieldKind> kind_of_tag(std::string_view tag) {
  if (tag == "kptr") return FieldKind::Kptr;
  if (tag == "kptr_untrusted") return FieldKind::KptrUntrusted;
  if (tag == "percpu_kptr") return FieldKind::PerCpuKptr;
  if (tag == "uptr") return FieldKind::UserPtr;
  return {};
}

class Collector {
 public:
  explicit Collector(const Btf &btf) : btf_(btf) {}

  void visit(BtfId type, uint32_t offset, unsigned depth) {
    if (depth == 0 || fields_.size() > kMaxFields) return;
    const BtfId id = btf_.resolve(type);
    const object::BtfType t = btf_.type(id);
    switch (t.kind) {
      case BtfKind::Struct: {
        if (const auto kind = kind_of_struct(t.name)) {
          fields_.push_back({*kind, offset, t.size, {}});
          if (*kind == FieldKind::ListHead || *kind == FieldKind::RbRoot) find_elements(fields_.back());
          return;
        }
        int32_t index = 0;
        for (const object::BtfMember &m : btf_.members(id)) {
          holder_ = id, component_ = index++;
          if (m.bitfield_size == 0) visit(m.type, offset + m.bit_offset / 8, depth - 1);
        }
        return;
      }
      case BtfKind::Array: {
        const auto size = static_cast<uint32_t>(btf_.size_of(t.type));
        for (uint32_t i = 0; i < std::min(t.length, kMaxElements); i++) visit(t.type, offset + i * size, depth - 1);
        return;
      }
      case BtfKind::DataSec:
        for (const object::BtfVarSecInfo &v : btf_.variables(id)) {
          holder_ = v.var, component_ = -1;
          visit(btf_.type(v.var).type, offset + v.offset, depth - 1);
        }
        return;
      case BtfKind::Ptr:
        pointer(t.type, offset);
        return;
      default:
        return;
    }
  }

  std::vector<SpecialField> take() {
    if (fields_.size() > kMaxFields) return {};
    std::ranges::stable_sort(fields_, {}, &SpecialField::offset);
    return std::move(fields_);
  }

 private:
  // "contains:TYPE:MEMBER", a tag on the member or variable that is the list's head or the tree's root.
  void find_elements(SpecialField &root) const {
    constexpr std::string_view kPrefix = "contains:";
    for (uint32_t i = 1; i < btf_.type_count(); i++) {
      const object::BtfType tag = btf_.type({i});
      if (tag.kind != BtfKind::DeclTag || tag.type != holder_ || tag.component != component_) continue;
      if (!tag.name.starts_with(kPrefix)) continue;
      const std::string_view text = tag.name.substr(kPrefix.size());
      const size_t colon = text.find(':');
      if (colon == std::string_view::npos) return;
      root.target = btf_.find(std::string(text.substr(0, colon)), BtfKind::Struct);
      for (const object::BtfMember &m : btf_.members(root.target))
        if (m.name == text.substr(colon + 1)) root.node_offset = m.bit_offset / 8;
      return;
    }
  }

  void pointer(BtfId to, uint32_t offset) {
    object::BtfType t = btf_.type(to);
    // Qualifiers may stand before the tag, as in `const struct x __kptr *`.
    for (unsigned i = 0; i < kMaxDepth && (t.kind == BtfKind::Const || t.kind == BtfKind::Volatile); i++)
      t = btf_.type(t.type);
    if (t.kind != BtfKind::TypeTag) return;
    if (const auto kind = kind_of_tag(t.name)) fields_.push_back({*kind, offset, 8, btf_.resolve(t.type)});
  }

  const Btf &btf_;
  BtfId holder_;  // what is visited is its member, or it is the variable
  int32_t component_ = -1;
  std::vector<SpecialField> fields_;
};

}  // namespace

std::vector<SpecialField> special_fields(const Btf &btf, BtfId type) {
  if (btf.empty() || !type) return {};
  Collector collector(btf);
  collector.visit(type, 0, kMaxDepth);
  return collector.take();
}

const char *name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::SpinLock:
      return "bpf_spin_lock";
    case FieldKind::ResSpinLock:
      return "bpf_res_spin_lock";
    case FieldKind::Timer:
      return "bpf_timer";
    case FieldKind::Workqueue:
      return "bpf_wq";
    case FieldKind::TaskWork:
      return "bpf_task_work";
    case FieldKind::ListHead:
      return "bpf_list_head";
    case FieldKind::ListNode:
      return "bpf_list_node";
    case FieldKind::RbRoot:
      return "bpf_rb_root";
    case FieldKind::RbNode:
      return "bpf_rb_node";
    case FieldKind::Refcount:
      return "bpf_refcount";
    case FieldKind::Kptr:
    case FieldKind::KptrUntrusted:
      return "kptr";
    case FieldKind::PerCpuKptr:
      return "percpu_kptr";
    case FieldKind::UserPtr:
      return "uptr";
  }
  return "";
}

}  // namespace spile::verifier
