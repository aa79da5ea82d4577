// Names of the source for what the verifier knows as registers and offsets, from line info and BTF alone.
#pragma once

#include <string>
#include <string_view>

#include "verifier/domain/reg_state.h"
#include "verifier/env.h"

namespace spile::verifier {

// The place of an instruction; line 0 when the program has no line info.
ForeignPlace place_of(const Env &env, uint32_t insn);

// The function that holds an instruction.
std::string function_name(const Env &env, uint32_t insn);

// What a message calls the value of register [reg]: "`v`", "the context", "r3".
std::string name_of(const Env &env, const RegState &value, int reg);
// What kind of thing it is: "a number", "a pointer into the value of `kills`".
std::string kind_of(const Env &env, const RegState &value);

// "[0, 255]", "any number": a range in the user's terms.
std::string range_of(const Scalar &value);

// The member of a BTF type at a byte offset: "comm", "addr.sin_port"; empty when there is none.
std::string member_at(const object::Btf &btf, object::BtfId type, uint64_t offset);

}  // namespace spile::verifier
