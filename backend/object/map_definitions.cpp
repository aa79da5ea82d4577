#include "backend/object/map_definitions.h"

#include <linux/bpf.h>
#include <linux/btf.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string>
#include <utility>

#include "lang-spec/tables/tables.h"

namespace spile::object {

namespace {

// More maps than any object has (the kernel lets one program use 64); it bounds the time a hostile file can take.
constexpr size_t kMaxObjectMaps = 4096;

// ---- `.maps`: struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); ... } m SEC(".maps");

// Reads one definition. Numbers stand in BTF as types: __uint(n, 5) is `int (*n)[5]`, __ulong(n, 5) an enumerator.
class BtfMapReader {
 public:
  BtfMapReader(const Object &object, std::string_view name) : object_(object), btf_(object.btf) { map_.name = name; }

  Result<Map> read(BtfId definition) {
    if (btf_.type(definition).kind != BtfKind::Struct)
      return fail("it is declared in `.maps` but is not a struct of __uint and __type members");
    const std::vector<BtfMember> members = btf_.members(definition);
    for (size_t i = 0; i < members.size(); i++)
      if (Result<void> read = read_member(members[i], i + 1 == members.size()); !read)
        return std::unexpected(read.error());
    if (map_.type == BPF_MAP_TYPE_UNSPEC) return fail("it has no `type`");
    return std::move(map_);
  }

  // Of `values`, in bytes into the definition.
  uint32_t values_offset() const { return values_offset_; }

 private:
  template <class... Args>
  std::unexpected<Error> fail(fmt::format_string<Args...> format, Args &&...args) const {
    return input_error("{}: map `{}`: {}", object_.path, map_.name, fmt::format(format, std::forward<Args>(args)...));
  }

  Result<uint64_t> number(const BtfMember &member) const {
    const BtfId id = btf_.resolve(member.type);
    const BtfType type = btf_.type(id);
    if (type.kind == BtfKind::Ptr) {
      const BtfType array = btf_.type(btf_.resolve(type.type));
      if (array.kind == BtfKind::Array) return array.length;
    } else if (type.kind == BtfKind::Enum || type.kind == BtfKind::Enum64) {
      const auto enumerators = btf_.enumerators(id);
      if (enumerators.size() == 1) return static_cast<uint64_t>(enumerators[0].value);
    }
    return fail("member `{}` is not a number; write __uint({}, ...)", member.name, member.name);
  }

  Result<void> read_number(const BtfMember &member, uint32_t &into) const {
    Result<uint64_t> value = number(member);
    if (!value) return std::unexpected(value.error());
    into = static_cast<uint32_t>(*value);
    return {};
  }

  // `key_size` and `key` may both be given when they agree.
  Result<void> set_size(const BtfMember &member, uint32_t &size, uint64_t to) const {
    if (size != 0 && size != to) return fail("`{}` makes it {} bytes, another member {}", member.name, to, size);
    size = static_cast<uint32_t>(to);
    return {};
  }
  Result<void> read_size(const BtfMember &member, uint32_t &size) const {
    uint32_t value = 0;
    if (Result<void> read = read_number(member, value); !read) return read;
    return set_size(member, size, value);
  }
  // As in libbpf: 0 bytes are a size. `__uint(key, 0)`, where a queue has no key, is a pointer to an empty array.
  bool has_size(BtfId id) const {
    BtfType type = btf_.type(btf_.resolve(id));
    while (type.kind == BtfKind::Array && type.length == 0) type = btf_.type(btf_.resolve(type.type));
    return btf_.size_of(id) != 0 || type.kind == BtfKind::Int || type.kind == BtfKind::Struct ||
           type.kind == BtfKind::Union || type.kind == BtfKind::Enum || type.kind == BtfKind::Ptr;
  }
  Result<void> read_type(const BtfMember &member, uint32_t &size, BtfId &type) const {
    const BtfType pointer = btf_.type(btf_.resolve(member.type));
    if (pointer.kind != BtfKind::Ptr)
      return fail("member `{}` is not a type; write __type({}, ...)", member.name, member.name);
    const uint64_t bytes = btf_.size_of(pointer.type);
    if (!has_size(pointer.type) || bytes > INT32_MAX) return fail("the type of `{}` has no size", member.name);
    type = pointer.type;
    return set_size(member, size, bytes);
  }

