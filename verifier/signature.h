// Signature: what a global function takes, as its BTF says it (btf_prepare_func_args).
//
// A global function is verified once, for any arguments of these kinds; its callers are checked against them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "verifier/failure.h"

namespace spile::verifier {

// What a number is passed as.
constexpr bool is_number(object::BtfKind kind) {
  return kind == object::BtfKind::Int || kind == object::BtfKind::Enum || kind == object::BtfKind::Enum64;
}

struct Parameter {
  enum Kind : uint8_t {
    Number,
    Context,
    Memory,  // [size] bytes, or NULL
    Dynptr,
    Object,  // of the kernel, trusted: [type] of the object's BTF
    Arena,
  } kind = Number;
  bool or_null = false;
  uint32_t size = 0;
  object::BtfId type;
};

struct Signature {
  std::vector<Parameter> parameters;
  std::string name;
  std::string problem;   // in the kernel's words: why it cannot be called by BTF
  unsigned unsized = 0;  // the parameter, from 1, that is why: nobody knows how many bytes it points to; 0: none
};

// What is told of one that has a problem, where [insn] needs it.
Failure bad_signature(const Signature &signature, uint32_t insn);

// Of the subprogram that starts at [start].
Signature signature_of(const object::Program &program, const tables::ProgramType &type, uint32_t start);

}  // namespace spile::verifier
