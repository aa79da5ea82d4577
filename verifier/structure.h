// Structure: the checks that need no state (check_subprogs, resolve_pseudo_ldimm64, check_cfg), and what they find out:
// where functions begin, where paths meet, which code is reachable.
//
// In: a program. Out: the facts that exploration needs, or the failures.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "backend/isa/info.h"
#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "verifier/failure.h"
#include "verifier/kfunc.h"
#include "verifier/signature.h"
#include "verifier/special_fields.h"

namespace spile::verifier {

// `r1 = addr_space_cast(r2, 0, 1)` and its reverse: a move with an offset of 1 (BPF_ADDR_SPACE_CAST).
inline bool is_address_cast(const isa::Insn &insn) {
  return insn.opcode == isa::opcode(isa::ALU64, isa::MOV, isa::X) && insn.off == 1;
}
inline constexpr int32_t kCastFromArena = 1, kCastToArena = 1 << 16;  // its immediate

struct InsnFacts {
  bool prune_point = false;       // states are compared here
  bool force_checkpoint = false;  // and always kept
  bool jump_point = false;        // the history of a path needs it
  bool next_of_iterator = false;  // a kfunc that gives the next element
  bool may_goto = false;
  bool calls_callback = false;  // a helper call that runs a subprogram
};

struct Subprogram {
  uint32_t start = 0, end = 0;  // instructions [start, end)
  bool is_global = false;       // verified alone, by its BTF signature
  bool loads_packet = false;    // has LD_ABS or LD_IND
  bool is_callback = false;     // its address is taken
  bool ends_exception = false;  // what bpf_throw() ends in; named by a tag of the program
  bool changes_packet = false;  // it, or what it calls, may move the packet
  bool may_sleep = false;
  Signature signature;  // of a global function
};

struct Structure {
  std::vector<InsnFacts> facts;  // by instruction
  // By instruction: its row; null for the second half of an immediate, and for what is malformed.
  std::vector<const isa::InsnInfo *> infos;
  std::map<uint32_t, Failure> malformed;                    // by instruction: the failure of a path that reaches it
  std::vector<Subprogram> subprograms;                      // by start; [0] is the program
  std::vector<std::vector<SpecialField>> map_fields;        // by map
  std::vector<std::vector<SpecialField>> inner_map_fields;  // of the maps inside, by the outer one
  std::map<int32_t, Kfunc> kfuncs;                          // by the immediate of the call
  std::vector<Failure> failures;                            // any: the rest is not complete
  bool wants_kernel = false;                                // the kernel's BTF would tell more, and there is none

  const Kfunc *kfunc_at(const isa::Insn &insn) const {
    const auto it = kfuncs.find(insn.imm);
    return it == kfuncs.end() ? nullptr : &it->second;
  }
  uint32_t subprogram_at(uint32_t start) const;  // kNone when none starts there
  uint32_t subprogram_of(uint32_t insn) const;
  static constexpr uint32_t kNone = 0xffff'ffff;
};

// [kernel]: the kernel's BTF, or null.
Structure examine(const object::Program &program, const tables::ProgramType &type, const object::Btf *kernel = nullptr);

// The instructions that may follow within the function; an exit has none, a call only the one behind it.
std::vector<uint32_t> successors(const object::Program &program, uint32_t insn);

}  // namespace spile::verifier
