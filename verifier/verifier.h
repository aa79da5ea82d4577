// The verifier: is this program safe to load? The verdict of the Linux 6.x verifier, without a kernel, explained.
//
// In: a linked program (bytecode, maps, BTF, line info) and the tables. Out: a Verdict. Nothing is read from the
// source: an object of any compiler is judged the same way. Called by the driver before anything runs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "support/diagnostics.h"

namespace spile::verifier {

// Limits of the kernel (kernel/bpf/verifier.c, include/linux/filter.h of 6.12).
inline constexpr uint32_t kMaxProcessedInsns = 1'000'000;  // BPF_COMPLEXITY_LIMIT_INSNS
inline constexpr uint32_t kMaxPendingBranches = 8192;      // BPF_COMPLEXITY_LIMIT_JMP_SEQ
inline constexpr uint32_t kMaxStack = 512;                 // MAX_BPF_STACK
inline constexpr uint32_t kMaxFrames = 8;                  // MAX_CALL_FRAMES
inline constexpr uint32_t kMaxSubprograms = 256;           // BPF_MAX_SUBPROGS
inline constexpr uint32_t kMaxMaps = 64;                   // MAX_USED_MAPS

// A helper that the kernel does not have, or refuses, because of how it was built.
struct RefusedHelper {
  uint32_t number = 0;
  std::string why;  // "was built without `CONFIG_X`"
};

struct Options {
  bool keep_states = false;  // fill Verdict::states (spile check --states)
  uint32_t max_processed = kMaxProcessedInsns;
  const object::Btf *kernel_btf = nullptr;  // of the kernel that the program is for; outlives the call
  bool unprivileged = false;                // loaded without CAP_BPF and CAP_PERFMON
  bool strict_alignment = false;            // BPF_F_STRICT_ALIGNMENT: as on machines that cannot load from any address
  bool sleepable = false;                   // BPF_F_SLEEPABLE, where the section does not say it
  bool relocated = false;                   // the program's offsets are those of that kernel (CO-RE)
  bool whole_path = false;                  // messages tell all of the path, however long
  std::span<const RefusedHelper> refused_helpers = {};  // outlives the call
  uint16_t linux_version = 0;  // by its rules, where they are older (kernels.def); 0: the newest
};

// A change of the source that may mend a rejection. Whoever has the source can try whether it does.
struct Remedy {
  std::string path;
  uint32_t line = 0;      // in front of the statement there; 0: at the end of the file
  std::string statement;  // put this there; may be empty
  std::string condition;  // and behind it: leave the function, or the turn of the loop, where this holds; may be empty
  // Besides, or instead: in this line the first text becomes the second.
  struct Change {
    uint32_t line = 0;  // 0: the first that has it
    std::string from, to;
  };
  Change change = {};
  // Instead of all of it: this statement goes behind the last one of its block, from [line] on, that names it.
  struct Move {
    uint32_t line = 0;  // 0: none
    std::string name;
  };
  Move move = {};
  std::string cleanup = {};  // in front of leaving: gives back what is held there
  // Instead of a statement: this pointer into the packet is made once more, as the source above the line makes it.
  std::string reread = {};
  // Instead of all of it: the map of this name gets another type.
  struct Retype {
    std::string map, type;
  };
  Retype retype = {};
};

// One reason to reject, with everything a message needs.
struct Rejection {
  Diagnostic diagnostic;         // ready to be rendered: line, path as notes, hint
  std::vector<Remedy> remedies;  // the likeliest first
  std::string in_words;          // the hint that says what the remedies do, for where none was tried; empty: none does
  uint32_t insn = 0;             // the offending instruction
  std::string kernel_message;    // what the kernel's log says in this place
  std::vector<uint32_t> path;    // instructions that lead there, each once; only with keep_states
};

struct Stats {
  uint64_t processed = 0;  // instructions walked, as the kernel counts
  uint32_t peak_states = 0;
  uint32_t stack_depth = 0;  // deepest chain of frames, bytes
  struct Frame {
    uint32_t start = 0;  // of the subprogram
    uint32_t stack = 0;  // bytes that it touches of its own frame
  };
  std::vector<Frame> frames;  // by subprogram, those that no path calls left out
};

// What was proven about one memory access on every path; the JIT uses it.
// KernelObject: of the kernel's own memory, which only a kernel has; some path at least.
enum class Region : uint8_t { Unknown, Ctx, Stack, MapValue, Packet, KernelObject, Mixed };

struct Verdict {
  enum Kind : uint8_t {
    Accept,
    Reject,
    CannotJudge,  // uses a feature that is not modelled yet; named in the rejection's diagnostic. Never an accept
  } kind = Accept;
  std::vector<Rejection> rejections;
  Stats stats;
  bool wants_kernel_types = false;  // there was no Options::kernel_btf, and something was looked for in it
  std::vector<Region> regions;      // by instruction: of the pointer that a load or store goes through
  std::vector<bool> reached;        // by instruction: some path executes it
  std::vector<std::string> states;  // by instruction, in the kernel's notation; only with keep_states
  std::vector<uint32_t> visits;     // by instruction: how often it was walked; only with keep_states
};

Verdict verify(const object::Program &program, const tables::ProgramType &type, const Options &options = {});

}  // namespace spile::verifier
