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

#include <optional>
#include <string>
#include <string_view>

#include "support/diagnostics.h"

namespace spile::driver {

// Reports rows of diagnostics/short-form.def, and is nothing then: unknown hooks and patterns that match nothing,
// tables with keys of different numbers, and what is written as bpftrace, dtrace or SystemTap have it, with what it is
// here.
std::optional<std::string> write_out_short_form(const SourceManager::File &file, Diagnostics &diagnostics);

// What the `#include <spile_contexts.h>` of a program in C means: the structs of it that the program names.
std::string write_out_contexts(std::string_view program, const std::string &name);

// Whether a script is in the short form: it has no SEC().
bool is_short_form(std::string_view text);

}  // namespace spile::driver
