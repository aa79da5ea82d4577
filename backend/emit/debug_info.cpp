#include "backend/emit/debug_info.h"

#include <linux/btf.h>

#include <algorithm>
#include <map>

#include "support/check.h"

namespace spile::codegen {

using ir::DebugKind;
using ir::DebugType;
using ir::DebugTypeId;
using object::Btf;
using object::BtfId;
using object::BtfKind;

namespace {

uint32_t function_linkage(ir::Linkage linkage) {
  if (is_extern(linkage)) return BTF_FUNC_EXTERN;
  return linkage == ir::Linkage::Static ? BTF_FUNC_STATIC : BTF_FUNC_GLOBAL;
}

uint32_t variable_linkage(ir::Linkage linkage) {
  if (is_extern(linkage)) return BTF_VAR_GLOBAL_EXTERN;
  return linkage == ir::Linkage::Static ? BTF_VAR_STATIC : BTF_VAR_GLOBAL_ALLOCATED;
}

class Writer {
 public:
  Writer(const ir::DebugTypes &types, Btf &btf) : types_(types), btf_(btf) {}

  // First everything is reached, so that the ids are known; then types are written in the order of their ids.
  void reach(DebugTypeId id) { reach(id, Through::Value); }
  // The members of a map definition are pointers to its key and value types, which must be whole; `values` is an array
  // of pointers to the definition of the inner map, of which the same holds.
  void reach_map_definition(DebugTypeId id, bool is_inner = false) {
    reach(id);
    DebugTypeId at = id;
    while (!at.is_void() && (types_[at].kind == DebugKind::Typedef || types_[at].kind == DebugKind::Const ||
                             types_[at].kind == DebugKind::Volatile))
      at = types_[at].type;
    if (at.is_void() || types_[at].kind != DebugKind::Struct) return;
    for (const ir::DebugPart &member : types_[at].parts) {
      DebugTypeId type = member.type;
      const bool is_array = !type.is_void() && types_[type].kind == DebugKind::Array;
      if (is_array) type = types_[type].type;
      if (type.is_void() || types_[type].kind != DebugKind::Ptr) continue;
      if (is_array && !is_inner)
        reach_map_definition(types_[type].type, true);
      else
        reach(types_[type].type);
    }
  }

  void write() {
    // Structs of which only a pointer was seen get their forward declaration now.
    for (const DebugTypeId id : only_pointed_to_)
      if (!ids_.contains(id.index)) number(id, true);
    for (size_t i = 0; i < order_.size(); i++) write_type(order_[i].id, order_[i].is_forward);
    for (const Tag &tag : tags_) btf_.add_decl_tag(tag.text, tag.on, tag.component);
  }

  BtfId id_of(DebugTypeId id) const {
    if (id.is_void()) return {};
    const auto at = ids_.find(id.index);
    SPILE_CHECK(at != ids_.end(), "a debug type that was not reached");
    return at->second;
  }

 private:
  // How a type is reached, the closest first: as a value (or through a pointer of a function or variable), as a part
  // of a member's type, or through a member's pointer.
  enum class Through : uint8_t { Value, Member, MemberPointer };
  struct Item {
    DebugTypeId id;
    Through through;
  };
  struct Numbered {
    DebugTypeId id;
    bool is_forward;
  };
  struct Tag {
    std::string text;
    BtfId on;
    int32_t component;
  };

  void number(DebugTypeId id, bool is_forward) {
    order_.push_back({id, is_forward});
    ids_.emplace(id.index, BtfId{static_cast<uint32_t>(order_.size() + extra_)});
    if (types_[id].kind == DebugKind::Array && !index_type_) {
      // BTF wants an index type, which C does not have; clang calls it so.
      index_type_ = BtfId{static_cast<uint32_t>(order_.size() + ++extra_)};
    }
  }

  bool is_named_composite(DebugTypeId id) const {
    const DebugType &type = types_[id];
    return (type.kind == DebugKind::Struct || type.kind == DebugKind::Union) && !type.name.empty();
  }

