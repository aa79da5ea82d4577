// CallCheck: what a helper is given by a program that nobody verified, checked against the helper's row of
// helpers.def (a kernel function's, of kfuncs.def), and what memory comes into the program's reach by its result.
//
// In: the machine's memory as Regions, the maps, the registers. Out: a Fault that names the argument, or the memory
// that is added. Helpers rely on what a row promises, so nothing that a program passes may reach them unchecked.
//
// What is the same each time an instruction calls is looked up once, in its CallSite.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "lang-spec/tables/kfuncs.h"
#include "lang-spec/tables/tables.h"
#include "runtime/maps/map.h"
#include "runtime/vm/env.h"
#include "runtime/vm/fault.h"
#include "runtime/vm/frames.h"
#include "runtime/vm/regions.h"

namespace spile::vm {

using Arguments = std::array<uint64_t, 5>;  // r1 to r5

// What the program may do with memory, as the machine that runs it knows.
class Memory {
 public:
  virtual ~Memory() = default;
  // The region that holds these bytes, or null and the region that is next to them.
  virtual const Region *find(uint64_t address, uint64_t bytes, const Region *&near) const = 0;
  virtual uint64_t context() const = 0;
  virtual bool is_subprogram(uint64_t value) const = 0;
};

// A record of a ring buffer that is reserved.
struct Record {
  uint64_t bytes = 0;
  std::shared_ptr<Window> window;  // of the call that gave it, and that may have given another one since; or null
};

// Memory that outlives a run: what lookups gave, until the maps go. Of all programs that share the maps.
struct Reach {
  Regions regions;
  std::vector<maps::Map *> maps;       // those that programs name, and those that lie in maps of maps
  std::map<uint64_t, Record> records;  // by address
};

// An instruction that calls a helper or a kernel function.
struct CallSite {
  uint32_t insn = 0;
  HelperFn function = nullptr;
  const tables::Helper *helper = nullptr;  // one of both, when calls are checked
  const tables::Kfunc *kfunc = nullptr;
  uint32_t program = UINT32_MAX;  // enum bpf_prog_type, whose row the following is of
  const std::array<tables::Arg, 5> *rows = nullptr;
  uint32_t checked = 0, tracked = 0;  // arguments, a bit each: what must hold; what changes what the program may use
  bool is_plain = false;              // takes and gives numbers alone
  maps::Map *map = nullptr;           // that was accepted last
  bool gives_maps = false;            // it holds maps
  std::shared_ptr<Window> result;     // memory that the last call gave; null: nobody asks
};

// Whether a helper takes and gives numbers alone, in programs of every type.
bool is_plain_helper(uint32_t number);

class CallCheck {
 public:
  CallCheck(Reach &reach, const Frames &frames, const Memory &memory)
      : reach_(reach), frames_(frames), memory_(memory) {}

  // Before a run.
  void begin() {
    if (!dynptrs_.empty()) dynptrs_.clear();
  }
  // [program]: enum bpf_prog_type.
  Ran<void> before(CallSite &site, uint32_t program, const Arguments &arguments) {
    if (site.program == program && site.is_plain) return {};
    return check(site, program, arguments);
  }
  void after(CallSite &site, const Arguments &arguments, uint64_t result) {
    if (!site.is_plain) note(site, arguments, result);
  }
  // What the helper gives to the subprogram that it calls.
  void enter_callback(const tables::Helper &helper, const Arguments &given);
  void leave_callback(const tables::Helper &helper, const Arguments &given);

 private:
  // The call that is checked: for messages.
  struct Argument {
    const CallSite &site;
    unsigned number = 0;  // from 1
    uint64_t value = 0;
    std::string callee() const {
      return site.helper != nullptr ? tables::c_name(*site.helper) : std::string(site.kfunc->name);
    }
  };
  [[gnu::flatten]] Ran<void> check(CallSite &site, uint32_t program, const Arguments &arguments);
  void note(CallSite &site, const Arguments &arguments, uint64_t result);
  static void read_rows(CallSite &site, uint32_t program);
  static Ran<void> must_be(bool holds, const Argument &argument, std::string_view what);
  Ran<void> check_map(CallSite &site, const Argument &argument);
  Ran<void> check_kfunc(const CallSite &site, const Arguments &arguments) const;
  void track_kfunc(const tables::Kfunc &kfunc, const Arguments &arguments, uint64_t result);
  Ran<void> check_memory(const Argument &argument, uint64_t bytes, bool writes) const;
  Ran<void> check_dynptr(const Argument &argument, bool uninit) const;
  // Null, or of a record that is reserved.
  bool is_of_record(uint64_t dynptr) const;
  Ran<void> check_lock(const Argument &argument, bool takes) const;
  static Ran<void> check_element_lock(maps::Map &map, const Arguments &arguments);
  Ran<void> check_string(const Argument &argument) const;
  Ran<void> check_helper_argument(const tables::Arg &row, const Argument &argument, uint64_t next,
                                  const maps::Map *map) const;
  maps::Map *map_at(uint64_t address) const;
  void remember_dynptr(uint64_t address);
  void forget_dynptrs(uint64_t data);
  void track(const CallSite &site, const Arguments &arguments);
  // Of a ring buffer: the program has it no longer, nor what it was given of it.
  void end_record(uint64_t address);
  // What a dynptr's memory was asked for.
  void add_part(std::string_view name, uint64_t address, uint64_t size);
  void add_value(const maps::Map &map, uint64_t address);

  Reach &reach_;
  const Frames &frames_;
  const Memory &memory_;
  // What helpers have put into dynptrs, by address: another 16 bytes there are no dynptr. The first word is where the
  // memory begins, 0 for none.
  std::map<uint64_t, std::array<uint64_t, 2>> dynptrs_;
};

}  // namespace spile::vm
