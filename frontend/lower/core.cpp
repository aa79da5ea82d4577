// CO-RE: accesses whose offset the loader relocates, and the builtins that ask it about types. Each becomes a value of
// its own (ir::Op::CoreValue), which stands for a number that is known when the program is loaded:
//
//     task->mm->flags     %1 = load.ptr (task + core 0); %2 = load.i64 (%1 + core 1)
//     core 0 byte_off "task_struct" "0:52"    core 1 byte_off "mm_struct" "0:0:9"
#include "frontend/lower/function_lowerer.h"
#include "support/check.h"

namespace spile::lower {

using sema::Builtin;
using tables::CoreKind;

uint32_t ModuleLowerer::core_reloc(const CoreMention &mention) {
  const types::Type *type = sema::core_type(mention.root);
  ir::CoreReloc reloc{.type = debug_.get(type),
                      .type_name = std::string(sema::core_type_name(type)),
                      .access = mention.access,
                      .kind = mention.kind,
                      .value = mention.value};
  const std::string key = fmt::format("{}:{}:{}", static_cast<unsigned>(mention.kind), reloc.type.index, reloc.access);
  const auto [at, is_new] = core_relocs_.try_emplace(key, static_cast<uint32_t>(module_.core_relocs.size()));
  if (is_new) module_.core_relocs.push_back(std::move(reloc));
  return at->second;
}

std::optional<Place> FunctionLowerer::core_place(const Expr *e) {
  const std::optional<sema::CoreAccess> access = sema::find_core_access(e, core_region_ > 0);
  if (!access) return std::nullopt;
  const std::optional<sema::CoreLoad> load = sema::core_load(*access);
  if (!load) return std::nullopt;
  const ValueId base = access->base_is_pointer ? scalar(access->base) : address(place(access->base));
  if (e->range.begin.valid()) loc_ = e->op_loc.valid() ? e->op_loc : e->range.begin;
  const auto offset = static_cast<int64_t>(load->offset);
  const uint32_t reloc = core_reloc(access->root, access->text(), CoreKind::FieldByteOffset, offset);
  Place p = moved({base, 0, types::align_of(access->root), false, {}, nullptr}, offset);
  p.base = emit(Op::PtrAdd, ir::Type::Ptr, {base, f_.core_value(ir::Type::I64, reloc)});
  p.offset = 0;
  p.type = e->type;
  p.is_volatile = types::is_shared(e->type);
  if (access->bitfield != nullptr) {
    // The unit that libbpf takes for it, whose offset the relocation gives.
    p.bits.bit_offset = static_cast<uint32_t>(access->bit_position - load->offset * 8);
    p.bits.bit_width = access->bitfield->bit_width;
    p.bits.unit_bytes = static_cast<uint32_t>(load->bytes);
  }
  return p;
}

ValueId FunctionLowerer::preserve_access_index(const Expr *e) {
  core_region_++;
  ValueId v;
  if (type_of(e->type) == ir::Type::Void)
    effect(e->args[0]);
  else
    v = scalar(e->args[0]);
  core_region_--;
  return v;
}

ValueId FunctionLowerer::core_question(const Expr *e, Builtin builtin) {
  const Expr *what = e->args[0];
  const CoreKind kind = sema::core_kind_of(builtin, e->args[1]->value);
  const Type *root = what->type;
  std::string access = "0";
  int64_t value = 1;
  switch (builtin) {
    case Builtin::PreserveFieldInfo: {
      const std::optional<sema::CoreAccess> found = sema::find_core_access(what, true);
      SPILE_CHECK(found.has_value(), "sema lets only members be asked about");
      root = found->root;
      access = found->text();
      value = sema::core_field_value(*found, kind).value_or(0);
      break;
    }
    case Builtin::PreserveTypeInfo:
      if (kind == CoreKind::TypeSize) value = types::is_complete(root) ? static_cast<int64_t>(types::size_of(root)) : 0;
      break;
    case Builtin::PreserveEnumValue: {
      const std::optional<size_t> position = sema::enumerator_position(what);
      SPILE_CHECK(position.has_value(), "sema lets only enumerators be asked about");
      access = fmt::format("{}", *position);
      if (kind == CoreKind::EnumvalValue) value = root->plain->enumeration->constants[*position].value;
      break;
    }
    default:  // BtfTypeId: emit knows the number
      value = 0;
      break;
  }
  return f_.core_value(type_of(e->type), core_reloc(root, std::move(access), kind, value));
}

}  // namespace spile::lower
