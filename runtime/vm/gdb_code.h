// Compiled code as GDB's interface for JIT compilers tells of it: an object file in memory with the functions' names
// and source lines, in a list that the debugger reads when this process says that it has changed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/vm/listing.h"

namespace spile::vm {

// ELF with .symtab and DWARF. [name]: of the program.
std::vector<std::byte> debug_object(const std::string &name, std::span<const ListedFunction> functions);

// While it lives, the debugger knows of the code. Costs a call of an empty function when there is no debugger.
class GdbCode {
 public:
  GdbCode(const std::string &name, std::span<const ListedFunction> functions);
  ~GdbCode();
  GdbCode(const GdbCode &) = delete;
  GdbCode &operator=(const GdbCode &) = delete;

 private:
  std::vector<std::byte> object_;
  void *entry_;
};

}  // namespace spile::vm
