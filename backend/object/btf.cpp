#include "backend/object/btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <string>
#include <utility>

#include "backend/object/btf_check.h"
#include "support/check.h"

namespace spile::object {

namespace {

// A chain of typedefs, qualifiers or arrays longer than this resolves to nothing. The kernel stops at 32
// (MAX_RESOLVE_DEPTH in kernel/bpf/btf.c); a cycle, which only a hostile section has, is cut here too.
constexpr int kMaxResolveDepth = 64;

// libbpf explains its errors on stderr; here they come back as Results.
void silence_libbpf() { [[maybe_unused]] static const auto previous = libbpf_set_print(nullptr); }

bool is_alias(BtfKind kind) {
  return kind == BtfKind::Typedef || kind == BtfKind::Volatile || kind == BtfKind::Const || kind == BtfKind::Restrict ||
         kind == BtfKind::TypeTag;
}

const btf_type *raw_type(const ::btf *btf, BtfId id) {
  return btf == nullptr || id.value == 0 ? nullptr : btf__type_by_id(btf, id.value);
}
// The types of a BTF that this process owns lie in its own memory; libbpf edits them in place the same way.
btf_type *editable_type(const ::btf *btf, BtfId id) { return const_cast<btf_type *>(raw_type(btf, id)); }

BtfKind kind_of(const btf_type *type) { return type == nullptr ? BtfKind::Void : static_cast<BtfKind>(btf_kind(type)); }

std::string_view name_at(const ::btf *btf, uint32_t offset) {
  const char *name = btf__str_by_offset(btf, offset);
  return name == nullptr ? std::string_view{} : std::string_view(name);
}

BtfId added(int id, const char *sentence) {
  SPILE_CHECK(id > 0, sentence);
  return BtfId{static_cast<uint32_t>(id)};
}

// A part that is one too many for BTF's 16-bit count is left out; libbpf would let the count wrap around.
bool has_room(const ::btf *btf) {
  const btf_type *last = btf__type_by_id(btf, btf__type_cnt(btf) - 1);
  return btf_vlen(last) < BTF_MAX_VLEN;
}

void added_part(int error, const char *sentence) { SPILE_CHECK(error == 0, sentence); }

int to_int(BtfId id) { return static_cast<int>(id.value); }

}  // namespace

Btf::Btf() = default;
Btf::~Btf() { btf__free(btf_); }
Btf::Btf(Btf &&other) noexcept : btf_(std::exchange(other.btf_, nullptr)), index_(std::move(other.index_)) {}
Btf &Btf::operator=(Btf &&other) noexcept {
  std::swap(btf_, other.btf_);
  std::swap(index_, other.index_);
  return *this;
}

Result<Btf> Btf::parse(std::span<const std::byte> bytes) {
  if (Result<void> checked = check_btf(bytes); !checked) return std::unexpected(checked.error());
  return parse_own(bytes);
}

Result<Btf> Btf::parse_own(std::span<const std::byte> bytes) {
  silence_libbpf();
  Btf result;
  result.btf_ = btf__new(bytes.data(), static_cast<uint32_t>(bytes.size()));
  if (result.btf_ == nullptr) return input_error(".BTF: libbpf does not read it (error {})", errno);
  btf__set_pointer_size(result.btf_, 8);
  return result;
}

Result<Btf> Btf::read(const std::string &path) {
  silence_libbpf();
  ::btf *file = btf__parse(path.c_str(), nullptr);
  if (const int error = -static_cast<int>(libbpf_get_error(file)); error != 0) {
    if (error == ENOENT || error == EACCES) return os_error(error, path);
    return input_error("{}: no BTF, and no ELF file with a .BTF section", path);
  }
  uint32_t size = 0;
  const void *bytes = btf__raw_data(file, &size);
  // Checked again: libbpf trusts more than we do.
  auto result = parse({static_cast<const std::byte *>(bytes), size});
  btf__free(file);
  return result;
}

Result<Btf> Btf::create() {
  silence_libbpf();
  Btf result;
  result.btf_ = btf__new_empty();
  if (result.btf_ == nullptr) return os_error(errno, "creating BTF");
  btf__set_pointer_size(result.btf_, 8);
  return result;
}

// ---- Views

uint32_t Btf::type_count() const { return btf_ == nullptr ? 0 : btf__type_cnt(btf_); }

BtfType Btf::type(BtfId id) const {
  const btf_type *raw = raw_type(btf_, id);
  BtfType type;
  if (raw == nullptr) return type;
  type.kind = kind_of(raw);
  type.name = name_at(btf_, raw->name_off);
  switch (type.kind) {
    case BtfKind::Void:
      break;
    case BtfKind::Int:
      type.size = raw->size;
      type.is_signed = (btf_int_encoding(raw) & BTF_INT_SIGNED) != 0;
      type.is_bool = (btf_int_encoding(raw) & BTF_INT_BOOL) != 0;
      type.is_char = (btf_int_encoding(raw) & BTF_INT_CHAR) != 0;
      type.bits = btf_int_bits(raw);
      break;
    case BtfKind::Array:
      type.type = {btf_array(raw)->type};
      type.index_type = {btf_array(raw)->index_type};
      type.length = btf_array(raw)->nelems;
      break;
    case BtfKind::Struct:
    case BtfKind::Union:
    case BtfKind::DataSec:
      type.size = raw->size;
      type.length = btf_vlen(raw);
      break;
    case BtfKind::Enum:
    case BtfKind::Enum64:
      type.size = raw->size;
      type.length = btf_vlen(raw);
      type.is_signed = btf_kflag(raw);
      break;
    case BtfKind::Float:
      type.size = raw->size;
      break;
    case BtfKind::Fwd:
      type.is_union = btf_kflag(raw);
      break;
    case BtfKind::FuncProto:
      type.type = {raw->type};
      type.length = btf_vlen(raw);
      break;
    case BtfKind::Func:
      type.type = {raw->type};
      type.linkage = btf_vlen(raw);
      break;
    case BtfKind::Var:
      type.type = {raw->type};
      type.linkage = btf_var(raw)->linkage;
      break;
    case BtfKind::DeclTag:
      type.type = {raw->type};
      type.component = btf_decl_tag(raw)->component_idx;
      break;
    case BtfKind::Ptr:
    case BtfKind::Typedef:
    case BtfKind::Volatile:
    case BtfKind::Const:
    case BtfKind::Restrict:
    case BtfKind::TypeTag:
      type.type = {raw->type};
      break;
  }
  return type;
}

std::vector<BtfMember> Btf::members(BtfId id) const {
  const btf_type *raw = raw_type(btf_, id);
  std::vector<BtfMember> members;
  if (kind_of(raw) != BtfKind::Struct && kind_of(raw) != BtfKind::Union) return members;
  const btf_member *part = btf_members(raw);
  for (uint32_t i = 0; i < btf_vlen(raw); i++)
    members.push_back({name_at(btf_, part[i].name_off),
                       {part[i].type},
                       btf_member_bit_offset(raw, i),
                       btf_member_bitfield_size(raw, i)});
  return members;
}

std::vector<BtfEnumerator> Btf::enumerators(BtfId id) const {
  const btf_type *raw = raw_type(btf_, id);
  std::vector<BtfEnumerator> enumerators;
  if (kind_of(raw) == BtfKind::Enum) {
    const struct btf_enum *part = btf_enum(raw);
    for (uint32_t i = 0; i < btf_vlen(raw); i++) {
      const int64_t value = btf_kflag(raw) ? int64_t{part[i].val} : int64_t{static_cast<uint32_t>(part[i].val)};
      enumerators.push_back({name_at(btf_, part[i].name_off), value});
    }
  } else if (kind_of(raw) == BtfKind::Enum64) {
    const struct btf_enum64 *part = btf_enum64(raw);
    for (uint32_t i = 0; i < btf_vlen(raw); i++)
      enumerators.push_back({name_at(btf_, part[i].name_off), static_cast<int64_t>(btf_enum64_value(&part[i]))});
  }
  return enumerators;
}

std::vector<BtfParam> Btf::params(BtfId id) const {
  const btf_type *raw = raw_type(btf_, id);
  std::vector<BtfParam> params;
  if (kind_of(raw) != BtfKind::FuncProto) return params;
  const btf_param *part = btf_params(raw);
  for (uint32_t i = 0; i < btf_vlen(raw); i++) params.push_back({name_at(btf_, part[i].name_off), {part[i].type}});
  return params;
}

std::vector<BtfVarSecInfo> Btf::variables(BtfId id) const {
  const btf_type *raw = raw_type(btf_, id);
  std::vector<BtfVarSecInfo> variables;
  if (kind_of(raw) != BtfKind::DataSec) return variables;
  const btf_var_secinfo *part = btf_var_secinfos(raw);
  for (uint32_t i = 0; i < btf_vlen(raw); i++) variables.push_back({{part[i].type}, part[i].offset, part[i].size});
  return variables;
}

BtfId Btf::find(std::string_view name, BtfKind kind) const {
  if (btf_ == nullptr) return {};
  if (index_)
    if (const std::optional<BtfId> id = index_(name, kind)) return *id;
  const int id = btf__find_by_name_kind(btf_, std::string(name).c_str(), static_cast<uint32_t>(kind));
  return id > 0 ? BtfId{static_cast<uint32_t>(id)} : BtfId{};
}

BtfId Btf::resolve(BtfId id) const {
  for (int depth = 0; depth < kMaxResolveDepth; depth++) {
    const btf_type *raw = raw_type(btf_, id);
    if (!is_alias(kind_of(raw))) return id;
    id = {raw->type};
  }
  return {};
}

uint64_t Btf::size_of(BtfId id) const {
  uint64_t count = 1;
  for (int depth = 0; depth < kMaxResolveDepth; depth++) {
    id = resolve(id);
    const BtfType resolved = type(id);
    switch (resolved.kind) {
      case BtfKind::Int:
      case BtfKind::Struct:
      case BtfKind::Union:
      case BtfKind::Enum:
      case BtfKind::Enum64:
      case BtfKind::DataSec:
      case BtfKind::Float:
        return __builtin_mul_overflow(count, resolved.size, &count) ? 0 : count;
      case BtfKind::Ptr:
        return __builtin_mul_overflow(count, 8, &count) ? 0 : count;
      case BtfKind::Array:
        if (__builtin_mul_overflow(count, resolved.length, &count)) return 0;
        id = resolved.type;
        break;
      case BtfKind::Var:
        id = resolved.type;
        break;
      case BtfKind::Void:
      case BtfKind::Fwd:
      case BtfKind::Typedef:
      case BtfKind::Volatile:
      case BtfKind::Const:
      case BtfKind::Restrict:
      case BtfKind::Func:
      case BtfKind::FuncProto:
      case BtfKind::DeclTag:
      case BtfKind::TypeTag:
        return 0;
    }
  }
  return 0;
}

std::string_view Btf::string(uint32_t offset) const {
  return btf_ == nullptr ? std::string_view{} : name_at(btf_, offset);
}

std::span<const std::byte> Btf::raw() const {
  if (btf_ == nullptr) return {};
  uint32_t size = 0;
  const void *data = btf__raw_data(btf_, &size);
  SPILE_CHECK(data != nullptr, "BTF could not be serialised: out of memory");
  return {static_cast<const std::byte *>(data), size};
}

// ---- Building

uint32_t Btf::add_string(std::string_view text) {
  const int offset = btf__add_str(btf_, std::string(text).c_str());
  SPILE_CHECK(offset >= 0, "a string did not fit into BTF");
  return static_cast<uint32_t>(offset);
}

BtfId Btf::add_int(std::string_view name, uint32_t size, bool is_signed, bool is_bool, bool is_char) {
  // The kernel takes one encoding at a time; clang writes BOOL for bool, SIGNED for a signed char.
  const int encoding = is_bool ? BTF_INT_BOOL : is_signed ? BTF_INT_SIGNED : is_char ? BTF_INT_CHAR : 0;
  return added(btf__add_int(btf_, std::string(name).c_str(), size, encoding), "BTF rejected an integer type");
}
BtfId Btf::add_float(std::string_view name, uint32_t size) {
  return added(btf__add_float(btf_, std::string(name).c_str(), size), "BTF rejected a floating type");
}
BtfId Btf::add_ptr(BtfId to) { return added(btf__add_ptr(btf_, to_int(to)), "BTF rejected a pointer type"); }

BtfId Btf::add_modifier(BtfKind kind, BtfId of) {
  const int id = kind == BtfKind::Const      ? btf__add_const(btf_, to_int(of))
                 : kind == BtfKind::Volatile ? btf__add_volatile(btf_, to_int(of))
                                             : btf__add_restrict(btf_, to_int(of));
  return added(id, "BTF rejected a qualifier");
}
BtfId Btf::add_typedef(std::string_view name, BtfId of) {
  return added(btf__add_typedef(btf_, std::string(name).c_str(), to_int(of)), "BTF rejected a typedef");
}
BtfId Btf::add_array(BtfId element, BtfId index, uint32_t length) {
  return added(btf__add_array(btf_, to_int(index), to_int(element), length), "BTF rejected an array type");
}

BtfId Btf::add_composite(BtfKind kind, std::string_view name, uint32_t size) {
  const std::string text(name);
  const int id =
      kind == BtfKind::Union ? btf__add_union(btf_, text.c_str(), size) : btf__add_struct(btf_, text.c_str(), size);
  return added(id, "BTF rejected a struct or union");
}
void Btf::add_member(std::string_view name, BtfId type, uint32_t bit_offset, uint32_t bitfield_size) {
  constexpr uint32_t kMaxBitfieldOffset = 0xffffff;  // what is left of 32 bits beside the size
  if (bitfield_size != 0 && bit_offset > kMaxBitfieldOffset) return;
  if (!has_room(btf_)) return;
  added_part(btf__add_field(btf_, std::string(name).c_str(), to_int(type), bit_offset, bitfield_size),
             "BTF rejected a member");
}

BtfId Btf::add_enum(std::string_view name, uint32_t size, bool is_signed) {
  const std::string text(name);
  if (size == 8) return added(btf__add_enum64(btf_, text.c_str(), size, is_signed), "BTF rejected an enum");
  const BtfId id = added(btf__add_enum(btf_, text.c_str(), size), "BTF rejected an enum");
  if (is_signed) editable_type(btf_, id)->info |= 1u << 31;
  return id;
}
void Btf::add_enumerator(std::string_view name, int64_t value) {
  if (!has_room(btf_)) return;
  const std::string text(name);
  const BtfId last{type_count() - 1};
  const int error = kind_of(raw_type(btf_, last)) == BtfKind::Enum64
                        ? btf__add_enum64_value(btf_, text.c_str(), static_cast<uint64_t>(value))
                        : btf__add_enum_value(btf_, text.c_str(), value);
  added_part(error, "BTF rejected an enumerator");
}

BtfId Btf::add_fwd(std::string_view name, bool is_union) {
  return added(btf__add_fwd(btf_, std::string(name).c_str(), is_union ? BTF_FWD_UNION : BTF_FWD_STRUCT),
               "BTF rejected a forward declaration");
}
BtfId Btf::add_func_proto(BtfId result) {
  return added(btf__add_func_proto(btf_, to_int(result)), "BTF rejected a function prototype");
}
void Btf::add_param(std::string_view name, BtfId type) {
  if (!has_room(btf_)) return;
  added_part(btf__add_func_param(btf_, std::string(name).c_str(), to_int(type)), "BTF rejected a parameter");
}
BtfId Btf::add_func(std::string_view name, uint32_t linkage, BtfId proto) {
  return added(btf__add_func(btf_, std::string(name).c_str(), static_cast<btf_func_linkage>(linkage), to_int(proto)),
               "BTF rejected a function");
}
BtfId Btf::add_var(std::string_view name, uint32_t linkage, BtfId type) {
  return added(btf__add_var(btf_, std::string(name).c_str(), static_cast<int>(linkage), to_int(type)),
               "BTF rejected a variable");
}
BtfId Btf::add_datasec(std::string_view name, uint32_t size) {
  return added(btf__add_datasec(btf_, std::string(name).c_str(), size), "BTF rejected a data section");
}
void Btf::add_datasec_var(BtfId var, uint32_t offset, uint32_t size) {
  if (!has_room(btf_)) return;
  added_part(btf__add_datasec_var_info(btf_, to_int(var), offset, size), "BTF rejected a variable of a section");
}
BtfId Btf::add_decl_tag(std::string_view value, BtfId of, int32_t component) {
  return added(btf__add_decl_tag(btf_, std::string(value).c_str(), to_int(of), component), "BTF rejected a decl tag");
}
BtfId Btf::add_type_tag(std::string_view value, BtfId of) {
  return added(btf__add_type_tag(btf_, std::string(value).c_str(), to_int(of)), "BTF rejected a type tag");
}

void Btf::set_type(BtfId id, BtfId to) {
  btf_type *raw = editable_type(btf_, id);
  SPILE_CHECK(raw != nullptr, "set_type of a BTF id that does not exist");
  if (kind_of(raw) == BtfKind::Array)
    btf_array(raw)->type = to.value;
  else
    raw->type = to.value;
}

void Btf::set_datasec(BtfId id, uint32_t size, std::span<const BtfVarSecInfo> variables) {
  btf_type *raw = editable_type(btf_, id);
  SPILE_CHECK(kind_of(raw) == BtfKind::DataSec && btf_vlen(raw) == variables.size(),
              "set_datasec must replace every variable of a data section");
  raw->size = size;
  btf_var_secinfo *part = btf_var_secinfos(raw);
  for (size_t i = 0; i < variables.size(); i++)
    part[i] = {variables[i].var.value, variables[i].offset, variables[i].size};
}

}  // namespace spile::object