  void reach(DebugTypeId first, Through how) {
    std::vector<Item> work{{first, how}};
    while (!work.empty()) {
      const Item item = work.back();
      work.pop_back();
      if (item.id.is_void()) continue;
      if (item.through == Through::MemberPointer && is_named_composite(item.id)) {
        only_pointed_to_.push_back(item.id);
        continue;
      }
      // Again when it is reached in a closer way: then what it points to is wanted whole.
      const auto [seen, is_new] = reached_.try_emplace(item.id.index, item.through);
      if (!is_new && seen->second <= item.through) continue;
      seen->second = item.through;
      if (is_new) number(item.id, false);
      const DebugType &type = types_[item.id];
      // Pushed last is visited first: parts in reverse, so that ids follow the source.
      std::vector<Item> next;
      const bool is_composite = type.kind == DebugKind::Struct || type.kind == DebugKind::Union;
      const Through inner = is_composite                                                     ? Through::Member
                            : item.through == Through::Member && type.kind == DebugKind::Ptr ? Through::MemberPointer
                                                                                             : item.through;
      // A function pointer's parameters are as far away as what a pointer points to.
      if (!type.type.is_void()) next.push_back({type.type, inner});
      for (const ir::DebugPart &part : type.parts) next.push_back({part.type, inner});
      work.insert(work.end(), next.rbegin(), next.rend());
    }
  }

  void write_type(DebugTypeId id,
                  bool is_forward) {  // NOLINT(readability-function-cognitive-complexity): one case a kind
    const DebugType &type = types_[id];
    const BtfId made = ids_.at(id.index);
    for (const std::string &text : type.decl_tags) tags_.push_back({text, made, -1});
    switch (type.kind) {
      case DebugKind::Int:
        btf_.add_int(type.name, type.size, type.is_signed, type.is_bool, type.is_char);
        break;
      case DebugKind::Float:
        btf_.add_float(type.name, type.size);
        break;
      case DebugKind::Ptr:
        btf_.add_ptr(id_of(type.type));
        break;
      case DebugKind::Typedef:
        btf_.add_typedef(type.name, id_of(type.type));
        break;
      case DebugKind::Const:
        btf_.add_modifier(BtfKind::Const, id_of(type.type));
        break;
      case DebugKind::Volatile:
        btf_.add_modifier(BtfKind::Volatile, id_of(type.type));
        break;
      case DebugKind::Restrict:
        btf_.add_modifier(BtfKind::Restrict, id_of(type.type));
        break;
      case DebugKind::TypeTag:
        btf_.add_type_tag(type.name, id_of(type.type));
        break;
      case DebugKind::Fwd:
        btf_.add_fwd(type.name, type.is_union);
        break;
      case DebugKind::Array:
        btf_.add_array(id_of(type.type), index_type_, type.length);
        if (!wrote_index_type_) btf_.add_int("__ARRAY_SIZE_TYPE__", 4, false, false, false);
        wrote_index_type_ = true;
        break;
      case DebugKind::Struct:
      case DebugKind::Union:
        if (is_forward) {
          btf_.add_fwd(type.name, type.kind == DebugKind::Union);
          break;
        }
        btf_.add_composite(type.kind == DebugKind::Struct ? BtfKind::Struct : BtfKind::Union, type.name, type.size);
        for (const ir::DebugPart &part : type.parts)
          btf_.add_member(part.name, id_of(part.type), part.bit_offset, part.bitfield_size);
        tag_parts(type, made);
        break;
      case DebugKind::Enum:
        btf_.add_enum(type.name, type.size, type.is_signed);
        for (const ir::DebugPart &part : type.parts) btf_.add_enumerator(part.name, part.value);
        break;
      case DebugKind::FuncProto:
        btf_.add_func_proto(id_of(type.type));
        for (const ir::DebugPart &part : type.parts) btf_.add_param(part.name, id_of(part.type));
        if (type.is_variadic) btf_.add_param("", {});
        break;
    }
  }

  void tag_parts(const DebugType &type, BtfId on) {
    for (size_t i = 0; i < type.parts.size(); i++)
      for (const std::string &text : type.parts[i].decl_tags) tags_.push_back({text, on, static_cast<int32_t>(i)});
  }