  // `values` is an array of pointers: to the definition of the inner maps, or to functions.
  Result<void> read_values(const BtfMember &member, bool is_last) {
    const tables::MapType *type = tables::find_map_type(map_.type);
    const bool holds_maps = type != nullptr && (type->flags & tables::kMapOfMaps) != 0;
    const bool holds_programs = type != nullptr && (type->flags & tables::kMapOfPrograms) != 0;
    if (is_inner_) return fail("`values` in the definition of an inner map: maps nest once");
    if (!holds_maps && !holds_programs)
      return fail("`values` is for arrays and hashes of maps, and for program arrays");
    if (!is_last) return fail("`values` must be its last member: it has no length of its own");
    if (map_.value_size != 0 && map_.value_size != sizeof(uint32_t))
      return fail("its values are maps or programs, of 4 bytes, not {}", map_.value_size);
    map_.value_size = sizeof(uint32_t);
    map_.has_initial_values = true;
    values_offset_ = member.bit_offset / 8;
    const BtfType array = btf_.type(btf_.resolve(member.type));
    const BtfType pointer = btf_.type(btf_.resolve(array.type));
    if (array.kind != BtfKind::Array || pointer.kind != BtfKind::Ptr)
      return fail("`values` is no array of pointers; write __array(values, ...)");
    const BtfId element = btf_.resolve(pointer.type);
    const BtfKind kind = btf_.type(element).kind;
    if (holds_programs) {
      if (kind != BtfKind::FuncProto) return fail("the `values` of a program array are functions");
      return {};
    }
    if (kind != BtfKind::Struct) return fail("the `values` of a map of maps are structs that define a map");
    BtfMapReader reader(object_, fmt::format("{}.inner", map_.name));
    reader.is_inner_ = true;
    Result<Map> inner = reader.read(element);
    if (!inner) return std::unexpected(inner.error());
    map_.inner.push_back(*std::move(inner));
    return {};
  }

  Result<void> read_member(const BtfMember &member, bool is_last) {
    const std::string_view name = member.name;
    if (name == "type") return read_number(member, map_.type);
    if (name == "max_entries") return read_number(member, map_.max_entries);
    if (name == "map_flags") return read_number(member, map_.map_flags);
    if (name == "numa_node") return read_number(member, map_.numa_node);
    if (name == "pinning") {
      if (is_inner_) return fail("an inner map is pinned by nobody");
      if (Result<void> read = read_number(member, map_.pinning); !read) return read;
      if (map_.pinning > 1) return fail("`pinning` is {}; it is 0 (none) or 1 (by name)", map_.pinning);
      return {};
    }
    if (name == "map_extra") {
      Result<uint64_t> value = number(member);
      if (!value) return std::unexpected(value.error());
      map_.map_extra = *value;
      return {};
    }
    if (name == "key_size") return read_size(member, map_.key_size);
    if (name == "value_size") return read_size(member, map_.value_size);
    if (name == "key") return read_type(member, map_.key_size, map_.key_type);
    if (name == "value") return read_type(member, map_.value_size, map_.value_type);
    if (name == "values") return read_values(member, is_last);
    auto error = fail("member `{}` is not known", name);
    error.error().hint =
        "the members are type, key, value, key_size, value_size, max_entries, map_flags, map_extra, numa_node, "
        "pinning, "
        "values";
    return error;
  }

