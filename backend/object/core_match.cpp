#include "backend/object/core_match.h"

#include <algorithm>

namespace spile::object {

using tables::CoreKind;
using tables::CoreSubject;

namespace {

// Of libbpf: pointers behind pointers, and types in types.
constexpr int kMaxDerivations = 32;
constexpr int kMaxTypeNesting = 32;
// Records that contain records twice, and those again, take a time that doubles with each level: only BTF that was made
// for it does. Types and members that are looked at, for one relocation and candidate.
constexpr int kMaxComparisons = 1 << 20;

bool is_composite(BtfKind kind) { return kind == BtfKind::Struct || kind == BtfKind::Union; }
bool is_enum(BtfKind kind) { return kind == BtfKind::Enum || kind == BtfKind::Enum64; }
bool same_kind(const BtfType &a, const BtfType &b) { return a.kind == b.kind || (is_enum(a.kind) && is_enum(b.kind)); }
bool same_essential_name(std::string_view a, std::string_view b) { return essential_name(a) == essential_name(b); }

// No answer: nested deeper than the loader looks.
using Answer = std::optional<bool>;

class Matcher {
 public:
  Matcher(const Btf &local, const Btf &target) : local_(local), target_(target) {}

  // Both as fields: sizes do not count.
  Answer fields_agree(BtfId local_id, BtfId target_id) const {
    for (int depth = 0; depth < kMaxDerivations; depth++) {
      const BtfType local = local_.type(local_.resolve(local_id)), target = target_.type(target_.resolve(target_id));
      if (is_composite(local.kind) && is_composite(target.kind)) return true;
      if (!same_kind(local, target)) return false;
      switch (local.kind) {
        case BtfKind::Ptr:
        case BtfKind::Float:
        case BtfKind::Int:
          return true;
        case BtfKind::Fwd:
        case BtfKind::Enum:
        case BtfKind::Enum64:
          return local.name.empty() || target.name.empty() || same_essential_name(local.name, target.name);
        case BtfKind::Array:
          local_id = local.type;
          target_id = target.type;
          continue;
        default:
          return false;
      }
    }
    return std::nullopt;
  }

  // Whether the types exist as the same kind of thing: what type_exists, type_size and type_id ask.
  Answer types_agree(BtfId local_id, BtfId target_id, int level = kMaxTypeNesting) const {
    if (is_spent()) return std::nullopt;
    if (!same_kind(local_.type(local_id), target_.type(target_id))) return false;
    for (int depth = 0; depth < kMaxDerivations; depth++) {
      local_id = local_.resolve(local_id);
      target_id = target_.resolve(target_id);
      const BtfType local = local_.type(local_id), target = target_.type(target_id);
      if (!same_kind(local, target)) return false;
      switch (local.kind) {
        case BtfKind::Ptr:
        case BtfKind::Array:
          break;
        case BtfKind::FuncProto: {
          const Answer params = parameters(local_id, target_id, [&](BtfId a, BtfId b) {
            return level <= 0 ? Answer{} : types_agree(local_.resolve(a), target_.resolve(b), level - 1);
          });
          if (params != Answer(true)) return params;
          break;
        }
        case BtfKind::Void:
        case BtfKind::Struct:
        case BtfKind::Union:
        case BtfKind::Enum:
        case BtfKind::Enum64:
        case BtfKind::Fwd:
        case BtfKind::Int:
          return true;
        default:
          return false;
      }
      local_id = local.type;
      target_id = target.type;
    }
    return std::nullopt;
  }

