#include "backend/emit/check_maps.h"

#include <linux/bpf.h>

#include <algorithm>

#include "backend/object/map_definitions.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::codegen {

namespace {

struct MapPlace {
  Loc at;                 // in the source
  std::string_view path;  // of an object
};

class MapChecker {
 public:
  MapChecker(const CodegenOptions &options, Diagnostics &diags) : options_(options), diags_(diags) {}

  void check(const object::Map &map, const MapPlace &place) {
    const bool unloadable_maps = options_.unloadable_maps;
    const auto fault = object::fault_of(map);
    if (fault && fault->is_missing && (unloadable_maps || options_.sized_by_loaders)) {
      if (!unloadable_maps) tell<diag::MapNotSized>(place, fault->hint, map.name, fault->message);
    } else if (fault && unloadable_maps) {
      tell<diag::UnloadableMap>(place, fault->hint, fmt::format("map `{}`: {}", map.name, fault->message));
    } else if (fault) {
      tell<diag::MapDefinition>(place, fault->hint, map.name, fault->message);
    } else if (unloadable_maps && map.value_size != 0 && map.type == BPF_MAP_TYPE_RINGBUF) {
      tell<diag::RecordType>(
          place, "leave out the value of an object for libbpf, or have its loader call bpf_map__set_value_size(map, 0)",
          map.name);
    }
  }

 private:
  template <class Diag, class... Args>
  void tell(const MapPlace &place, const std::string &hint, Args &&...args) {
    auto report = diags_.report<Diag>(place.at, std::forward<Args>(args)...);
    if (!place.path.empty()) report.foreign({.path = std::string(place.path), .line_text = {}});
    if (!hint.empty()) report.hint("{}", hint);
  }

  const CodegenOptions &options_;
  Diagnostics &diags_;
};

MapPlace place_of(const object::Object &object, const object::Map &map, const ir::Module *module) {
  if (module == nullptr) return {{}, object.path};
  const auto global = std::ranges::find_if(module->globals, [&](const ir::Global &g) {
    return g.name == map.name && g.section == object[map.section].name;
  });
  return {global == module->globals.end() ? Loc{} : global->loc, {}};
}

}  // namespace

void check_maps(const object::Object &object, const ir::Module *module, const CodegenOptions &options,
                Diagnostics &diags) {
  MapChecker checker(options, diags);
  for (const object::Map &map : object.maps) {
    if (map.is_global_data) continue;
    const MapPlace place = place_of(object, map, module);
    checker.check(map, place);
    for (const object::Map &inner : map.inner) checker.check(inner, place);
  }
}

}  // namespace spile::codegen