  const Object &object_;
  const Btf &btf_;
  Map map_;
  bool is_inner_ = false;
  uint32_t values_offset_ = 0;  // bytes into the definition
};

// What `.values = { [0] = &inner }` says: relocations of the definition's bytes, a pointer for each element.
Result<void> read_initial_values(const Object &object, uint64_t begin, uint64_t end, uint32_t values_offset, Map &map) {
  constexpr uint64_t kPointer = 8;
  const std::vector<Reloc> &relocs = object[map.section].relocs;
  const tables::MapType *type = tables::find_map_type(map.type);
  const bool holds_maps = (type->flags & tables::kMapOfMaps) != 0;
  for (auto reloc = std::ranges::lower_bound(relocs, begin, {}, &Reloc::offset);
       reloc != relocs.end() && reloc->offset < end; ++reloc) {
    const Symbol &symbol = object[reloc->symbol];
    const uint64_t at = reloc->offset - begin;
    if (at < values_offset || (at - values_offset) % kPointer != 0)
      return input_error("{}: map `{}`: the address of `{}` is not in its `values`", object.path, map.name,
                         symbol.name);
    const bool is_map = symbol.section && object[symbol.section].kind == SectionKind::Maps;
    const bool is_undefined = !symbol.section;  // another object's
    if (!is_undefined && (holds_maps ? !is_map : symbol.kind != SymbolKind::Function))
      return input_error("{}: map `{}`: `{}` among its `values` is no {}", object.path, map.name, symbol.name,
                         holds_maps ? "map" : "program");
    map.initial_values.push_back({static_cast<uint32_t>((at - values_offset) / kPointer), reloc->symbol});
  }
  return {};
}

Result<void> collect_btf_maps(const Object &object, std::vector<Map> &maps) {
  const SectionId section = object.find_section(".maps");
  if (!section || object[section].kind != SectionKind::Maps) return {};
  const BtfId datasec = object.btf.find(".maps", BtfKind::DataSec);
  if (!datasec)
    return input_error("{}: section `.maps` has no BTF, and its maps are described by nothing else", object.path);
  for (const BtfVarSecInfo &info : object.btf.variables(datasec)) {
    const BtfType variable = object.btf.type(info.var);
    if (variable.kind != BtfKind::Var) continue;
    if (variable.linkage == BTF_VAR_GLOBAL_EXTERN) continue;  // another object defines it
    if (uint64_t{info.offset} + info.size > object[section].size)
      return input_error("{}: map `{}` lies outside `.maps`", object.path, variable.name);
    BtfMapReader reader(object, variable.name);
    Result<Map> map = reader.read(object.btf.resolve(variable.type));
    if (!map) return std::unexpected(map.error());
    map->section = section;
    map->section_offset = info.offset;
    if (map->has_initial_values) {
      const uint64_t end = uint64_t{info.offset} + info.size;
      if (auto read = read_initial_values(object, info.offset, end, reader.values_offset(), *map); !read)
        return std::unexpected(read.error());
    }
    maps.push_back(*std::move(map));
  }
  return {};
}

// ---- `maps`: struct bpf_map_def m SEC("maps") = { .type = BPF_MAP_TYPE_HASH, ... };

// The struct grew over the years: 16 bytes in the first samples, 20 in libbpf, 28 in samples/bpf with inner_map_idx and
// numa_node. What a definition has beyond these must be 0, because nobody here knows what it means.
constexpr size_t kSmallestMapDef = 16, kMapDefWithFlags = 20, kMapDefWithNumaNode = 28;

// BPF_ANNOTATE_KV_PAIR(m, K, V) of that time leaves a struct ____btf_map_m { K key; V value; }.
void find_annotated_types(const Btf &btf, Map &map) {
  const BtfId pair = btf.find("____btf_map_" + map.name, BtfKind::Struct);
  for (const BtfMember &member : btf.members(pair)) {
    if (member.name == "key" && btf.size_of(member.type) == map.key_size) map.key_type = member.type;
    if (member.name == "value" && btf.size_of(member.type) == map.value_size) map.value_type = member.type;
  }
}

Result<Map> read_legacy_map(const Object &object, const Symbol &symbol, size_t size) {
  const Section &section = object[symbol.section];
  if (symbol.value > section.bytes.size() || size > section.bytes.size() - symbol.value || size < kSmallestMapDef)
    return input_error("{}: map `{}`: its definition in `maps` has {} bytes, a struct bpf_map_def has {} or more",
                       object.path, symbol.name, size, kSmallestMapDef);
  const std::byte *bytes = section.bytes.data() + symbol.value;
  auto word = [&](size_t at) {
    uint32_t value = 0;
    if (at + sizeof value <= size) std::memcpy(&value, bytes + at, sizeof value);
    return value;
  };
  Map map;
  map.name = symbol.name;
  map.type = word(0);
  map.key_size = word(4);
  map.value_size = word(8);
  map.max_entries = word(12);
  map.map_flags = word(16);
  map.section = symbol.section;
  map.section_offset = symbol.value;
  if (size == kMapDefWithNumaNode) {
    if (word(20) != 0)
      return unsupported_error("{}: map `{}`: `inner_map_idx`; declare a map of maps in `.maps`", object.path,
                               map.name);
    map.numa_node = word(24);
  } else if (std::any_of(bytes + std::min(size, kMapDefWithFlags), bytes + size,
                         [](std::byte b) { return b != std::byte{0}; })) {
    return unsupported_error("{}: map `{}`: its struct of {} bytes sets members that bpf_map_def does not have",
                             object.path, map.name, size);
  }
  find_annotated_types(object.btf, map);
  return map;
}

Result<void> collect_legacy_maps(const Object &object, std::vector<Map> &maps) {
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    if (section.kind != SectionKind::LegacyMaps || section.size == 0) continue;
    std::vector<const Symbol *> symbols;
    for (const Symbol &symbol : object.symbols)
      if (symbol.section == SectionId(i) && symbol.kind != SymbolKind::Section && symbol.kind != SymbolKind::Function)
        symbols.push_back(&symbol);
    if (symbols.empty())
      return input_error("{}: section `maps` has no symbols, so its maps have no names", object.path);
    if (symbols.size() > kMaxObjectMaps)
      return input_error("{}: section `maps` has {} maps; the limit is {}", object.path, symbols.size(),
                         kMaxObjectMaps);
    std::ranges::stable_sort(symbols, {}, [](const Symbol *s) { return s->value; });
    for (const Symbol *symbol : symbols) {
      // Old compilers leave the size of an object 0: then the section is shared evenly, as libbpf did.
      const size_t size = symbol->size != 0 ? symbol->size : section.size / symbols.size();
      Result<Map> map = read_legacy_map(object, *symbol, size);
      if (!map) return std::unexpected(map.error());
      maps.push_back(*std::move(map));
    }
  }
  return {};
}

// ---- `.struct_ops`: each variable is a table of functions that becomes a map with one element

Result<void> collect_struct_ops(const Object &object, std::vector<Map> &maps) {
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    if (section.kind != SectionKind::StructOps) continue;
    const BtfId datasec = object.btf.find(section.name, BtfKind::DataSec);
    if (!datasec && section.size != 0)
      return input_error("{}: section `{}` has no BTF, and its tables are described by nothing else", object.path,
                         section.name);
    for (const BtfVarSecInfo &info : object.btf.variables(datasec)) {
      const BtfType variable = object.btf.type(info.var);
      const BtfId type = object.btf.resolve(variable.type);
      if (object.btf.type(type).kind != BtfKind::Struct)
        return input_error("{}: `{}` in `{}` is no struct, so it is no table of functions", object.path, variable.name,
                           section.name);
      if (uint64_t{info.offset} + info.size > section.size)
        return input_error("{}: `{}` lies outside `{}`", object.path, variable.name, section.name);
      Map map;
      map.name = variable.name;
      map.type = BPF_MAP_TYPE_STRUCT_OPS;
      map.key_size = sizeof(uint32_t);
      map.value_size = info.size;
      map.max_entries = 1;
      constexpr uint32_t kLink = 1u << 13;  // BPF_F_LINK
      if (section.name.ends_with(".link")) map.map_flags = kLink;
      map.value_type = type;
      map.section = SectionId(i);
      map.section_offset = info.offset;
      maps.push_back(std::move(map));
    }
  }
  return {};
}

