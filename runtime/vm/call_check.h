// CallCheck: what a helper is given by a program that nobody verified, checked against the helper's row of
// helpers.def, and what memory comes into the program's reach by its result.
//
// In: the machine's memory as Regions, the maps, the registers. Out: a Fault that names the argument, or the memory
// that is added. Helpers rely on what a row promises, so nothing that a program passes may reach them unchecked.
#pragma once

#include <array>
#include <map>
#include <span>
#include <vector>

#include "lang-spec/tables/tables.h"
#include "runtime/maps/map.h"
#include "runtime/vm/fault.h"
#include "runtime/vm/regions.h"

namespace spile::vm {

using Arguments = std::array<uint64_t, 5>;  // r1 to r5

// What the program may do with memory, as the machine that runs it knows.
class Memory {
 public:
  virtual ~Memory() = default;
  // The region that holds these bytes, or null and the region that is next to them.
  virtual const Region *find(uint64_t address, uint64_t bytes, const Region *&near) const = 0;
  virtual bool on_stack(uint64_t address, uint64_t bytes) const = 0;
  virtual uint64_t context() const = 0;
  virtual bool is_subprogram(uint64_t value) const = 0;
};

// Memory that outlives a run: what lookups gave, until the maps go. Of all programs that share the maps.
struct Reach {
  Regions regions;
  std::vector<maps::Map *> maps;         // those that programs name, and those that lie in maps of maps
  std::map<uint64_t, uint64_t> records;  // of ring buffers, that are reserved: bytes by address
};

class CallCheck {
 public:
  CallCheck(Reach &reach, const Memory &memory) : reach_(reach), memory_(memory) {}

  // [program]: enum bpf_prog_type.
  Ran<void> before(const tables::Helper &helper, uint32_t program, const Arguments &arguments);
  void after(const tables::Helper &helper, uint32_t program, const Arguments &arguments, uint64_t result);
  // What the helper gives to the subprogram that it calls.
  void enter_callback(const tables::Helper &helper, const Arguments &given);
  void leave_callback(const tables::Helper &helper, const Arguments &given);

  Ran<void> before(std::string_view kfunc, const Arguments &arguments) const;
  void after(std::string_view kfunc, const Arguments &arguments, uint64_t result);

 private:
  // The call that is checked: for messages.
  struct Argument {
    const tables::Helper *helper = nullptr;  // null: a kernel function
    std::string_view kfunc;
    unsigned number = 0;  // from 1
    uint64_t value = 0;
    std::string callee() const { return helper != nullptr ? tables::c_name(*helper) : std::string(kfunc); }
  };
  Ran<void> check_memory(const Argument &argument, uint64_t bytes, bool writes) const;
  Ran<void> check_dynptr(const Argument &argument, bool uninit) const;
  // Null, or of a record that is reserved.
  bool is_of_record(uint64_t dynptr) const;
  Ran<void> check_lock(const Argument &argument, bool takes) const;
  static Ran<void> check_element_lock(maps::Map &map, const Arguments &arguments);
  Ran<void> check_string(const Argument &argument) const;
  Ran<void> check_helper_argument(const tables::Helper &helper, const tables::Arg &row, const Argument &argument,
                                  uint64_t next, const maps::Map *map) const;
  maps::Map *map_at(uint64_t address) const;
  void remember_dynptr(uint64_t address);
  void forget_dynptrs(uint64_t data);
  // Of a ring buffer: the program has it no longer, nor what it was given of it.
  void end_record(uint64_t address);
  // What a dynptr's memory was asked for.
  void add_part(std::string_view name, uint64_t address, uint64_t size);
  void add_value(const maps::Map &map, uint64_t address);

  const tables::ProgramType &type_of(uint32_t number);

  Reach &reach_;
  const Memory &memory_;
  const tables::ProgramType *type_ = nullptr;  // that was asked for last
  // What helpers have put into dynptrs, by address: another 16 bytes there are no dynptr. The first word is where the
  // memory begins, 0 for none.
  std::map<uint64_t, std::array<uint64_t, 2>> dynptrs_;
};

}  // namespace spile::vm
