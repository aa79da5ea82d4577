// Kernel: the verifier of the kernel that runs here, asked with bpf(). Needs root.
#pragma once

#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"

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
  // Loads with BPF_F_TEST_REG_INVARIANTS, and closes again.
  Answer load(const std::vector<isa::Insn> &insns, const tables::ProgramType &type, bool with_log);

 private:
  std::vector<int> fds_;
  std::string log_;
  bool works_ = false;
};

// The last line of a log that is a reason.
std::string reason(const std::string &log);

}  // namespace spile::fuzz
