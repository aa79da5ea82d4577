// Writes spile_contexts.h from syscalls.def: what programs on the tracepoints of this machine's system calls get as
// their ctx, a struct for each. Of all other tracepoints the kernel's BTF has the structs.
#include <cstdio>
#include <string>

#include "lang-spec/tables/syscalls.h"

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  std::FILE *out = std::fopen(argv[1], "w");
  if (out == nullptr) return 3;
  std::string text =
      "/* Generated from lang-spec/tables/syscalls.def. */\n#ifndef __SPILE_CONTEXTS_H\n"
      "#define __SPILE_CONTEXTS_H\n#ifdef __SPILE__\n#pragma spile apart\n#endif\n";
  text += spile::tables::common_context_structs();
  for (const spile::tables::Syscall &syscall : spile::tables::syscalls())
    if (syscall.number() >= 0) text += spile::tables::context_struct(syscall);
  text += "#endif\n";
  const bool is_written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  return std::fclose(out) == 0 && is_written ? 0 : 3;
}
