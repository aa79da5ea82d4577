// Expectations: what an object says of its own programs, in the annotations of the kernel's selftests (bpf_misc.h):
// `__success`, `__failure`, `__msg("…")`, their `_unpriv` forms, `__flag(…)`. They are declaration tags of BTF.
//
// In: an object, the name of a program. Out: what its author expects of the verifier. For `spile check --expect`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "verifier/verifier.h"

namespace spile::driver {

struct Expectation {
  std::optional<bool> accepted, accepted_unprivileged;
  std::vector<std::string> messages;  // parts of the verifier's log, in order; "{{" "}}" hold a regular expression
  uint32_t flags = 0;                 // BPF_F_*, of <linux/bpf.h>
  bool elsewhere = false;             // only for other processors than x86-64

  bool judged(bool unprivileged) const { return (unprivileged ? accepted_unprivileged : accepted).has_value(); }
};

Expectation expectation_of(const object::Object &object, const std::string &program);

// How a verdict differs from what was expected; empty: it does not. The messages of accepted programs are lines of the
// kernel's log that Spile does not write: they are not compared.
std::string difference(const Expectation &expected, const verifier::Verdict &verdict, bool unprivileged);

}  // namespace spile::driver
