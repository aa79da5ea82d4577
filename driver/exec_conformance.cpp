#include "driver/exec_conformance.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/object/object.h"
#include "driver/exec_input.h"
#include "runtime/vm/checked.h"
#include "runtime/vm/engine.h"
#include "runtime/vm/jit_checked.h"
#include "support/source.h"

namespace spile::driver {

namespace {

constexpr uint32_t kHelper = 5;

uint64_t give_r1(uint64_t r1, uint64_t, uint64_t, uint64_t, uint64_t, vm::Env *) { return r1; }
vm::HelperFn resolve(uint32_t number) { return number == kHelper ? give_r1 : nullptr; }

// The vector's memory, where atomic operations find it aligned.
class Memory {
 public:
  explicit Memory(const std::vector<std::byte> &bytes) : size_(bytes.size()), words_(bytes.size() / 8 + 1) {
    if (size_ != 0) std::memcpy(words_.data(), bytes.data(), size_);
  }
  void *address() { return size_ == 0 ? nullptr : words_.data(); }
  uint64_t size() const { return size_; }

 private:
  size_t size_;
  std::vector<uint64_t> words_;
};

// [unverified]: what is null for engines that rely on the verifier.
Result<std::unique_ptr<vm::Engine>> make_engine(const std::string &name, vm::Supervision *unverified) {
  if (name != "jit") return vm::make_interpreter(resolve);
  return unverified == nullptr ? vm::make_jit(resolve) : vm::make_checked_jit(*unverified, {}, resolve);
}

Result<uint64_t> run_in(const std::string &engine_name, std::span<const isa::Insn> insns, Memory memory,
                        vm::Supervision *unverified) {
  const auto engine = make_engine(engine_name, unverified);
  if (!engine) return std::unexpected(engine.error());
  object::Program program;
  program.insns.assign(insns.begin(), insns.end());
  const auto loaded = (*engine)->load(program, {});
  if (!loaded) return std::unexpected(loaded.error());
  vm::Env env;
  const uint64_t r0 = (*loaded)->run(memory.address(), memory.size(), env);
  if (unverified != nullptr && unverified->fault) return input_error("{}", unverified->fault->diagnostic.message);
  return r0;
}

}  // namespace

int run_conformance(const std::string &memory_text, std::span<const std::string> engines, bool unverified,
                    Console &console) {
  const auto bytes = parse_hex(memory_text, "memory");
  if (!bytes) return console.fail(bytes.error());
  SourceManager input;
  const auto text = input.load("-");
  if (!text) return console.fail(text.error());
  const auto code = parse_hex((*text)->text, "stdin");
  if (!code) return console.fail(code.error());
  const auto insns = decode_insns(*code, "stdin");
  if (!insns) return console.fail(insns.error());

  Memory memory(*bytes);
  const vm::Region region{"memory", reinterpret_cast<uint64_t>(memory.address()), memory.size(), true};
  vm::CheckedRun run;
  run.regions = {&region, 1};
  run.r1 = region.address;
  run.r2 = region.size;
  run.resolve = resolve;
  const Result<uint64_t> expected = vm::run_checked(*insns, run);
  if (!expected) return console.fail(expected.error());
  uint64_t r0 = *expected;
  for (const std::string &engine : engines) {
    if (engine == "checked") continue;
    vm::Supervision supervision{.verified = false, .fuel = vm::kDefaultFuel};
    const Result<uint64_t> result = run_in(engine, *insns, Memory(*bytes), unverified ? &supervision : nullptr);
    if (!result) return console.fail(result.error());
    r0 = *result;
  }
  console.print(fmt::format("{:x}\n", r0));
  return kExitOk;
}

}  // namespace spile::driver
