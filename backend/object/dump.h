// Text of an object, whoever made it: instructions with the names that the object knows, maps, relocations, types.
//
//     kill_probe:
//     ; kill.bpf.c:26:11: if (ctx->sig != 9)
//            0: r2 = *(u64 *)(r1 + 0x18)
//            1: if r2 != 0x9 goto +0x7 <L1>
//     ...
//            8: r1 = 0x0 ll <kill_map>
//
// Instructions are printed by backend/isa/disasm.h, numbered within their section; what stands in <> is added here.
// Called by `spile dump` and `spile build -S`.
#pragma once

#include <string>
#include <string_view>

#include "backend/object/object.h"

namespace spile::object {

struct DumpOptions {
  bool source = false;  // interleave the lines of .BTF.ext
  // Any of these prints its part in place of the instructions.
  bool maps = false;
  bool relocs = false;
  bool btf = false;     // the types as C
  std::string section;  // only this section; empty: all
};

std::string dump(const Object &object, const DumpOptions &options = {});

class CoreTarget;
// The CO-RE relocations, each explained: the source line, the path in C, the number by the object's own types and, with
// a [target], by its types. [only_section]: empty for all.
std::string dump_core(const Object &object, const CoreTarget *target, std::string_view only_section = {});

// The types, functions and variables of a BTF as C declarations.
std::string dump_btf(const Btf &btf);

}  // namespace spile::object
