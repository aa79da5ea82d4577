// Writes syscall_names.h from syscalls.def: `enum syscall`, the names of this machine's system calls by number. A map
// whose key has this type is printed with names.
#include <cstdio>
#include <string>

#include "lang-spec/tables/syscalls.h"

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  std::FILE *out = std::fopen(argv[1], "w");
  if (out == nullptr) return 3;
  std::string text =
      "/* Generated from lang-spec/tables/syscalls.def. */\n#ifndef __SPILE_SYSCALL_NAMES_H\n"
      "#define __SPILE_SYSCALL_NAMES_H\nenum syscall {\n";
  for (const spile::tables::Syscall &syscall : spile::tables::syscalls())
    if (syscall.number() >= 0)
      text += "\tSYS_" + std::string(syscall.name) + " = " + std::to_string(syscall.number()) + ",\n";
  text += "};\n#endif\n";
  const bool is_written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  return std::fclose(out) == 0 && is_written ? 0 : 3;
}
