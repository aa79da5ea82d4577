#include "backend/emit/check_maps.h"

#include <linux/bpf.h>

#include <algorithm>

#include "backend/object/map_definitions.h"
#define SPILE_DIAG_TABLE "lang-spec/tables/diagnostics/codegen.def"
#include "support/diag_table.h"

namespace spile::codegen {

namespace {

void check_map(const object::Map &map, Loc at, const CodegenOptions &options, Diagnostics &diags) {
  const bool unloadable_maps = options.unloadable_maps;
  const auto hinted = [](Diagnostics::Builder report, const std::string &hint) {
    if (!hint.empty()) report.hint("{}", hint);
  };
  const auto fault = object::fault_of(map);
  if (fault && fault->is_missing && (unloadable_maps || options.sized_by_loaders)) {
    if (!unloadable_maps) hinted(diags.report<diag::MapNotSized>(at, map.name, fault->message), fault->hint);
  } else if (fault && unloadable_maps) {
    hinted(diags.report<diag::UnloadableMap>(at, fmt::format("map `{}`: {}", map.name, fault->message)), fault->hint);
  } else if (fault) {
    hinted(diags.report<diag::MapDefinition>(at, map.name, fault->message), fault->hint);
  } else if (unloadable_maps && map.value_size != 0 && map.type == BPF_MAP_TYPE_RINGBUF) {
    diags.report<diag::RecordType>(at, map.name)
        .hint("leave out the value of an object for libbpf, or have its loader call bpf_map__set_value_size(map, 0)");
  }
}

}  // namespace

void check_maps(const object::Object &object, const ir::Module &module, const CodegenOptions &options,
                Diagnostics &diags) {
  for (const object::Map &map : object.maps) {
    if (map.is_global_data) continue;
    const auto global = std::ranges::find_if(module.globals, [&](const ir::Global &g) {
      return g.name == map.name && g.section == object[map.section].name;
    });
    const Loc at = global == module.globals.end() ? Loc{} : global->loc;
    check_map(map, at, options, diags);
    for (const object::Map &inner : map.inner) check_map(inner, at, options, diags);
  }
}

}  // namespace spile::codegen
