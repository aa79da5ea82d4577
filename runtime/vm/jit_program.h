// JitInput: a resolved program as the plugin gets it, the objects of this process that its code refers to, and
// the key by which code that was made of it is found again.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/vm/jit_abi.h"
#include "runtime/vm/resolve.h"

namespace spile::vm {

// What compiled code calls.
const JitHost &jit_host();

// What code may call that is no helper and no kernel function.
struct HostFunction {
  // Its symbol, for other processes too (docs/native.md); null: code of verified programs never calls it.
  const char *name;
  uint64_t address;  // here
};
std::span<const HostFunction> host_functions();

// Points into what it is made of, but for the maps.
class JitInput {
 public:
  // [unverified]: null when the verifier has accepted the program. [resolve]: of its helpers.
  JitInput(const std::string &name, const Resolved &resolved, std::span<maps::Map *const> maps, HelperResolver resolve,
           const JitUnverified *unverified = nullptr);
  // For another process: [objects] are what the program refers to, at addresses that stand for them, and [maps] what is
  // known of its maps.
  JitInput(const std::string &name, const Resolved &resolved, std::vector<JitObject> objects, std::vector<JitMap> maps);
  JitInput(const JitInput &) = delete;
  JitInput &operator=(const JitInput &) = delete;

  const JitProgram &program() const { return program_; }
  std::span<const JitObject> objects() const { return objects_; }
  // Everything that code depends on but where objects lie: equal keys, equal code.
  std::vector<std::byte> key() const;

 private:
  void add(uint64_t address, uint64_t size, const char *name = nullptr) { objects_.push_back({address, size, name}); }
  void add_function(uint64_t address);
  void set_program(const std::string &name, const Resolved &resolved);

  std::vector<JitMap> maps_;
  std::vector<JitObject> objects_;
  JitProgram program_{};
};

}  // namespace spile::vm
