// UserProbe: what stands behind SEC("uprobe/libc.so.6:malloc"): places in the code of a file, and what happens there.
//
// The names are those of libbpf, and mean what they mean there:
//   uprobe/FILE:FUNCTION[+OFFSET]   uretprobe/FILE:FUNCTION   usdt/FILE:PROVIDER:NAME   with uprobe.s, … too
//   uprobe.multi/FILE:PATTERN       uretprobe.multi/FILE:PATTERN   uprobe.session/FILE:PATTERN   PATTERN with * and ?
// A FILE with a `/` is a path; another is looked for where the loader looks for libraries (libc.so.6) or the shell for
// programs (bash). Beyond libbpf, `libc` finds `libc.so.6`.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace spile::hooks {

struct UserPlace {
  uint64_t file_offset = 0;
  uint64_t address = 0;    // as linked
  uint64_t semaphore = 0;  // Usdt: as linked; 0: none
  uint64_t cookie = 0;     // what bpf_get_attach_cookie() gives there
  std::string arguments;   // Usdt: where they lie, as the note says it
  std::string name;        // "malloc", "main+0x1a", "libc:setjmp"
  bool is_function_start = false;
};

struct UserProbe {
  enum class Kind : uint8_t { Entry, Return, Usdt };
  Kind kind = Kind::Entry;
  std::string path;  // without symbolic links
  dev_t device = 0;
  ino_t inode = 0;
  std::vector<UserPlace> places;  // never empty
};

// The parts of [section], without a look at the file.
struct UserProbeName {
  UserProbe::Kind kind = UserProbe::Kind::Entry;
  bool is_pattern = false;
  std::string file, function, provider;  // [function] is the probe's name for Usdt
  uint64_t offset = 0;
};
// Usage error when it says too little or is not written so.
Result<UserProbeName> parse_user_probe(std::string_view section);

// The path of [name] as above. Environment error with what was looked through.
Result<std::string> find_binary(const std::string &name);

// "uprobe/libc.so.6:malloc" of "uprobe/libc:malloc", where `libc` is no program and there is such a library: what
// libbpf finds too. Anything else as it is.
std::string with_full_library_name(std::string_view section);

// Errors: of those above; the file is no program of this machine, has no such function or probe (with the nearest
// ones).
Result<UserProbe> find_user_probe(std::string_view section);

}  // namespace spile::hooks
