#include "backend/object/btf_check.h"

#include <linux/btf.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "backend/object/btf.h"

namespace spile::object {

size_t btf_tail_size(BtfKind kind, uint32_t parts) {
  switch (kind) {
    case BtfKind::Int:
      return sizeof(uint32_t);
    case BtfKind::Array:
      return sizeof(btf_array);
    case BtfKind::Struct:
    case BtfKind::Union:
      return parts * sizeof(btf_member);
    case BtfKind::Enum:
      return parts * sizeof(btf_enum);
    case BtfKind::Enum64:
      return parts * 3 * sizeof(uint32_t);
    case BtfKind::FuncProto:
      return parts * sizeof(btf_param);
    case BtfKind::Var:
      return sizeof(btf_var);
    case BtfKind::DataSec:
      return parts * sizeof(btf_var_secinfo);
    case BtfKind::DeclTag:
      return sizeof(btf_decl_tag);
    case BtfKind::Ptr:
    case BtfKind::Fwd:
    case BtfKind::Typedef:
    case BtfKind::Volatile:
    case BtfKind::Const:
    case BtfKind::Restrict:
    case BtfKind::Func:
    case BtfKind::Float:
    case BtfKind::TypeTag:
      return 0;
    case BtfKind::Void:
      break;
  }
  return SIZE_MAX;
}

namespace {

// The words of one type: its btf_type header, then whatever its kind adds. Read by memcpy, because the section may
// stand at any address.
class Checker {
 public:
  Checker(std::span<const std::byte> types, std::span<const std::byte> strings) : types_(types), strings_(strings) {}

  Result<void> run() {
    if (Result<void> found = find_types(); !found) return found;
    for (uint32_t id = 1; id < starts_.size(); id++)
      if (Result<void> checked = check_type(id); !checked) return checked;
    return {};
  }

 private:
  uint32_t word(size_t at) const {
    uint32_t value = 0;
    std::memcpy(&value, types_.data() + at, sizeof value);
    return value;
  }

  Result<void> find_types() {
    starts_.push_back(0);  // void has no bytes
    size_t at = 0;
    while (at < types_.size()) {
      if (types_.size() - at < sizeof(btf_type)) return input_error(".BTF: type [{}] is cut off", starts_.size());
      const uint32_t info = word(at + 4);
      const size_t tail = btf_tail_size(static_cast<BtfKind>(BTF_INFO_KIND(info)), BTF_INFO_VLEN(info));
      if (tail == SIZE_MAX)
        return input_error(".BTF: type [{}] has kind {}, which is not known", starts_.size(),
                           static_cast<uint32_t>(BTF_INFO_KIND(info)));
      if (types_.size() - at - sizeof(btf_type) < tail)
        return input_error(".BTF: type [{}] is cut off", starts_.size());
      starts_.push_back(at);
      at += sizeof(btf_type) + tail;
    }
    return {};
  }

  Result<void> check_name(uint32_t id, uint32_t offset) const {
    if (offset < strings_.size()) return {};
    return input_error(".BTF: type [{}] has a name at {:#x}, past the {:#x} bytes of strings", id, offset,
                       strings_.size());
  }
  Result<void> check_reference(uint32_t id, uint32_t to) const {
    if (to < starts_.size()) return {};
    return input_error(".BTF: type [{}] refers to [{}], but the last one is [{}]", id, to, starts_.size() - 1);
  }

  // [count] parts of [size] bytes each; the name stands first in a part, a type at byte [type_at] of it.
  Result<void> check_parts(uint32_t id, size_t first, uint32_t count, size_t size, int name_at, int type_at) const {
    for (uint32_t i = 0; i < count; i++) {
      const size_t part = first + i * size;
      if (name_at >= 0)
        if (auto ok = check_name(id, word(part + static_cast<size_t>(name_at))); !ok) return ok;
      if (type_at >= 0)
        if (auto ok = check_reference(id, word(part + static_cast<size_t>(type_at))); !ok) return ok;
    }
    return {};
  }