// ---- globals: an array map of one element for each section of them

// libbpf's internal_map_name: as much of the object's name as fits before the section's, for the kernel's 15 characters
// (BPF_OBJ_NAME_LEN). A section of the user's own (`.data.mine`) stands alone.
std::string global_map_name(std::string_view path, std::string_view section) {
  constexpr size_t kMaxName = BPF_OBJ_NAME_LEN - 1, kMinSuffix = 7;
  std::string_view object = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  object = object.substr(0, object.find('.'));
  const size_t suffix = std::min(std::max(kMinSuffix, section.size()), kMaxName);
  const bool is_custom = section.find('.', 1) != std::string_view::npos;
  std::string name(object.substr(0, is_custom ? 0 : kMaxName - suffix));
  name += section.substr(0, suffix);
  for (char &c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.') c = '_';
  return name;
}

Result<void> collect_global_maps(const Object &object, std::vector<Map> &maps) {
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    if (section.kind != SectionKind::Rodata && section.kind != SectionKind::Data && section.kind != SectionKind::Bss)
      continue;
    if (section.size == 0) continue;
    if (section.size > INT32_MAX)
      return input_error("{}: section `{}` has {} bytes; a map holds at most 2 GiB", object.path, section.name,
                         section.size);
    maps.push_back(global_data_map(object, SectionId(i)));
  }
  return {};
}

}  // namespace

