// What crosses between the host and the JIT plugin: plain C data and function pointers, and a version that both must
// have. The plugin resolves no symbol of the host, and exports one function, spile_jit_open. What it makes is an image
// of code that says what it needs of the process; the host puts it into memory, keeps it in a file, or both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/isa/insn.h"

namespace spile::vm {

struct Env;

// Changes with any change of this file.
inline constexpr uint32_t kJitAbiVersion = 11;

// The number of bpf_tail_call(), which may end the frame that calls it.
inline constexpr int32_t kTailCall = 12;
// Of bpf_map_lookup_elem(), which compiled code does itself for arrays and hashes.
inline constexpr int32_t kMapLookup = 1;
// Of bpf_map_update_elem() and bpf_map_delete_elem(); no helper has a smaller number.
inline constexpr int32_t kMapUpdate = 2, kMapDelete = 3;
inline constexpr uint64_t kMaxUpdateFlag = 2;  // BPF_ANY, BPF_NOEXIST, BPF_EXIST

// A run of an unverified program, as its compiled code sees it. Registers are there whenever the host is called, and
// when the code ends.
struct JitRun {
  uint64_t *regs;  // r0 to r10
  uint64_t fuel;
  uint64_t context, context_size;  // what r1 of the entry points to
  void *host;
  Env *env;
};
// What code of an unverified program gives: from 0 on, the instruction at which the interpreter is to go on; below, the
// complement of the exit that the subprogram has come to; or that the host has seen an end.
inline constexpr int64_t kJitEnded = INT64_MIN;

// What compiled programs call. Outlives the plugin's use.
struct JitHost {
  // packet_load() of memory.h.
  bool (*packet_load)(const Env *env, int64_t offset, uint32_t bytes, uint64_t *value);
  // The function of a helper that the running program calls through a register; never null.
  void *(*helper_of_register)(const Env *env, uint64_t number);
  // After bpf_tail_call(): whether another program has run, so that this frame ends with its result.
  bool (*leaves_after_tail_call)(Env *env);
  // Of unverified programs. Executes an instruction; the next one, or kJitEnded.
  int64_t (*step)(JitRun *run, uint64_t insn);
  // Opens a frame, from which is gone back to [return_to]; false when there are too many.
  bool (*enter)(JitRun *run, uint64_t return_to);
  void (*leave)(JitRun *run);
};

// Something of the process that code refers to: its address is not in the code but in a word beside it (JitRelocation),
// so that the code is the same wherever the object lies. Which objects there are, and in what order, depends only on
// the program and the shapes of its maps.
struct JitObject {
  uint64_t address;  // 0: it is not there
  uint64_t size;     // 0: a function
  const char *name;  // its symbol: of what LLVM calls by itself, and where code is for another process; else null
};

// A map that the program names.
struct JitMap {
  enum Kind : uint8_t {
    Other,
    Array,         // of values in one block
    Hash,          // maps::HashMap
    EvictingHash,  // LRU
    PerCpuArray,   // maps::PerCpuMap of the one or the other
    PerCpuHash,
  };
  uint64_t map;  // its address, as helpers get it
  Kind kind;
  uint32_t key_size;
  uint64_t value_size;  // of what a lookup gives; 0: no memory, but another map
  bool writable;        // by programs
  // Of an array; of a hash that does not evict, its slab and how many buckets it has (HashMap::Table).
  uint64_t values;  // the first
  uint64_t stride;  // bytes from one element to the next
  uint32_t count;
  uint64_t buckets;  // of a hash
};

// What unverified programs may touch.
struct JitRegion {
  uint64_t address, size;
  bool writable;
};
struct Window;  // regions.h
inline constexpr unsigned kSeenBits = 10;
inline constexpr uint64_t kSeenMultiplier = 0x9e3779b97f4a7c15;  // the place: the upper bits of a product
struct JitUnverified {
  const JitRegion *regions;  // that stay where they are; none overlaps another
  size_t region_count;
  const Window *const *windows;  // by instruction: where its accesses may lie besides
  const bool *plain_calls;       // by instruction: its helper takes and gives numbers alone
  // Values of maps that lookups gave and that the host knows to be in reach, by kSeenBits of their address.
  uint64_t *seen;
};

// A Resolved (resolve.h) as plain data, and what is known of the program's maps.
struct JitProgram {
  const char *name;
  const isa::Insn *insns;
  const uint64_t *values;
  size_t insn_count;
  const uint32_t *subprograms;
  const uint32_t *stack_bytes;
  size_t subprogram_count;
  const JitMap *maps;
  size_t map_count;
  bool hot_helpers;  // helpers are those of helper_function(), so their code may be what the plugin has of it
  const JitUnverified *unverified;  // null: the verifier has accepted it
  // Everything above that is an address lies in one of these; of two that hold it, the larger one is meant.
  const JitObject *objects;
  size_t object_count;
};

struct JitOptions {
  const char *march;  // "x86_64", "aarch64": of any such machine; null: this one
  bool blind;         // no constant of the program appears in its code as it is (blind.h)
  // With [march]: how many bytes lie between the code and what is behind it, which both have whole kJitPieces. They are
  // zeros in the image, where the file that it goes into has others' code and constants.
  uint64_t gap;
  bool lines;  // the image says which instruction its bytes are of
};

// A compiled subprogram: r1 ... r5 and the environment; gives r0. Callbacks and helpers have the same type.
using JitEntry = uint64_t (*)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, Env *env);

// The same of an unverified program.
using JitCheckedEntry = int64_t (*)(JitRun *run);

// The 8 bytes at [offset] hold the address of an object, or of the image itself, and [addend].
struct JitRelocation {
  uint32_t offset;
  uint32_t object;  // of JitProgram::objects, or kJitItself
  int64_t addend;
};
inline constexpr uint32_t kJitItself = UINT32_MAX;

// Bytes of an image.
struct JitFunction {
  uint32_t offset, size;  // size 0: all its callers have it inlined
};

// From this byte of the code on, until the next one's, it is what this instruction of the program became.
struct JitLine {
  uint32_t offset, insn;
};
inline constexpr uint32_t kJitNoInsn = UINT32_MAX;  // of nothing that the program says

// In a file that is loaded at a page, images lie at multiples of this: what code of AArch64 is made for.
inline constexpr uint64_t kJitPiece = 4096;

// Code that runs at any page. Its bytes before [data_offset], which is a multiple of the page size, or with
// JitOptions::march of kJitPiece, are executed and have no relocations; those behind it are read.
struct JitImage {
  const std::byte *bytes;
  uint64_t size, data_offset;
  const JitRelocation *relocations;
  uint64_t relocation_count;
  const JitFunction *functions;  // by subprogram
  uint64_t function_count;
  const JitLine *lines;  // rising; none without JitOptions::lines
  uint64_t line_count;
};

struct JitApi {
  // Hands the image to [made] before it returns; or false, with a NUL-terminated message of at most [error_size] bytes
  // in [error]. Safe from several threads.
  bool (*compile)(const JitProgram *program, const JitOptions *options, void (*made)(void *context, const JitImage *),
                  void *context, char *error, size_t error_size);
};

inline constexpr const char *kJitOpenSymbol = "spile_jit_open";
// The plugin's table; null when it was built for another version.
using JitOpen = const JitApi *(*)(uint32_t version, const JitHost *host);

}  // namespace spile::vm