  Result<void> check_type(uint32_t id) const {
    const size_t at = starts_[id];
    const uint32_t info = word(at + 4);
    const uint32_t parts = BTF_INFO_VLEN(info);
    const size_t tail = at + sizeof(btf_type);
    if (auto ok = check_name(id, word(at)); !ok) return ok;
    switch (static_cast<BtfKind>(BTF_INFO_KIND(info))) {
      case BtfKind::Ptr:
      case BtfKind::Typedef:
      case BtfKind::Volatile:
      case BtfKind::Const:
      case BtfKind::Restrict:
      case BtfKind::TypeTag:
      case BtfKind::DeclTag:
      case BtfKind::Var:
        return check_reference(id, word(at + 8));
      case BtfKind::Func: {
        const uint32_t proto = word(at + 8);
        if (auto ok = check_reference(id, proto); !ok) return ok;
        if (proto == 0 || BTF_INFO_KIND(word(starts_[proto] + 4)) != BTF_KIND_FUNC_PROTO)
          return input_error(".BTF: function [{}] has [{}] as its prototype, which is not one", id, proto);
        return {};
      }
      case BtfKind::Array:
        return check_parts(id, tail, 2, sizeof(uint32_t), -1, 0);  // element, index
      case BtfKind::Struct:
      case BtfKind::Union:
        return check_parts(id, tail, parts, sizeof(btf_member), 0, 4);
      case BtfKind::FuncProto:
        if (auto ok = check_reference(id, word(at + 8)); !ok) return ok;
        return check_parts(id, tail, parts, sizeof(btf_param), 0, 4);
      case BtfKind::DataSec: {
        if (auto ok = check_parts(id, tail, parts, sizeof(btf_var_secinfo), -1, 0); !ok) return ok;
        for (uint32_t i = 0; i < parts; i++) {
          // clang lists static functions of a section among its variables too.
          const uint32_t var = word(tail + i * sizeof(btf_var_secinfo));
          const uint32_t kind = var == 0 ? 0 : BTF_INFO_KIND(word(starts_[var] + 4));
          if (kind != BTF_KIND_VAR && kind != BTF_KIND_FUNC)
            return input_error(".BTF: section [{}] holds [{}], which is no variable", id, var);
        }
        return {};
      }
      case BtfKind::Enum:
        return check_parts(id, tail, parts, sizeof(btf_enum), 0, -1);
      case BtfKind::Enum64:
        return check_parts(id, tail, parts, 3 * sizeof(uint32_t), 0, -1);
      case BtfKind::Int:
      case BtfKind::Fwd:
      case BtfKind::Float:
      case BtfKind::Void:
        return {};
    }
    return {};
  }

  std::span<const std::byte> types_;
  std::span<const std::byte> strings_;
  std::vector<size_t> starts_;  // by id: where its btf_type begins
};

}  // namespace

Result<void> check_btf(std::span<const std::byte> bytes) {
  btf_header header{};
  if (bytes.size() < sizeof header) return input_error(".BTF: {} bytes are too few for its header", bytes.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic == __builtin_bswap16(BTF_MAGIC)) return unsupported_error(".BTF: it is big-endian");
  if (header.magic != BTF_MAGIC) return input_error(".BTF: its magic is {:#06x}, not 0xeb9f", header.magic);
  if (header.version != BTF_VERSION) return unsupported_error(".BTF: version {} is not known", header.version);
  // 64-bit sums of 32-bit fields cannot wrap.
  const uint64_t types = uint64_t{header.hdr_len} + header.type_off;
  const uint64_t strings = uint64_t{header.hdr_len} + header.str_off;
  if (header.hdr_len < sizeof header || header.hdr_len > bytes.size() || header.hdr_len % 4 != 0)
    return input_error(".BTF: a header of {} bytes in a section of {}", header.hdr_len, bytes.size());
  if (types % 4 != 0 || header.type_len % 4 != 0 || types + header.type_len > bytes.size())
    return input_error(".BTF: types at {:#x}, {:#x} bytes long, in a section of {:#x}", types, header.type_len,
                       bytes.size());
  if (header.str_len == 0 || strings + header.str_len > bytes.size())
    return input_error(".BTF: strings at {:#x}, {:#x} bytes long, in a section of {:#x}", strings, header.str_len,
                       bytes.size());
  if (header.type_off + uint64_t{header.type_len} > header.str_off)
    return input_error(".BTF: its types overlap its strings");
  const auto string_bytes = bytes.subspan(strings, header.str_len);
  if (string_bytes.front() != std::byte{0} || string_bytes.back() != std::byte{0})
    return input_error(".BTF: its strings do not begin and end with a NUL");
  return Checker(bytes.subspan(types, header.type_len), string_bytes).run();
}

}  // namespace spile::object