  // Whether the target's type has all that the local one has: what type_matches asks.
  Answer types_match(BtfId local_id, BtfId target_id, bool is_behind_pointer, int level = kMaxTypeNesting) const {
    if (level <= 0 || is_spent()) return std::nullopt;
    for (int depth = 0; depth < kMaxDerivations; depth++) {
      local_id = local_.resolve(local_id);
      target_id = target_.resolve(target_id);
      const BtfType local = local_.type(local_id), target = target_.type(target_id);
      if (!same_essential_name(local.name, target.name)) return false;
      switch (local.kind) {
        case BtfKind::Void:
          return target.kind == BtfKind::Void;
        case BtfKind::Fwd:
          if (local.kind == target.kind) return local.is_union == target.is_union;
          return is_behind_pointer && target.kind == (local.is_union ? BtfKind::Union : BtfKind::Struct);
        case BtfKind::Enum:
        case BtfKind::Enum64:
          return is_enum(target.kind) && local.size == target.size && enumerators_match(local_id, target_id);
        case BtfKind::Struct:
        case BtfKind::Union:
          if (is_behind_pointer)
            return local.kind == target.kind ||
                   (target.kind == BtfKind::Fwd && target.is_union == (local.kind == BtfKind::Union));
          if (local.kind != target.kind) return false;
          return members_match(local_id, target_id, level);
        case BtfKind::Int:
          return target.kind == BtfKind::Int && local.size == target.size && local.is_signed == target.is_signed;
        case BtfKind::Ptr:
          if (target.kind != BtfKind::Ptr) return false;
          is_behind_pointer = true;
          break;
        case BtfKind::Array:
          if (target.kind != BtfKind::Array || local.length != target.length) return false;
          break;
        case BtfKind::FuncProto: {
          if (target.kind != BtfKind::FuncProto) return false;
          const Answer params = parameters(
              local_id, target_id, [&](BtfId a, BtfId b) { return types_match(a, b, is_behind_pointer, level - 1); });
          if (params != Answer(true)) return params;
          break;
        }
        default:
          return false;
      }
      local_id = local.type;
      target_id = target.type;
    }
    return std::nullopt;
  }

  // Finds the member that [wanted] names in [record], through anonymous records; extends [spec] and moves [record] to
  // its type.
  Answer find_member(const CorePoint &wanted, BtfId &record, CoreSpec &spec) const {
    const BtfMember local_member = local_.members(wanted.type)[wanted.index];
    return find_member(local_member, record, spec);
  }

 private:
  bool is_spent() const { return ++comparisons_ > kMaxComparisons; }

  Answer find_member(const BtfMember &wanted, BtfId &record, CoreSpec &spec) const {
    const BtfId id = target_.resolve(record);
    if (!is_composite(target_.type(id).kind)) return false;
    const std::vector<BtfMember> members = target_.members(id);
    for (uint32_t i = 0; i < members.size(); i++) {
      // Also the bound of this recursion.
      if (spec.indices.size() == kMaxCoreSpec || is_spent()) return std::nullopt;
      const BtfMember &member = members[i];
      if (!member.name.empty() && member.name != wanted.name) continue;
      spec.indices.push_back(i);
      spec.bit_offset += member.bit_offset;
      BtfId next = member.type;
      if (member.name.empty()) {
        const Answer found = find_member(wanted, next, spec);
        if (found != Answer(false)) {
          record = next;
          return found;
        }
      } else {
        const Answer agree = fields_agree(wanted.type, member.type);
        if (agree == Answer(true)) spec.points.push_back({id, i, member.name});
        record = next;
        return agree;
      }
      spec.indices.pop_back();
      spec.bit_offset -= member.bit_offset;
    }
    return false;
  }

  template <class Compare>
  Answer parameters(BtfId local_id, BtfId target_id, Compare compare) const {
    const std::vector<BtfParam> local = local_.params(local_id), target = target_.params(target_id);
    if (local.size() != target.size()) return false;
    for (size_t i = 0; i < local.size(); i++)
      if (const Answer same = compare(local[i].type, target[i].type); same != Answer(true)) return same;
    return true;
  }

