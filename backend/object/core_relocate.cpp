#include "backend/object/core_relocate.h"

#include <algorithm>
#include <cstring>

#include "backend/isa/builder.h"
#include "backend/object/core_match.h"
#include "backend/object/core_reloc.h"

namespace spile::object {

using isa::Insn;
using tables::CoreKind;

CoreTarget::CoreTarget(const Btf &btf) : btf_(&btf) {
  for (uint32_t i = 1; i < btf.type_count(); i++)
    if (const BtfType type = btf.type({i}); is_named(type.kind) && !type.name.empty())
      by_name_[essential_name(type.name)].push_back({i});
}

bool CoreTarget::is_named(BtfKind kind) {
  switch (kind) {
    case BtfKind::Int:
    case BtfKind::Struct:
    case BtfKind::Union:
    case BtfKind::Enum:
    case BtfKind::Enum64:
    case BtfKind::Fwd:
    case BtfKind::Typedef:
    case BtfKind::Float:
      return true;
    default:
      return false;  // without a name, or the name of no type
  }
}

std::optional<BtfId> CoreTarget::find(std::string_view name, BtfKind kind) const {
  if (!is_named(kind)) return {};
  const auto named = by_name_.find(essential_name(name));
  if (named == by_name_.end()) return BtfId{};
  for (const BtfId id : named->second)  // in their order, as a search through all types meets them
    if (const BtfType type = btf_->type(id); type.kind == kind && type.name == name) return id;
  return BtfId{};
}

namespace {

// Loads of another size are right only for unsigned integers and pointers, which the load extends with zeros.
bool can_resize(const Btf &local, const CoreNumber &from, const Btf &target, const CoreNumber &to) {
  if (from.access_size == to.access_size) return true;
  const BtfType a = local.type(from.access_type), b = target.type(to.access_type);
  if (a.kind == BtfKind::Ptr && b.kind == BtfKind::Ptr) return true;
  return a.kind == BtfKind::Int && b.kind == BtfKind::Int && !a.is_signed && !b.is_signed;
}

}  // namespace

Result<CoreDecision> CoreTarget::decide(const Btf &local, const CoreReloc &reloc) const {
  const std::optional<CoreKind> kind = tables::core_kind(reloc.kind);
  if (!kind) return unsupported_error("CO-RE relocation of the unknown kind {}", reloc.kind);
  Result<CoreSpec> spec = parse_core_spec(local, reloc.type, reloc.access, *kind);
  if (!spec) return std::unexpected(spec.error());
  const Result<CoreNumber> local_number = core_number(local, *spec, *kind);
  if (!local_number) return std::unexpected(local_number.error());
  CoreDecision decision{.local = std::move(*spec), .local_number = *local_number, .target = {}, .number = {}};
  if (*kind == CoreKind::TypeIdLocal) {
    decision.target = decision.local;
    decision.number = decision.local_number;
    return decision;
  }
  const BtfType root = local.type(reloc.type);
  if (root.name.empty())
    return unsupported_error("CO-RE relocation ({}) of a type without a name", tables::info_of(*kind).text);
  const auto named = by_name_.find(essential_name(root.name));
  if (named != by_name_.end()) {
    for (const BtfId candidate : named->second) {
      if (!may_be_candidate(root, btf_->type(candidate))) continue;
      Result<std::optional<CoreSpec>> found = match_core_spec(local, decision.local, *kind, *btf_, candidate);
      if (!found) return std::unexpected(found.error());
      if (!*found) continue;
      const Result<CoreNumber> number = core_number(*btf_, **found, *kind);
      if (!number) return std::unexpected(number.error());
      if (!decision.target) {
        decision.target = std::move(**found);
        decision.number = *number;
        decision.cannot_resize = !can_resize(local, *local_number, *btf_, *number);
      } else if (decision.number.value != number->value || decision.target->bit_offset != (*found)->bit_offset) {
        return input_error("`{}` is ambiguous: the target has several, with {} and with {}",
                           print_core_spec(local, decision.local, *kind), decision.number.value, number->value);
      }
    }
  }
  if (decision.target) return decision;
  // Questions about types and existence have an answer: 0.
  switch (*kind) {
    case CoreKind::FieldExists:
    case CoreKind::EnumvalExists:
    case CoreKind::TypeExists:
    case CoreKind::TypeMatches:
    case CoreKind::TypeSize:
    case CoreKind::TypeIdTarget:
      break;
    case CoreKind::FieldByteOffset:
    case CoreKind::FieldByteSize:
    case CoreKind::FieldSigned:
    case CoreKind::FieldLshiftU64:
    case CoreKind::FieldRshiftU64:
    case CoreKind::EnumvalValue:
    case CoreKind::TypeIdLocal:
      decision.is_poisoned = true;
      break;
  }
  return decision;
}

namespace {

void poison(std::span<Insn> at) {
  if (at[0].is_lddw() && at.size() > 1) at[1] = isa::call(kCorePoison);
  at[0] = isa::call(kCorePoison);
}

uint32_t bytes_of(const Insn &insn) {
  switch (insn.opcode & 0x18) {
    case isa::DW:
      return 8;
    case isa::W:
      return 4;
    case isa::H:
      return 2;
    default:
      return 1;
  }
}
std::optional<uint8_t> size_code(uint32_t bytes) {
  switch (bytes) {
    case 8:
      return isa::DW;
    case 4:
      return isa::W;
    case 2:
      return isa::H;
    case 1:
      return isa::B;
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> unexpected_value(int64_t found, uint64_t wanted) {
  return input_error("the instruction has {} where the object's own types say {}", found, wanted);
}

Result<void> patch_access(Insn &insn, std::span<Insn> at, const CoreDecision &decision) {
  const CoreNumber &from = decision.local_number, &to = decision.number;
  if (from.is_certain && static_cast<uint64_t>(insn.off) != from.value) return unexpected_value(insn.off, from.value);
  if (to.value > INT16_MAX) return input_error("the offset {} is too large for a load or store", to.value);
  if (decision.cannot_resize) {
    poison(at);
    return {};
  }
  insn.off = static_cast<int16_t>(to.value);
  if (from.access_size == to.access_size) return {};
  const std::optional<uint8_t> size = size_code(to.access_size);
  if (bytes_of(insn) != from.access_size || !size)
    return input_error("a load or store of {} bytes cannot become one of {}", bytes_of(insn), to.access_size);
  insn.opcode = static_cast<uint8_t>((insn.opcode & ~0x18) | *size);
  return {};
}

Result<void> patch(std::span<Insn> at, const CoreDecision &decision) {
  Insn &insn = at[0];
  if (decision.is_poisoned) {
    poison(at);
    return {};
  }
  const CoreNumber &from = decision.local_number;
  const uint64_t value = decision.number.value;
  switch (insn.opcode & 0x07) {
    case isa::ALU:
    case isa::ALU64:
      if ((insn.opcode & isa::X) != 0) break;
      if (from.is_certain && static_cast<uint32_t>(insn.imm) != static_cast<uint32_t>(from.value))
        return unexpected_value(insn.imm, from.value);
      insn.imm = static_cast<int32_t>(value);
      return {};
    case isa::LDX:
    case isa::ST:
    case isa::STX:
      return patch_access(insn, at, decision);
    case isa::LD: {
      if (!insn.is_lddw() || at.size() < 2 || insn.src != 0) break;
      const uint64_t old = static_cast<uint32_t>(insn.imm) | static_cast<uint64_t>(at[1].imm) << 32;
      if (from.is_certain && old != from.value) return unexpected_value(static_cast<int64_t>(old), from.value);
      insn.imm = static_cast<int32_t>(value);
      at[1].imm = static_cast<int32_t>(value >> 32);
      return {};
    }
    default:
      break;
  }
  return input_error("an instruction with opcode {:#04x} has no number to relocate", insn.opcode);
}

}  // namespace

Result<void> relocate_core(Object &object, const CoreTarget &target) {
  for (const CodeInfo &info : object.code_info) {
    Section &section = object.sections[info.section.index];
    for (const CoreReloc &reloc : info.core) {
      const auto fail = [&](const Error &error) {
        const auto behind = std::ranges::upper_bound(info.lines, reloc.offset, {}, &LineInfo::offset);
        std::string place = fmt::format("{}, byte {:#x}", section.name, reloc.offset);
        if (behind != info.lines.begin())
          place = fmt::format("{}:{}", std::prev(behind)->file, std::prev(behind)->line);
        return std::unexpected(Error{error.kind, fmt::format("{}: {}", place, error.message), error.hint, 0});
      };
      Result<CoreDecision> decision = target.decide(object.btf, reloc);
      if (!decision) return fail(decision.error());
      if (reloc.offset % sizeof(Insn) != 0 || reloc.offset + sizeof(Insn) > section.bytes.size())
        return fail({Error::Kind::Input, "the relocation is not at an instruction", {}, 0});
      Insn pair[2];
      const size_t count = std::min<size_t>(2, (section.bytes.size() - reloc.offset) / sizeof(Insn));
      std::memcpy(pair, section.bytes.data() + reloc.offset, count * sizeof(Insn));
      if (Result<void> done = patch(std::span(pair, count), *decision); !done) return fail(done.error());
      std::memcpy(section.bytes.data() + reloc.offset, pair, count * sizeof(Insn));
    }
  }
  object.relocated_to = &target.btf();
  return {};
}

}  // namespace spile::object
