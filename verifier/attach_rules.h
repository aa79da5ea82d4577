// Attach rules: what follows from where a program hangs: whether it may sleep, hang there at all, what it may return.
//
// In: the program's type and the target that its section names. The lists are those of kernel/bpf/bpf_lsm.c and
// kernel/trace/bpf_trace.c.
#pragma once

#include <optional>
#include <string_view>

#include "verifier/env.h"
#include "verifier/failure.h"

namespace spile::verifier {

// Hooks of security modules whose objects may be about to go away: no pointer from them is trusted.
bool hands_over_dying(std::string_view hook);
// What SEC() names behind its last slash.
std::string_view target_of(const Env &env);
// The kernel's type by which it finds what a program is attached to (libbpf: libbpf_find_attach_btf_id): `bpf_lsm_` and
// the target, for an LSM hook. None where there is no such type, or none of the kernel's own (freplace, struct_ops).
struct TargetType {
  tables::AttachType attach;
  object::BtfKind kind;  // Func or Typedef
  std::string_view prefix;
  std::string_view noun;  // what a message calls it
};
const TargetType *target_type(tables::AttachType attach);
// Programs that interrupt anything, at any time (is_tracing_prog_type).
bool is_probe(const tables::ProgramType &type);
// A program that cannot be loaded for where it hangs, whatever it does (check_attach_btf_id).
std::optional<Failure> check_attachment(const Env &env);
// Maps that programs of this type must not use, whatever they do with them (check_map_prog_compatibility).
std::optional<Failure> check_maps(const Env &env);
// What the program may return: its row's range, or its hook's.
tables::ReturnRange return_range(const Env &env);
// Whether bpf_setsockopt() and bpf_getsockopt() may be called here: not while the kernel lets go of the socket.
bool may_set_sockets(const Env &env);
// Functions in which bpf_d_path() can take no lock that is held (bpf_d_path_allowed).
bool may_call_d_path(const Env &env);

}  // namespace spile::verifier