Map global_data_map(const Object &object, SectionId id) {
  const Section &section = object[id];
  const bool is_rodata = section.kind == SectionKind::Rodata;
  Map map;
  map.name = global_map_name(object.path, section.name);
  map.type = BPF_MAP_TYPE_ARRAY;
  map.key_size = sizeof(uint32_t);
  map.value_size = static_cast<uint32_t>(section.size);
  map.max_entries = 1;
  map.map_flags = is_rodata ? BPF_F_RDONLY_PROG : 0;
  map.value_type = object.btf.find(section.name, BtfKind::DataSec);
  map.section = id;
  map.is_global_data = true;
  map.is_readonly = is_rodata;
  return map;
}

tables::MapDefinition asked_for(const Map &map, uint32_t possible_cpus) {
  tables::MapDefinition asked{map.type, map.key_size, map.value_size, map.max_entries, map.map_flags, map.map_extra};
  const bool is_events = map.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
  const bool is_indexed = is_events || map.type == BPF_MAP_TYPE_PROG_ARRAY;
  const bool of_maps = map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map.type == BPF_MAP_TYPE_HASH_OF_MAPS;
  if (is_indexed && map.key_size == 0) asked.key_size = sizeof(uint32_t);
  if (is_events || of_maps || (is_indexed && map.value_size == 0)) asked.value_size = sizeof(uint32_t);
  if (map.type == BPF_MAP_TYPE_RINGBUF) asked.value_size = 0;
  return tables::mended_by_libbpf(asked, possible_cpus);
}

std::optional<tables::MapFault> fault_of(const Map &map) { return tables::fault_of(asked_for(map, 1)); }

Result<std::vector<Map>> collect_maps(const Object &object) {
  std::vector<Map> maps;
  for (auto *collect : {collect_btf_maps, collect_legacy_maps, collect_global_maps, collect_struct_ops})
    if (Result<void> collected = collect(object, maps); !collected) return std::unexpected(collected.error());
  return maps;
}

}  // namespace spile::object
