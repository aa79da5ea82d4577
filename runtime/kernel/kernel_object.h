// KernelObject: an object loaded into this machine's kernel, through libbpf.
//
//   object::Object ──► ELF ──► libbpf: maps, CO-RE, the kernel's verifier ──► programs and maps behind descriptors
//
// What it made goes when it goes out of scope: nothing stays attached, and nothing but maps is pinned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "runtime/kernel/legacy_maps.h"
#include "support/file.h"
#include "support/result.h"

struct bpf_object;
struct bpf_program;

namespace spile::kernel {

class EventTap;
class FailureCounts;
class TaskSet;

// A program to load, with the type that it is to have.
struct Wanted {
  std::string_view name;
  const tables::ProgramType *type = nullptr;
};

// What the kernel gets besides the object: in the copy of its programs, and in bpffs.
struct Additions {
  const TaskSet *only = nullptr;            // programs that run for a task see these alone
  const FailureCounts *failures = nullptr;  // count what fails
  const EventTap *tap = nullptr;            // sends what programs see
  std::string pin;                          // the folder of bpffs that keeps declared maps; empty: none does
};

// What the kernel's verifier says of the program that it refuses.
struct Refusal {
  std::string program;
  std::string log;
  std::string place;  // "probe.bpf.c:17": the last source line that the log names; empty when it names none
};

// What BPF_PROG_TEST_RUN takes and gives. A part that is empty is not given to the kernel, which refuses what a type
// of program does not take.
struct TestInput {
  std::span<const std::byte> packet, ctx;
  uint64_t repeat = 1;
};
struct TestResult {
  uint32_t r0 = 0;  // of the last run
  uint32_t ns_per_run = 0;
  std::vector<std::byte> packet;  // as the last run left it
};

// How often a program ran, and for how long.
struct RunCount {
  uint64_t times = 0, ns = 0;
};
// The kernel counts the runs of its programs as long as somebody holds this.
Result<Fd> count_runs();

// Environment error where this process may not give the kernel programs at all.
Result<void> check_allowed();

// Whether the kernel's programs and maps can have names there.
bool is_on_bpffs(const std::string &path);

class KernelObject {
 public:
  // Environment error where this process may load nothing; Input error, with the end of the verifier's log, where the
  // kernel refuses a program; [refusal], if there is one, then has all of the log.
  static Result<KernelObject> load(const object::Object &object, std::span<const Wanted> programs,
                                   const Additions &additions = {}, Refusal *refusal = nullptr);
  KernelObject(KernelObject &&) noexcept;
  KernelObject &operator=(KernelObject &&) noexcept;
  ~KernelObject();

  // BPF_PROG_TEST_RUN. Unsupported error for types of program that have none.
  Result<TestResult> test_run(std::string_view program, const TestInput &input) const;

  // What was counted of a program; nothing without count_runs().
  RunCount runs_of(std::string_view program) const;

  // The descriptor of a map, or by ".rodata" of a section's; -1 for one that the object does not have.
  int map_fd(std::string_view name) const;
  // A program that was loaded.
  bpf_program *program(std::string_view name) const;
  // The maps that it declares, without its global data.
  struct DeclaredMap {
    std::string name;
    uint32_t type = 0;  // enum bpf_map_type
    int fd = -1;
  };
  std::vector<DeclaredMap> maps() const;
  bpf_object *handle() const { return object_; }

 private:
  explicit KernelObject(bpf_object *object) : object_(object) {}
  bpf_object *object_;
  std::vector<LegacyMap> legacy_maps_;
};

}  // namespace spile::kernel
