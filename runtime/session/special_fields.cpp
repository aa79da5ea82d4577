#include "runtime/session/special_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace spile::session {

namespace {

using maps::SpecialField;

// Structs deeper than this, and arrays with more elements, hold no special fields for the kernel either.
constexpr unsigned kMaxDepth = 4;
constexpr uint32_t kMaxElements = 64;

std::optional<SpecialField::Kind> kind_of(std::string_view name) {
  if (name == "bpf_spin_lock" || name == "bpf_res_spin_lock") return SpecialField::SpinLock;
  if (name == "bpf_timer") return SpecialField::Timer;
  static constexpr std::array<std::string_view, 7> kOthers = {
      "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount", "bpf_wq", "bpf_task_work"};
  if (std::ranges::find(kOthers, name) != kOthers.end()) return SpecialField::Other;
  return std::nullopt;
}

bool is_kptr(const object::Btf &btf, const object::BtfType &type) {
  if (type.kind != object::BtfKind::Ptr) return false;
  const object::BtfType tag = btf.type(type.type);
  return tag.kind == object::BtfKind::TypeTag &&
         (tag.name == "kptr" || tag.name == "kptr_untrusted" || tag.name == "percpu_kptr");
}

void collect(const object::Btf &btf, object::BtfId id, uint32_t offset, unsigned depth,
             std::vector<SpecialField> &fields) {
  const object::BtfId resolved = btf.resolve(id);
  const object::BtfType type = btf.type(resolved);
  if (is_kptr(btf, type)) {
    fields.push_back({SpecialField::Kptr, offset, sizeof(uint64_t)});
  } else if (type.kind == object::BtfKind::Struct) {
    if (const auto kind = kind_of(type.name)) {
      fields.push_back({*kind, offset, type.size});
      return;
    }
    if (depth == kMaxDepth) return;
    for (const object::BtfMember &member : btf.members(resolved))
      collect(btf, member.type, offset + member.bit_offset / 8, depth + 1, fields);
  } else if (type.kind == object::BtfKind::Array && depth < kMaxDepth) {
    const auto size = static_cast<uint32_t>(btf.size_of(type.type));
    for (uint32_t i = 0; i < std::min(type.length, kMaxElements); i++)
      collect(btf, type.type, offset + i * size, depth + 1, fields);
  }
}

}  // namespace

std::vector<maps::SpecialField> special_fields(const object::Btf &btf, object::BtfId value_type) {
  std::vector<SpecialField> fields;
  if (value_type) collect(btf, value_type, 0, 0, fields);
  return fields;
}

}  // namespace spile::session