  const ir::DebugTypes &types_;
  Btf &btf_;
  std::map<uint32_t, BtfId> ids_;
  std::map<uint32_t, Through> reached_;
  std::vector<Numbered> order_;
  std::vector<DebugTypeId> only_pointed_to_;
  std::vector<Tag> tags_;
  BtfId index_type_;
  uint32_t extra_ = 0;  // ids that no debug type has: the index type
  bool wrote_index_type_ = false;
};

// DATASECs: for each section of variables what lies in it. What is undefined stands in the section that its SEC()
// names (.ksyms, .kconfig), at byte 0: so the loader learns who is to provide it.
class DataSections {
 public:
  DataSections(const object::Object &object, Btf &btf) : object_(object), btf_(btf) {}

  void add(const std::string &section, BtfId id, uint64_t offset, uint64_t size) {
    const auto [at, is_new] = index_.try_emplace(section, sections_.size());
    if (is_new) sections_.push_back({section, {}});
    sections_[at->second].parts.push_back({id, static_cast<uint32_t>(offset), static_cast<uint32_t>(size)});
  }

  void write() {
    for (auto &[name, parts] : sections_) {
      std::ranges::stable_sort(parts, {}, &object::BtfVarSecInfo::offset);
      const object::SectionId placed = object_.find_section(name);
      btf_.add_datasec(name, placed ? static_cast<uint32_t>(object_[placed].size) : 0);
      for (const object::BtfVarSecInfo &part : parts) btf_.add_datasec_var(part.var, part.offset, part.size);
    }
  }

 private:
  struct Section {
    std::string name;
    std::vector<object::BtfVarSecInfo> parts;
  };
  const object::Object &object_;
  Btf &btf_;
  std::map<std::string, size_t> index_;
  std::vector<Section> sections_;  // in the order of first use
};

void tag(Btf &btf, BtfId on, const std::vector<ir::DeclTag> &tags) {
  for (const ir::DeclTag &t : tags) btf.add_decl_tag(t.text, on, t.parameter);
}

}  // namespace

WrittenBtf write_btf(const ir::Module &module, const std::vector<ir::FunctionId> &functions,
                     const std::vector<PlacedGlobal> &globals, const std::vector<uint32_t> &core,
                     object::Object &object) {
  auto created = Btf::create();
  SPILE_CHECK(created.has_value(), "libbpf cannot make an empty BTF");
  object.btf = std::move(*created);
  Btf &btf = object.btf;

  Writer writer(module.debug_types, btf);
  for (const ir::FunctionId id : functions) writer.reach(module[id].debug_type);
  for (const PlacedGlobal &placed : globals) {
    const DebugTypeId type = module[placed.global].debug_type;
    module[placed.global].section == ".maps" ? writer.reach_map_definition(type) : writer.reach(type);
  }
  for (const uint32_t reloc : core) writer.reach(module.core_relocs[reloc].type);
  writer.write();

  WrittenBtf written;
  written.core.resize(module.core_relocs.size());
  for (const uint32_t reloc : core) written.core[reloc] = writer.id_of(module.core_relocs[reloc].type);
  DataSections sections(object, btf);
  for (const ir::FunctionId id : functions) {
    const ir::Function &fn = module[id];
    BtfId made;
    if (!fn.debug_type.is_void()) {
      made = btf.add_func(fn.name, function_linkage(fn.linkage), writer.id_of(fn.debug_type));
      tag(btf, made, fn.decl_tags);
      if (is_extern(fn.linkage) && !fn.section.empty()) sections.add(fn.section, made, 0, 0);
    }
    written.functions.push_back(made);
  }
  for (const PlacedGlobal &placed : globals) {
    const ir::Global &global = module[placed.global];
    if (global.debug_type.is_void() && !is_extern(global.linkage)) continue;
    const BtfId made = btf.add_var(global.name, variable_linkage(global.linkage), writer.id_of(global.debug_type));
    tag(btf, made, global.decl_tags);
    if (!global.section.empty()) sections.add(global.section, made, placed.offset, global.size);
  }
  sections.write();
  return written;
}

}  // namespace spile::codegen
