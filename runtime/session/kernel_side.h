// KernelSide: the programs of a run that are in the kernel, and what belongs to them there.
//
// In: an object and what the command line says. Out: what Session::open() takes with the handlers of the user's side.
// Called by `spile run --on=kernel`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/object/object.h"
#include "lang-spec/tables/tables.h"
#include "runtime/kernel/attachments.h"
#include "runtime/kernel/event_tap.h"
#include "runtime/kernel/failure_counts.h"
#include "runtime/kernel/kernel_object.h"
#include "runtime/kernel/task_set.h"
#include "runtime/session/kernel_recording.h"
#include "support/result.h"

namespace spile::session {

struct LoadedProgram {
  std::string name, section;
  const tables::ProgramType *type = nullptr;
};

class KernelSide {
 public:
  struct Options {
    bool has_command = false;     // -c: programs see its tasks alone
    std::optional<uint32_t> pid;  // -p: likewise
    kernel::Places places;
    std::string pin;  // --pin: a folder of bpffs; empty: none
    // Makes an object of C. When it is there, what programs see is written down: Options::record of the session.
    std::function<Result<object::Object>(const std::string &source)> compile_tap;
  };
  // Loads all programs of [object] but those of the user's side, and those on tracepoints of other kernels where this
  // one has a tracepoint for another program: a pattern is of all kernels; [only] one of them, when it is not empty.
  // [refusal] has the log of the kernel's verifier, when that refuses one.
  static Result<KernelSide> load(const object::Object &object, const std::string &only, Options options,
                                 kernel::Refusal &refusal);

  using Program = LoadedProgram;
  std::span<const Program> programs() const { return programs_; }
  const kernel::KernelObject &object() const { return *object_; }
  const kernel::FailureCounts &failures() const { return *failures_; }
  kernel::TaskSet *tasks() { return tasks_ ? &*tasks_ : nullptr; }
  std::optional<uint32_t> pid() const { return options_.pid; }
  const kernel::Places &places() const { return options_.places; }
  // Tracepoints that other kernels have and this one has not; their programs are not loaded.
  std::span<const std::string> passed_over() const { return passed_over_; }
  // Of each program that is listened to, in the order of kernel::EventTap::Run::program, what its events are.
  std::span<const TappedHook> tapped() const { return tapped_; }

 private:
  explicit KernelSide(Options options) : options_(std::move(options)) {}

  Options options_;
  std::vector<Program> programs_;
  std::vector<TappedHook> tapped_;
  std::vector<std::string> passed_over_;
  std::optional<kernel::FailureCounts> failures_;
  std::optional<kernel::TaskSet> tasks_;
  std::optional<kernel::KernelObject> object_;
};

}  // namespace spile::session