  bool enumerators_match(BtfId local_id, BtfId target_id) const {
    const std::vector<BtfEnumerator> local = local_.enumerators(local_id), target = target_.enumerators(target_id);
    return local.size() <= target.size() && std::ranges::all_of(local, [&](const BtfEnumerator &wanted) {
             return std::ranges::any_of(
                 target, [&](const BtfEnumerator &e) { return same_essential_name(wanted.name, e.name); });
           });
  }

  Answer members_match(BtfId local_id, BtfId target_id, int level) const {
    const std::vector<BtfMember> local = local_.members(local_id), target = target_.members(target_id);
    if (local.size() > target.size()) return false;
    for (const BtfMember &wanted : local) {
      bool found = false;
      for (const BtfMember &member : target) {
        if (!same_essential_name(wanted.name, member.name)) continue;
        const Answer same = types_match(wanted.type, member.type, false, level - 1);
        if (!same) return same;
        found = *same;
        if (found) break;
      }
      if (!found) return false;
    }
    return true;
  }

  const Btf &local_;
  const Btf &target_;
  mutable int comparisons_ = 0;
};

std::unexpected<Error> too_deep() { return input_error("the types nest deeper than the loader compares them"); }

// A type's relocation needs no path, only the answer.
Result<std::optional<CoreSpec>> type_answer(const Answer &agree, BtfId candidate) {
  if (!agree) return too_deep();
  if (!*agree) return std::nullopt;
  return CoreSpec{.root = candidate, .indices = {}, .points = {}};
}

}  // namespace

std::string_view essential_name(std::string_view name) {
  // X___Y, where X and Y are no underscores; the last one counts.
  for (size_t i = name.size() < 5 ? 0 : name.size() - 4; i-- > 0;)
    if (name[i] != '_' && name.substr(i + 1, 3) == "___" && name[i + 4] != '_') return name.substr(0, i + 1);
  return name;
}

bool may_be_candidate(const BtfType &local, const BtfType &target) {
  return same_kind(local, target) && same_essential_name(local.name, target.name);
}

Result<std::optional<CoreSpec>> match_core_spec(const Btf &local_btf, const CoreSpec &local, CoreKind kind,
                                                const Btf &target, BtfId candidate) {
  const Matcher matcher(local_btf, target);
  CoreSpec found{.root = candidate, .indices = {}, .points = {}};
  switch (tables::info_of(kind).about) {
    case CoreSubject::Type:
      return type_answer(kind == CoreKind::TypeMatches ? matcher.types_match(local.root, candidate, false)
                                                       : matcher.types_agree(local.root, candidate),
                         candidate);
    case CoreSubject::Enum: {
      const BtfId type = target.resolve(candidate);
      const std::vector<BtfEnumerator> enumerators = target.enumerators(type);
      const auto at = std::ranges::find_if(
          enumerators, [&](const BtfEnumerator &e) { return same_essential_name(e.name, local.points[0].name); });
      if (at == enumerators.end()) return std::nullopt;
      const auto index = static_cast<uint32_t>(at - enumerators.begin());
      found.indices.push_back(index);
      found.points.push_back({type, index, at->name});
      return found;
    }
    case CoreSubject::Field:
      break;
  }
  BtfId at = candidate;
  for (size_t i = 0; i < local.points.size(); i++) {
    const CorePoint &point = local.points[i];
    at = target.resolve(at);
    if (!point.name.empty()) {
      const Answer member = matcher.find_member(point, at, found);
      if (!member) return too_deep();
      if (!*member) return std::nullopt;
      continue;
    }
    if (i > 0) {
      const BtfType array = target.type(at);
      if (array.kind != BtfKind::Array) return std::nullopt;
      if (point.index >= array.length && !is_flexible_array(target, found.points.back(), array)) return std::nullopt;
      at = target.resolve(array.type);
    }
    if (found.indices.size() == kMaxCoreSpec) return too_deep();
    found.indices.push_back(point.index);
    found.points.push_back({at, point.index, {}});
    found.bit_offset += point.index * target.size_of(at) * 8;
  }
  return found;
}

}  // namespace spile::object
