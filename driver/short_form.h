// The short form of a probe, for -e, scripts and standard input:
//
//     tracepoint/syscalls/sys_enter_openat { printf("%s %s\n", comm, str(ctx->filename)); }
//
// A hook, or several with commas between them, or a pattern (`tracepoint/syscalls/sys_enter_*`), then a body of C. In
// it stand ready: ctx with the fields of the hook, pid, tid, uid, gid, cpu, nsecs, comm, probe (the hook's name). A
// table that is used without a declaration is declared, and so are the parameters `$1`, `$2` of the command line. C
// declarations may stand between the probes.
//
// In: the text. Out: the C that it means, in which #line directives keep the places of the text. Called by run and
// build.
#pragma once

#include <string>
#include <string_view>

#include "support/result.h"

namespace spile::driver {

// [name]: what diagnostics call the text. Errors name the place: an unknown hook, a pattern that matches nothing, a
// table that is used with keys of different numbers.
Result<std::string> write_out_short_form(std::string_view program, const std::string &name);

// What the `#include <spile_contexts.h>` of a program in C means: the structs of it that the program names.
std::string write_out_contexts(std::string_view program, const std::string &name);

// Whether a script is in the short form: it has no SEC().
bool is_short_form(std::string_view text);

}  // namespace spile::driver
