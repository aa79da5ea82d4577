// expand_format(): the printf of eBPF programs, for every helper that prints.
//
// Kernel dialect: what bpf_bprintf_prepare() and bstr_printf() accept and print (kernel/bpf/helpers.c, lib/vsprintf.c):
//   %d %i %u %x %X with l, ll · %c · %s · %p %px %pK (16 digits) · %ps %pS %pB · %pks %pus · %pi4 %pI4 %pi6 %pI6 · %%
//   flags `0 + - space` and a width. Anything else is -EINVAL, and so is a byte that is not printable ASCII.
// Spile dialect, for handlers on the user's side: in addition %o, `#`, precision, h hh z j t, %pM, %pI6c, UTF-8.
//
// Kernel: %p is hashed there and plain here; %ps, %pS and %pB print the address, for want of kernel symbols.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/vm/env.h"

namespace spile::helpers {

enum class Dialect : uint8_t { Kernel, Spile };

// Appends to [text]. The length of the whole expansion, or -EINVAL for a format that is wrong or wants more than
// [args], or -ENOSPC. [format] ends at its first NUL, which the kernel's dialect requires. Text beyond the dialect's
// limit (1023 bytes in the kernel's) is cut off.
int64_t expand_format(const vm::Env *env, Dialect dialect, std::string_view format, std::span<const uint64_t> args,
                      std::string &text);

}  // namespace spile::helpers
