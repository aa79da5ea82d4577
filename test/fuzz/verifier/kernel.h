// Kernel: the verifier of the kernel that runs here, asked with bpf(); and what it makes of a program. Needs root.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "runtime/session/trial.h"

namespace spile::fuzz {

class Kernel {
 public:
  // Creates the maps of [object], by index; those of read-only sections are filled and frozen.
  explicit Kernel(const object::Object &object);
  ~Kernel();
  Kernel(const Kernel &) = delete;
  Kernel &operator=(const Kernel &) = delete;

  // Whether it can be asked: all maps exist, and the least program is accepted.
  bool works() const { return works_; }

  struct Answer {
    int error = 0;    // errno; 0: accepted
    std::string log;  // with_log
    bool accepts() const { return error == 0; }
    // It found its own ranges inconsistent, or had no memory: it says nothing about the program.
    bool is_no_verdict() const;
  };
  // Loads with BPF_F_TEST_REG_INVARIANTS, and closes again. With the object's BTF, when the kernel takes it and it has
  // all functions; calls of kernel functions, which name them in that BTF, get the kernel's ids.
  Answer load(const object::Program &program, const tables::ProgramType &type, bool with_log);

  // What BPF_PROG_TEST_RUN and the maps then say; none when the kernel does not take the program or the input.
  std::optional<session::TrialResult> run(const object::Program &program, const tables::ProgramType &type,
                                          const session::TrialInput &input);

 private:
  int open_program(const object::Program &program, const tables::ProgramType &type, bool with_log);
  std::vector<int> maps_for(const tables::ProgramType &type);

  const object::Object &object_;
  int btf_ = -1;
  std::vector<std::pair<uint32_t, uint32_t>> kernel_functions_;  // id in the object's BTF, in the kernel's
  std::vector<int> fds_;
  std::map<const tables::ProgramType *, std::vector<int>> program_arrays_;
  std::string log_;
  bool works_ = false;
};

// The last line of a log that is a reason.
std::string reason(const std::string &log);

}  // namespace spile::fuzz
