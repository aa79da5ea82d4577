// What a CO-RE relocation says about types, against one BTF: the path of its access string, and the number that the
// path gives. The same code reads the program's own types and, once core_match.h has found the path there, the
// target's.
//
// Model: bpf_core_parse_spec and bpf_core_calc_*_relo of libbpf's relo_core.c (1.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/btf.h"
#include "lang-spec/tables/core_relocs.h"
#include "support/result.h"

namespace spile::object {

// BPF_CORE_SPEC_MAX_LEN: longer access strings are rejected, as by libbpf and the kernel.
inline constexpr size_t kMaxCoreSpec = 64;

// A point of the path that means something in C: a named member, or an element.
struct CorePoint {
  BtfId type;             // member: the record; element: the element's type; enumerator: the enum
  uint32_t index = 0;     // of the member, element or enumerator
  std::string_view name;  // empty: an element
};

struct CoreSpec {
  BtfId root;
  std::vector<uint32_t> indices;  // as in the access string, anonymous members included
  std::vector<CorePoint> points;  // [0]: how many elements of the root come before
  uint64_t bit_offset = 0;
};

// Fails on an access string that does not fit the type.
Result<CoreSpec> parse_core_spec(const Btf &btf, BtfId type, std::string_view access, tables::CoreKind kind);

// The path in C: `struct task_struct.se.load`, `enum state::RUNNING`; a type alone where there is no path.
std::string print_core_spec(const Btf &btf, const CoreSpec &spec, tables::CoreKind kind);

// "struct task_struct", "typedef u32".
std::string print_core_type(const Btf &btf, BtfId type);

struct CoreNumber {
  uint64_t value = 0;
  // How the instruction must already have been written; not where compilers may differ (bitfields).
  bool is_certain = true;
  // FieldByteOffset: the size of what is loaded or stored there, and its type; 0 where nothing depends on it.
  uint32_t access_size = 0;
  BtfId access_type;
};
// What the relocation gives for [spec]; fails where it has no answer (a bitfield that no load holds).
Result<CoreNumber> core_number(const Btf &btf, const CoreSpec &spec, tables::CoreKind kind);

// Reads of a flexible array may go past its length: it is the last member of its record.
bool is_flexible_array(const Btf &btf, const CorePoint &member, const BtfType &array);

}  // namespace spile::object
