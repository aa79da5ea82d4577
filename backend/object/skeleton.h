// A skeleton: a C and C++ header with the object in it and a struct that names its maps, programs and variables, as
// `bpftool gen skeleton` writes it. Programs that include it need libbpf and nothing else.
//
//   struct NAME { … maps, progs, links; struct NAME__bss { __u64 total; } *bss; … };
//   NAME__open(), NAME__load(), NAME__attach(), NAME__destroy(), …
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "support/result.h"

namespace spile::object {

// The name that bpftool gives: "probe_bpf" of "src/probe.bpf.o"; the ending of a source goes likewise.
std::string skeleton_name(std::string_view path);
// Letters, digits, `_`, and no digit first.
bool is_identifier(std::string_view name);

// [elf]: the bytes of an object. [name]: an identifier of C. Input error, in libbpf's words, for an object that it does
// not open.
Result<std::string> make_skeleton(std::span<const std::byte> elf, const std::string &name);

}  // namespace spile::object
