// Any bytes as instructions: the verifier must give a verdict, and a program that it accepts must run on the checked
// interpreter without a fault: no access outside what the verifier thought it was.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/vm/checked.h"
#include "verifier/verifier.h"

using namespace spile;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const object::Object kEmpty;
  object::Program program;
  program.name = "fuzz";
  program.section = "socket";
  program.license = "GPL";
  program.object = &kEmpty;
  program.insns.resize(size / sizeof(isa::Insn));
  if (program.insns.empty()) return 0;
  std::memcpy(program.insns.data(), data, program.insns.size() * sizeof(isa::Insn));
  program.subprograms.push_back({"fuzz", 0, {}, object::Binding::Global});
  verifier::Options options;
  options.max_processed = 100'000;
  const verifier::Verdict verdict = verifier::verify(program, *tables::find_program_type("socket"), options);
  if (verdict.kind != verifier::Verdict::Accept) return 0;
  for (const isa::Insn &insn : program.insns)
    if (insn.is_call()) return 0;  // helpers want an event
  alignas(8) uint8_t context[192] = {};
  const vm::Region region{"ctx", reinterpret_cast<uint64_t>(context), sizeof(context), true};
  vm::CheckedRun run;
  run.regions = {&region, 1};
  run.r1 = region.address;
  run.fuel = 1'000'000;
  const auto result = vm::run_checked(program.insns, run);
  if (!result && result.error().message.find("stopped at instruction") == std::string::npos) {
    std::fprintf(stderr, "accepted, but: %s\n", result.error().message.c_str());
    std::abort();
  }
  return 0;
}
