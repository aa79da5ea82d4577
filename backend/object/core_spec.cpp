#include "backend/object/core_spec.h"

#include <fmt/format.h>

#include <charconv>

#include "support/check.h"

namespace spile::object {

using tables::CoreKind;
using tables::CoreSubject;

namespace {

bool is_composite(BtfKind kind) { return kind == BtfKind::Struct || kind == BtfKind::Union; }
bool is_enum(BtfKind kind) { return kind == BtfKind::Enum || kind == BtfKind::Enum64; }

Result<std::vector<uint32_t>> parse_indices(std::string_view access) {
  std::vector<uint32_t> indices;
  const char *at = access.data(), *end = at + access.size();
  for (;;) {
    uint32_t index = 0;
    const auto [next, error] = std::from_chars(at, end, index);
    if (error != std::errc{} || index > INT32_MAX || (next != end && *next != ':'))
      return input_error("the access string `{}` is no list of indices", access);
    if (indices.size() == kMaxCoreSpec)
      return input_error("the access string `{}` has more than {} indices", access, kMaxCoreSpec);
    indices.push_back(index);
    if (next == end) return indices;
    at = next + 1;
  }
}

std::unexpected<Error> does_not_fit(const Btf &btf, BtfId type, std::string_view access) {
  return input_error("the access string `{}` does not fit `{}`", access, print_core_type(btf, type));
}

}  // namespace

bool is_flexible_array(const Btf &btf, const CorePoint &member, const BtfType &array) {
  if (member.name.empty() || array.length > 1) return false;
  const BtfType record = btf.type(member.type);
  return is_composite(record.kind) && member.index + 1 == record.length;
}

Result<CoreSpec> parse_core_spec(const Btf &btf, BtfId type, std::string_view access, CoreKind kind) {
  CoreSpec spec{.root = type, .indices = {}, .points = {}};
  const CoreSubject about = tables::info_of(kind).about;
  if (about == CoreSubject::Type) {
    if (access != "0") return does_not_fit(btf, type, access);
    return spec;
  }
  Result<std::vector<uint32_t>> indices = parse_indices(access);
  if (!indices) return std::unexpected(indices.error());
  spec.indices = std::move(*indices);
  BtfId at = btf.resolve(type);
  const BtfType root = btf.type(at);
  if (about == CoreSubject::Enum) {
    if (!is_enum(root.kind) || spec.indices.size() != 1) return does_not_fit(btf, type, access);
    const std::vector<BtfEnumerator> enumerators = btf.enumerators(at);
    if (spec.indices[0] >= enumerators.size()) return does_not_fit(btf, type, access);
    spec.points.push_back({at, spec.indices[0], enumerators[spec.indices[0]].name});
    return spec;
  }
  spec.points.push_back({at, spec.indices[0], {}});
  spec.bit_offset = spec.indices[0] * btf.size_of(at) * 8;
  for (size_t i = 1; i < spec.indices.size(); i++) {
    at = btf.resolve(at);
    const BtfType here = btf.type(at);
    const uint32_t index = spec.indices[i];
    if (is_composite(here.kind)) {
      if (index >= here.length) return does_not_fit(btf, type, access);
      const BtfMember member = btf.members(at)[index];
      spec.bit_offset += member.bit_offset;
      if (!member.name.empty()) spec.points.push_back({at, index, member.name});
      at = member.type;
    } else if (here.kind == BtfKind::Array) {
      at = btf.resolve(here.type);
      if (index >= here.length && !is_flexible_array(btf, spec.points.back(), here))
        return does_not_fit(btf, type, access);
      spec.points.push_back({at, index, {}});
      spec.bit_offset += index * btf.size_of(at) * 8;
    } else {
      return does_not_fit(btf, type, access);
    }
  }
  return spec;
}

std::string print_core_type(const Btf &btf, BtfId id) {
  const BtfType type = btf.type(id);
  const std::string_view name = type.name.empty() ? std::string_view("(anonymous)") : type.name;
  switch (type.kind) {
    case BtfKind::Struct:
      return fmt::format("struct {}", name);
    case BtfKind::Union:
      return fmt::format("union {}", name);
    case BtfKind::Enum:
    case BtfKind::Enum64:
      return fmt::format("enum {}", name);
    case BtfKind::Fwd:
      return fmt::format("{} {}", type.is_union ? "union" : "struct", name);
    default:
      return std::string(name);
  }
}

std::string print_core_spec(const Btf &btf, const CoreSpec &spec, CoreKind kind) {
  std::string out = print_core_type(btf, spec.root);
  switch (tables::info_of(kind).about) {
    case CoreSubject::Type:
      break;
    case CoreSubject::Enum:
      out += fmt::format("::{}", spec.points[0].name);
      break;
    case CoreSubject::Field:
      for (size_t i = 0; i < spec.points.size(); i++) {
        const CorePoint &point = spec.points[i];
        if (!point.name.empty())
          out += fmt::format(".{}", point.name);
        else if (i > 0 || point.index > 0)
          out += fmt::format("[{}]", point.index);
      }
      break;
  }
  return out;
}

namespace {

// The element's type under all dimensions of an array.
BtfId innermost(const Btf &btf, BtfId id) {
  constexpr int kMaxDimensions = 64;  // more, only a cycle has
  id = btf.resolve(id);
  for (int i = 0; i < kMaxDimensions && btf.type(id).kind == BtfKind::Array; i++) id = btf.resolve(btf.type(id).type);
  return id;
}

Result<CoreNumber> element_number(const Btf &btf, const CoreSpec &spec, CoreKind kind) {
  const BtfId type = spec.points.back().type;
  if (kind == CoreKind::FieldByteOffset)
    return CoreNumber{.value = spec.bit_offset / 8,
                      .access_size = static_cast<uint32_t>(btf.size_of(innermost(btf, type))),
                      .access_type = btf.resolve(type)};
  if (kind == CoreKind::FieldByteSize) return CoreNumber{.value = btf.size_of(type), .access_type = {}};
  return input_error("`{}` of an array's element", tables::info_of(kind).text);
}

Result<CoreNumber> member_number(const Btf &btf, const CoreSpec &spec, CoreKind kind) {
  const CorePoint &last = spec.points.back();
  const BtfMember member = btf.members(last.type)[last.index];
  const BtfId field = btf.resolve(member.type);
  const BtfType type = btf.type(field);
  const bool is_bitfield = member.bitfield_size != 0;
  uint64_t bytes = btf.size_of(field), offset = spec.bit_offset / 8, bits = bytes * 8;
  if (is_bitfield) {
    bits = member.bitfield_size;
    if (bytes == 0) return input_error("the bitfield `{}` has no size", member.name);
    offset = spec.bit_offset / 8 / bytes * bytes;
    while (spec.bit_offset + bits - offset * 8 > bytes * 8) {
      if (bytes >= 8) return input_error("no load of 8 bytes holds the bitfield `{}`", member.name);
      bytes *= 2;
      offset = spec.bit_offset / 8 / bytes * bytes;
    }
  }
  CoreNumber number{.is_certain = !is_bitfield, .access_type = {}};
  switch (kind) {
    case CoreKind::FieldByteOffset:
      number.value = offset;
      if (!is_bitfield) {
        number.access_size = static_cast<uint32_t>(btf.size_of(innermost(btf, field)));
        number.access_type = field;
      }
      break;
    case CoreKind::FieldByteSize:
      number.value = bytes;
      break;
    case CoreKind::FieldSigned:
      number.value = (type.kind == BtfKind::Int || is_enum(type.kind)) && type.is_signed ? 1 : 0;
      number.is_certain = true;
      break;
    case CoreKind::FieldLshiftU64:
      number.value = 64 - (spec.bit_offset + bits - offset * 8);
      break;
    case CoreKind::FieldRshiftU64:
      number.value = 64 - bits;
      number.is_certain = true;
      break;
    case CoreKind::FieldExists:
    case CoreKind::TypeIdLocal:
    case CoreKind::TypeIdTarget:
    case CoreKind::TypeExists:
    case CoreKind::TypeSize:
    case CoreKind::EnumvalExists:
    case CoreKind::EnumvalValue:
    case CoreKind::TypeMatches:
      break;  // core_number has answered
  }
  return number;
}

}  // namespace

Result<CoreNumber> core_number(const Btf &btf, const CoreSpec &spec, CoreKind kind) {
  switch (kind) {
    case CoreKind::FieldExists:
    case CoreKind::TypeExists:
    case CoreKind::TypeMatches:
    case CoreKind::EnumvalExists:
      return CoreNumber{.value = 1, .access_type = {}};
    case CoreKind::TypeIdLocal:
    case CoreKind::TypeIdTarget:
      return CoreNumber{.value = spec.root.value, .is_certain = false, .access_type = {}};
    case CoreKind::TypeSize:
      return CoreNumber{.value = btf.size_of(spec.root), .access_type = {}};
    case CoreKind::EnumvalValue: {
      const CorePoint &point = spec.points[0];
      return CoreNumber{.value = static_cast<uint64_t>(btf.enumerators(point.type)[point.index].value),
                        .access_type = {}};
    }
    case CoreKind::FieldByteOffset:
    case CoreKind::FieldByteSize:
    case CoreKind::FieldSigned:
    case CoreKind::FieldLshiftU64:
    case CoreKind::FieldRshiftU64:
      return spec.points.back().name.empty() ? element_number(btf, spec, kind) : member_number(btf, spec, kind);
  }
  SPILE_UNREACHABLE("a kind that is not in core_relocs.def");
}

}  // namespace spile::object
