// The step that every engine shares: what a linked program's numbers mean in this process.
//
//   object::Program + maps ──► resolve ──► Resolved ──► pinned.cpp, portable.cpp, the JIT plugin
//
// Map indices become addresses of maps::Map objects or of their values, helper numbers functions, calls and callbacks
// instruction indices. Every instruction has a row in insns.def and well-formed fields; every jump lands inside its
// subprogram on the first half of an instruction; no subprogram runs off its end. Engines rely on that.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backend/isa/info.h"
#include "backend/isa/insn.h"
#include "runtime/vm/engine.h"

namespace spile::vm {

// Kernel: MAX_BPF_STACK and MAX_CALL_FRAMES.
inline constexpr unsigned kStackBytes = 512;
inline constexpr unsigned kMaxFrames = 8;
// Kernel: BPF_MAX_LOOPS, what each frame may jump through may_goto.
inline constexpr uint64_t kMaxLoops = 8 * 1024 * 1024;
// A callx through a value below this calls the helper of that number; above are the addresses of subprograms.
inline constexpr uint64_t kMaxHelperNumber = 0x1'0000;

struct Resolved {
  std::vector<isa::Insn> insns;
  // By instruction. LoadImm64: the 64-bit value (for kPseudoFunc the index of its first instruction, which the engine
  // turns into what Env::call_back takes); CallHelper, CallKfunc: the function's address; CallLocal: index of its
  // target; jumps and branches: index of their target; else 0.
  std::vector<uint64_t> values;
  // First instructions of subprograms, rising; [0] is 0, the entry. A subprogram ends where the next begins.
  std::vector<uint32_t> subprograms;
  // By subprogram: how many bytes below r10 it may touch. Engines zero them on entry: the verifier lets root read
  // uninitialised stack, and every engine shall find the same there.
  std::vector<uint32_t> stack_bytes;

  const isa::InsnInfo &info(size_t insn) const { return *isa::lookup(insns[insn]); }
};

// Jumps and branches: instructions whose value is the index of their target.
constexpr bool has_target(isa::Shape shape) {
  using isa::Shape;
  return shape == Shape::BranchImm || shape == Shape::BranchReg || shape == Shape::Jump || shape == Shape::JumpLong ||
         shape == Shape::MayGoto;
}
// Whether the next instruction may run behind one of this shape.
constexpr bool goes_on(isa::Shape shape) {
  using isa::Shape;
  return shape != Shape::Exit && shape != Shape::Jump && shape != Shape::JumpLong;
}

// Where each map lives in this process, by its index in the object.
struct ResolvedMap {
  uint64_t address = 0;  // of the maps::Map
  uint64_t values = 0;   // of its values; 0 when they do not lie in one block
};
std::vector<ResolvedMap> addresses_of(std::span<maps::Map *const> maps);

// The function of the kernel whose BTF_KIND_FUNC has this id, as [resolve] knows it; null when it does not.
HelperFn kernel_function(const object::Btf *btf, uint32_t id, HelperResolver resolve);

// Fails, naming the instruction, on a helper or kernel function that [resolve] does not know (Unsupported), on file
// descriptors of maps (Unsupported), and on what a verifier would have rejected (Input). [btf] names kernel functions;
// null: there are none.
Result<Resolved> resolve_program(std::span<const isa::Insn> insns, std::span<const ResolvedMap> maps,
                                 HelperResolver resolve, const object::Btf *btf = nullptr);
Result<Resolved> resolve_program(const object::Program &program, std::span<const ResolvedMap> maps,
                                 HelperResolver resolve);

}  // namespace spile::vm
