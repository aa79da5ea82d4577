#include "runtime/session/map_set.h"

#include <linux/bpf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backend/object/map_definitions.h"
#include "runtime/helpers/timers.h"
#include "runtime/maps/arena_map.h"
#include "runtime/maps/map_file.h"
#include "runtime/maps/reference_map.h"
#include "runtime/session/records.h"
#include "runtime/session/special_fields.h"

namespace spile::session {

maps::Definition definition_of(const object::Object &object, const object::Map &map) {
  const tables::MapDefinition asked = object::asked_for(map, maps::possible_cpus());
  maps::Definition definition{
      map.name,          asked.type,      asked.key_size,  asked.value_size,
      asked.max_entries, asked.map_flags, asked.map_extra, special_fields(object.btf, map.value_type)};
  std::erase_if(definition.special, [&](const maps::SpecialField &f) { return f.offset + f.size > map.value_size; });
  return definition;
}

// Variables in an arena have the map that the object declares, not one of their section.
static Result<void> place_arena_globals(const object::Object &object, maps::ArenaMap &arena) {
  const auto section = std::ranges::find(object.sections, object::SectionKind::Arena, &object::Section::kind);
  if (section == object.sections.end() || section->size == 0) return {};
  std::byte *place = arena.place_globals(section->size);
  if (place == nullptr)
    return input_error("{}: {} bytes of variables do not fit the {} pages of `{}`", object.path, section->size,
                       arena.definition().max_entries, arena.definition().name);
  if (!section->bytes.empty()) std::memcpy(place, section->bytes.data(), section->bytes.size());
  return {};
}

// In a file of [folder] where it can be, else in memory.
static Result<std::unique_ptr<maps::Map>> create_kept(const object::Object &object, const object::Map &map,
                                                      const std::string &folder, const MapSet::NotKept &not_kept) {
  const maps::Definition definition = definition_of(object, map);
  // What goes through records is gone when the run is.
  if (folder.empty() || map.is_global_data || has_records(map.type)) return maps::create(definition);
  if (const auto keepable = maps::check_keepable(definition); !keepable) {
    not_kept(fmt::format("`{}` is not kept: {}", map.name, keepable.error().message));
    return maps::create(definition);
  }
  const std::span<const std::byte> btf = object.btf.raw();
  maps::MapFile described{{}, {btf.begin(), btf.end()}, map.key_type.value, map.value_type.value};
  auto file = maps::keep_in_file(fmt::format("{}/{}", folder, map.name), definition, described);
  if (!file) return std::unexpected(file.error());
  return std::move(file->map);
}

Result<MapSet> MapSet::create(const object::Object &object, const std::string &folder, const NotKept &not_kept) {
  MapSet set;
  if (!folder.empty() && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return os_error(errno, folder);
  for (const object::Map &map : object.maps) {
    auto made = create_kept(object, map, folder, not_kept);
    if (!made) return std::unexpected(made.error());
    if (map.is_global_data && map.section.valid()) {
      const object::Section &section = object[map.section];
      std::byte *data = (*made)->direct_values();
      if (data == nullptr || section.bytes.size() > map.value_size)
        return input_error("{}: section {} does not fit its map", object.path, section.name);
      if (!section.bytes.empty()) std::memcpy(data, section.bytes.data(), section.bytes.size());
    }
    if (map.type == maps::kArenaType)
      if (auto placed = place_arena_globals(object, static_cast<maps::ArenaMap &>(**made)); !placed)
        return std::unexpected(placed.error());
    set.pointers_.push_back(made->get());
    set.maps_.push_back(std::move(*made));
  }
  set.put_inner_maps(object);
  return set;
}

Result<MapSet> MapSet::of_kernel(const object::Object &object, const kernel::KernelObject &loaded) {
  MapSet set;
  for (const object::Map &map : object.maps) {
    const int fd = loaded.map_fd(map.is_global_data ? object[map.section].name : map.name);
    // A table of functions is not shown, and may not be there (`--prog`).
    const bool is_table = map.type == BPF_MAP_TYPE_STRUCT_OPS;
    if (fd < 0 && !is_table) return input_error("{}: the kernel was given no map `{}`", object.path, map.name);
    if (has_records(map.type)) {
      auto made = maps::create(definition_of(object, map));
      if (!made) return std::unexpected(made.error());
      set.maps_.push_back(std::move(*made));
    } else {
      auto made = std::make_unique<kernel::KernelMap>(definition_of(object, map), fd);
      if (map.is_global_data && made->direct_values() == nullptr)
        return os_error(errno, fmt::format("{}: the variables in {} cannot be reached", object.path, map.name));
      set.in_kernel_.push_back(made.get());
      set.maps_.push_back(std::move(made));
    }
    set.pointers_.push_back(set.maps_.back().get());
  }
  return set;
}

void MapSet::put_inner_maps(const object::Object &object) {
  for (size_t i = 0; i < object.maps.size(); i++) {
    const object::Map &map = object.maps[i];
    if (map.type != BPF_MAP_TYPE_ARRAY_OF_MAPS && map.type != BPF_MAP_TYPE_HASH_OF_MAPS) continue;
    auto &outer = static_cast<maps::ReferenceMap &>(*pointers_[i]);
    for (const object::Map::InitialValue &value : map.initial_values) {
      if (!value.symbol.valid()) continue;
      const object::Symbol &symbol = object[value.symbol];
      const auto inner = std::ranges::find_if(object.maps, [&](const object::Map &other) {
        return !other.is_global_data && other.section == symbol.section && other.section_offset == symbol.value;
      });
      if (inner == object.maps.end()) continue;
      // A hash map of maps is keyed by the index too, as libbpf does it.
      std::vector<std::byte> key(std::max<size_t>(outer.definition().key_size, sizeof value.index));
      std::memcpy(key.data(), &value.index, sizeof value.index);
      outer.set(key.data(), pointers_[static_cast<size_t>(inner - object.maps.begin())]);
    }
  }
}

void MapSet::put_program(const object::Object &object, std::string_view name, const vm::Loaded *program) {
  for (size_t i = 0; i < object.maps.size(); i++) {
    if (object.maps[i].type != BPF_MAP_TYPE_PROG_ARRAY) continue;
    for (const object::Map::InitialValue &value : object.maps[i].initial_values) {
      if (!value.symbol.valid() || object[value.symbol].name != name) continue;
      auto &programs = static_cast<maps::ReferenceMap &>(*pointers_[i]);
      programs.set(reinterpret_cast<const std::byte *>(&value.index), program);
    }
  }
}

bool MapSet::is_tail_called(const object::Object &object, std::string_view name) {
  return std::ranges::any_of(object.maps, [&](const object::Map &map) {
    return map.type == BPF_MAP_TYPE_PROG_ARRAY &&
           std::ranges::any_of(map.initial_values, [&](const object::Map::InitialValue &value) {
             return value.symbol.valid() && object[value.symbol].name == name;
           });
  });
}

void MapSet::watch_timers(helpers::Timers &timers) {
  for (maps::Map *map : pointers_) {
    const auto &special = map->definition().special;
    const auto field = std::ranges::find(special, maps::SpecialField::Timer, &maps::SpecialField::kind);
    if (field == special.end()) continue;
    map->on_release([&timers, offset = field->offset](std::byte *value) { timers.forget(value + offset); });
  }
}

}  // namespace spile::session
