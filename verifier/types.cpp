#include "verifier/types.h"

#include <fmt/format.h>

namespace spile::verifier {
namespace {

using object::BtfId;
using object::BtfKind;
using object::BtfType;

constexpr unsigned kMaxNesting = 16;

// The tags of a pointer's target: __rcu, __percpu, __user.
void read_tags(const object::Btf &btf, BtfId target, Walk &walk) {
  BtfType t = btf.type(target);
  for (unsigned i = 0; i < kMaxNesting; i++) {
    if (t.kind == BtfKind::TypeTag) {
      walk.is_rcu |= t.name == "rcu";
      walk.is_percpu |= t.name == "percpu";
      walk.is_user |= t.name == "user";
    } else if (t.kind != BtfKind::Const && t.kind != BtfKind::Volatile && t.kind != BtfKind::Typedef) {
      return;
    }
    t = btf.type(t.type);
  }
}

Walk failed(std::string text) {
  Walk walk;
  walk.error = std::move(text);
  return walk;
}
Walk number() {
  Walk walk;
  walk.kind = Walk::Number;
  return walk;
}

}  // namespace

std::string_view without_flavour(std::string_view name) {
  const size_t at = name.find("___");
  return at == std::string_view::npos || at == 0 ? name : name.substr(0, at);
}

TypeRef Types::find_in_kernel(std::string_view name, BtfKind kind) const {
  if (kernel_ == nullptr) {
    was_missed_ = true;
    return {};
  }
  const auto [it, is_new] = in_kernel_.try_emplace({std::string(name), kind});
  if (is_new) it->second = {true, kernel_->find(name, kind)};
  return it->second;
}

TypeRef Types::find_in_object(std::string_view name, BtfKind kind) const {
  if (object_.empty()) return {};
  const auto [it, is_new] = in_object_.try_emplace({std::string(name), kind});
  if (is_new) it->second = {false, object_.find(name, kind)};
  return it->second;
}

TypeRef Types::find_struct(std::string_view flavoured) const {
  const std::string_view name = without_flavour(flavoured);
  const auto find = [&](bool in_kernel) {
    return in_kernel ? find_in_kernel(name, BtfKind::Struct) : find_in_object(name, BtfKind::Struct);
  };
  const TypeRef first = find(relocated_);
  return first ? first : find(!relocated_);
}

TypeRef Types::find_function(std::string_view name) const { return find_in_kernel(name, BtfKind::Func); }
TypeRef Types::find_typedef(std::string_view name) const { return find_in_kernel(name, BtfKind::Typedef); }

TypeRef Types::find_variable(std::string_view name) const { return find_in_kernel(name, BtfKind::Var); }
bool Types::is_per_cpu(TypeRef variable) const {
  const TypeRef section = find_in_kernel(".data..percpu", BtfKind::DataSec);
  if (!section) return false;
  for (const object::BtfVarSecInfo &v : kernel_->variables(section.id))
    if (v.var == variable.id) return true;
  return false;
}

bool Types::is_local(std::string_view name) const {
  return kernel_ != nullptr && !find_in_kernel(name, BtfKind::Struct);
}

TypeRef Types::as_relocated(TypeRef type) const {
  if (!type) return type;
  if (type.in_kernel) {
    if (relocated_) return type;
    const TypeRef own = find_in_object(kernel_->type(kernel_->resolve(type.id)).name, BtfKind::Struct);
    return own ? own : type;
  }
  const BtfType t = object_.type(object_.resolve(type.id));
  if (t.kind == BtfKind::Fwd || (relocated_ && t.kind == BtfKind::Struct))
    if (const TypeRef whole = find_struct(t.name)) return whole;
  return type;
}

TypeRef Types::kernel_id(uint32_t number) const { return {relocated_ && kernel_ != nullptr, BtfId{number}}; }

std::string_view Types::name_of(TypeRef type) const {
  return type ? without_flavour(btf(type).type(btf(type).resolve(type.id)).name) : std::string_view("?");
}

Walk Types::walk(TypeRef type, int64_t off, uint64_t size) const {
  Walk result = walk(type, static_cast<uint64_t>(off), size, kMaxNesting);
  // The kernel's lists of safe members name the struct that the pointer is to, not one inside it.
  if (result.kind == Walk::Pointer) result.owner = name_of(type);
  return result;
}

Walk Types::walk(TypeRef ref, uint64_t off, uint64_t size, unsigned depth) const {
  const object::Btf &btf = this->btf(ref);
  const BtfId id = btf.resolve(ref.id);
  const BtfType t = btf.type(id);
  if (depth == 0 || (t.kind != BtfKind::Struct && t.kind != BtfKind::Union))
    return failed(fmt::format("Type '{}' is not a struct", t.name));
  const std::vector<object::BtfMember> members = btf.members(id);
  if (off + size > t.size) {
    // A flexible array at the end has elements of any number.
    if (members.empty()) return failed(fmt::format("access beyond struct {} at off {} size {}", t.name, off, size));
    const object::BtfMember &last = members.back();
    const BtfType array = btf.type(btf.resolve(last.type));
    if (array.kind != BtfKind::Array || array.length != 0 || off < last.bit_offset / 8)
      return failed(fmt::format("access beyond struct {} at off {} size {}", t.name, off, size));
    const BtfId element = btf.resolve(array.type);
    const BtfKind kind = btf.type(element).kind;
    if (kind != BtfKind::Struct && kind != BtfKind::Union) return number();
    const uint64_t stride = btf.size_of(element);
    return stride == 0 ? number()
                       : walk({ref.in_kernel, element}, (off - last.bit_offset / 8) % stride, size, depth - 1);
  }
  for (const object::BtfMember &m : members) {
    uint64_t start = m.bit_offset / 8;
    if (m.bitfield_size != 0) {
      // The access must hold the whole bitfield.
      if (off * 8 <= m.bit_offset && (off + size) * 8 >= uint64_t{m.bit_offset} + m.bitfield_size) {
        Walk result = number();
        result.member = m.name;
        return result;
      }
      if (off + size <= start) return failed(fmt::format("struct {} doesn't have field at offset {}", t.name, off));
      continue;
    }
    BtfId inner = btf.resolve(m.type);
    BtfType it = btf.type(inner);
    uint64_t bytes = btf.size_of(inner);
    const uint64_t end = start + bytes;
    if (off < start || off >= end) continue;
    while (it.kind == BtfKind::Array) {
      inner = btf.resolve(it.type);
      it = btf.type(inner);
      bytes = btf.size_of(inner);
      if (bytes == 0) return number();
      start += (off - start) / bytes * bytes;
    }
    if (it.kind == BtfKind::Struct || it.kind == BtfKind::Union) {
      Walk result = walk({ref.in_kernel, inner}, off - start, size, depth - 1);
      // Unions of one member only make it 8 bytes wide on every machine (__bpf_md_ptr).
      result.in_union |= it.kind == BtfKind::Union && btf.members(inner).size() > 1;
      return result;
    }
    if (it.kind == BtfKind::Ptr) {
      if (start != off || size != bytes)
        return failed(fmt::format("cannot access ptr member {} with moff {} in struct {} with off {} size {}", m.name,
                                  start, t.name, off, size));
      Walk result = number();
      read_tags(btf, it.type, result);
      const BtfId target = btf.resolve(it.type);
      const BtfKind kind = btf.type(target).kind;
      if (kind == BtfKind::Fwd) {
        // Elsewhere the struct may be whole.
        const TypeRef whole = find_struct(btf.type(target).name);
        if (!whole) return result;
        result.type = whole;
      } else if (kind == BtfKind::Struct) {
        result.type = {ref.in_kernel, target};
      } else {
        return result;
      }
      result.kind = Walk::Pointer;
      result.member = m.name;
      return result;
    }
    if (off + size > end)  // of an array, of several elements at once
      return failed(fmt::format("access beyond the end of member {} (mend:{}) in struct {} with off {} size {}", m.name,
                                end, t.name, off, size));
    Walk result = number();
    result.member = m.name;
    return result;
  }
  return failed(fmt::format("struct {} doesn't have field at offset {}", t.name, off));
}

bool Types::begins_with(TypeRef type, int64_t off, std::string_view wanted, bool exactly) const {
  return off >= 0 && type && begins_with(type, static_cast<uint64_t>(off), wanted, exactly, kMaxNesting);
}

bool Types::begins_with(TypeRef ref, uint64_t off, std::string_view wanted, bool exactly, unsigned depth) const {
  const object::Btf &btf = this->btf(ref);
  const BtfId id = btf.resolve(ref.id);
  const BtfType t = btf.type(id);
  if (off == 0 && without_flavour(t.name) == wanted) return true;
  if (depth == 0 || (t.kind != BtfKind::Struct && t.kind != BtfKind::Union) || exactly) return false;
  for (const object::BtfMember &m : btf.members(id)) {
    const uint64_t start = m.bit_offset / 8;
    BtfId inner = btf.resolve(m.type);
    uint64_t bytes = btf.size_of(inner);
    if (m.bitfield_size != 0 || off < start || off >= start + bytes) continue;
    uint64_t at = off - start;
    for (BtfType it = btf.type(inner); it.kind == BtfKind::Array; it = btf.type(inner)) {
      inner = btf.resolve(it.type);
      bytes = btf.size_of(inner);
      if (bytes == 0) return false;
      at %= bytes;
    }
    return begins_with({ref.in_kernel, inner}, at, wanted, false, depth - 1);
  }
  // A struct that the object's BTF only mentions, or cut to what the program uses, begins as the kernel's does.
  if (!ref.in_kernel)
    if (const TypeRef whole = find_in_kernel(without_flavour(t.name), BtfKind::Struct))
      return begins_with(whole, off, wanted, exactly, depth - 1);
  return false;
}

const std::vector<SpecialField> &Types::fields_of(object::BtfId type) const {
  const auto [place, is_new] = fields_.try_emplace(type.value);
  if (is_new) place->second = special_fields(object_, type);
  return place->second;
}

}  // namespace spile::verifier
