#include "runtime/vm/checked.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>
#include <random>

#include "backend/isa/asm.h"
#include "engines.h"
#include "runtime/vm/jit_checked.h"
#include "runtime/vm/resolve.h"

// With it, the stack of a program would lie elsewhere in each run, and with it what a program makes of an address.
extern "C" [[gnu::visibility("default")]] const char *__asan_default_options() {
  return "detect_stack_use_after_return=0";
}

namespace spile::vm {
namespace {

uint64_t give_r1(uint64_t r1, uint64_t, uint64_t, uint64_t, uint64_t, Env *) { return r1; }
HelperFn helpers(uint32_t number) { return number == 5 ? give_r1 : nullptr; }

class Checked : public testing::Test {
 protected:
  Result<uint64_t> run(std::span<const isa::Insn> insns) {
    const Region regions[] = {{"memory", reinterpret_cast<uint64_t>(memory), sizeof memory, true},
                              {"constants", reinterpret_cast<uint64_t>(constants), sizeof constants, false}};
    return run_checked(insns, {.regions = regions,
                               .r1 = reinterpret_cast<uint64_t>(memory),
                               .r2 = reinterpret_cast<uint64_t>(constants),
                               .fuel = 10000,
                               .resolve = helpers});
  }
  Result<uint64_t> run(std::string_view text) { return run(isa::assemble(text).value()); }
  std::string fault(std::string_view text) {
    const auto result = run(text);
    return result.has_value() ? "r0 = " + std::to_string(*result) : result.error().message;
  }
  alignas(8) uint8_t memory[16] = {1, 2, 3, 4};
  alignas(8) uint8_t constants[8] = {9};
};

TEST_F(Checked, RunsInsideItsRegions) {
  EXPECT_EQ(run("r0 = *(u8 *)(r2 + 0)\n *(u64 *)(r1 + 8) = r0\n r0 = *(u64 *)(r1 + 8)\n exit"), 9u);
  EXPECT_EQ(run("r1 = 42\n call 5\n exit"), 42u);
  EXPECT_EQ(run("r3 = func f ll\n r1 = 6\n callx r3\n exit\nf:\n r0 = r1\n r0 *= 7\n exit"), 42u);
  EXPECT_EQ(run("*(u64 *)(r10 - 512) = 3\n r0 = *(u64 *)(r10 - 512)\n exit"), 3u);
}

TEST_F(Checked, FaultsNameInstructionAddressAndRegion) {
  const auto at = [](const void *place, int64_t offset) {
    return fmt::format(" at {:#x}: ", reinterpret_cast<uint64_t>(place) + static_cast<uint64_t>(offset));
  };
  EXPECT_EQ(fault("r0 = *(u64 *)(r1 + 9)\n exit"), "instruction 0: `r0 = *(u64 *)(r1 + 0x9)`: reads 8 bytes" +
                                                       at(memory, 9) + "offset 9 of memory, which has 16 bytes");
  EXPECT_EQ(fault("r0 = *(u8 *)(r2 + 12)\n exit"), "instruction 0: `r0 = *(u8 *)(r2 + 0xc)`: reads 1 byte" +
                                                       at(constants, 12) +
                                                       "4 bytes past the end of constants, which has 8 bytes");
  EXPECT_EQ(fault("*(u8 *)(r2 + 0) = 1\n exit"),
            "instruction 0: `*(u8 *)(r2 + 0x0) = 0x1`: writes 1 byte" + at(constants, 0) + "constants is read-only");
  EXPECT_EQ(fault("*(u8 *)(r10 + 0) = 1\n exit").substr(0, 57),
            "instruction 0: `*(u8 *)(r10 + 0x0) = 0x1`: writes 1 byte ");
  EXPECT_EQ(fault("r1 = 0\n r0 = *(u32 *)(r1 + 4)\n exit"),
            "instruction 1: `r0 = *(u32 *)(r1 + 0x4)`: reads 4 bytes at 0x4: a pointer that is NULL");
  EXPECT_EQ(fault("r1 = -9\n r0 = *(u32 *)(r1 + 4)\n exit"),
            "instruction 1: `r0 = *(u32 *)(r1 + 0x4)`: reads 4 bytes at 0xfffffffffffffffb: the program has no memory "
            "there");
  EXPECT_EQ(fault("lock *(u64 *)(r1 + 4) += r2\n exit").substr(0, 70),
            "instruction 0: `lock *(u64 *)(r1 + 0x4) += r2`: an atomic access of 8 ");
}

TEST_F(Checked, ControlFlowFaults) {
  EXPECT_EQ(fault("loop: goto loop"), "instruction 0: `goto -0x1`: stopped: it may execute 10000 instructions");
  EXPECT_EQ(fault("r0 = 1"), "instruction 0: `r0 = 0x1`: goes on at instruction 1, but the program has 1");
  EXPECT_EQ(fault("goto -2"), "instruction 0: `goto -0x2`: goes on at instruction -1, but the program has 1");
  EXPECT_EQ(fault("f: call f\n exit"), "instruction 0: `call pc-0x1`: calls more than 8 frames deep");
  EXPECT_EQ(fault("call 6\n exit"), "instruction 0: `call 0x6`: there is no helper 6 here");
  // NoMapHere: an object that was linked has all of its maps.
  EXPECT_EQ(fault("r1 = map 3 ll\n exit"), "instruction 0: `r1 = map 0x3 ll`: map 3 of 0 has no address here");
  EXPECT_EQ(fault("r1 = -1\n callx r1\n exit"),
            "instruction 1: `callx r1`: calls 0xffffffffffffffff, which is neither a helper nor a subprogram");
  EXPECT_EQ(fault("r10 += 1\n exit"), "instruction 0: `r10 += 0x1`: r10, the address of the stack frame, is read-only");
  EXPECT_EQ(fault(""), "instruction 0: goes on at instruction 0, but the program has 0");
}

// Random instructions, biased to known opcodes and to pointers that stay in use.
std::vector<isa::Insn> random_insns(std::mt19937_64 &random) {
  const auto rows = isa::all_insns();
  std::vector<isa::Insn> insns(1 + random() % 16);
  for (isa::Insn &insn : insns) {
    const uint64_t bits = random();
    memcpy(&insn, &bits, sizeof insn);
    if (random() % 8 != 0) {
      const isa::InsnInfo &row = rows[random() % rows.size()];
      insn = {row.opcode, static_cast<uint8_t>(random() % 11), static_cast<uint8_t>(random() % 11),
              static_cast<int16_t>(random() % 32 - 16), static_cast<int32_t>(random() % 64)};
      if (row.select == isa::InsnInfo::Select::Off) insn.off = static_cast<int16_t>(row.select_value);
      if (row.select == isa::InsnInfo::Select::Imm) insn.imm = row.select_value;
      if (row.select == isa::InsnInfo::Select::Src) insn.src = static_cast<uint8_t>(row.select_value & 15);
      if (!isa::malformed(row, insn).empty() && row.select != isa::InsnInfo::Select::Imm) insn.imm = 0;
      if (!isa::malformed(row, insn).empty() && row.select != isa::InsnInfo::Select::Off) insn.off = 0;
    }
  }
  if (random() % 2 == 0) insns.back() = {0x95, 0, 0, 0, 0};
  return insns;
}

TEST_F(Checked, AnyBytesAreARun) {
  // The sanitizer build watches.
  std::mt19937_64 random(42);
  int finished = 0;
  for (int i = 0; i < 20000; i++) finished += run(random_insns(random)).has_value();
  EXPECT_GT(finished, 100);
}

// What the accelerator runs ends as it does an instruction at a time; it may only see later that fuel is gone.
TEST_F(Checked, AcceleratedRunsAreTheSame) {
  std::mt19937_64 random(7);
  const auto outcome = [&](const object::Program &program, bool exact, MakeAccelerator accelerate = interpreted()) {
    memory[0] = 1, memory[1] = 2;
    Supervision supervision{.verified = false, .exact = exact, .fuel = 20000};
    const auto engine = make_checked_interpreter(supervision, helpers, std::move(accelerate));
    const auto loaded = engine->load(program, {}).value();
    Env env;
    const uint64_t r0 = loaded->run(memory, sizeof memory, env);
    if (!supervision.fault) return fmt::format("r0 = {:#x}", r0);
    const Fault &fault = *supervision.fault;
    return fault.diagnostic.info->name == "OutOfFuel" ? "out of fuel"
                                                      : fmt::format("{}: {}", fault.insn, fault.diagnostic.message);
  };
#ifdef SPILE_JIT_PLUGIN
  const MakeAccelerator compiled = compiled_by(CodeSource::find({.plugin = SPILE_JIT_PLUGIN}).value(), helpers);
#endif
  int compared = 0;
  for (int i = 0; i < 20000; i++) {
    const object::Program program = program_of(random_insns(random));
    const std::string expected = outcome(program, true);
    // What is made of the stack's address has no one outcome: a run in another thread, whose heap lies elsewhere, has
    // another then.
    const auto is_same = [&](const std::string &other) {
      return other == expected ||
             std::async(std::launch::async, [&] { return outcome(program, true); }).get() != expected;
    };
    const std::string accelerated = outcome(program, false);
    ASSERT_TRUE(is_same(accelerated)) << i << ": " << accelerated << ", expected " << expected;
    compared += accelerated == expected;
#ifdef SPILE_JIT_PLUGIN
    if (i % 40 != 0) continue;
    const std::string run = outcome(program, false, compiled);
    ASSERT_TRUE(is_same(run)) << i << ": " << run << ", expected " << expected;
#endif
  }
  EXPECT_GT(compared, 15000);
  for (const char *text : {"call f\n exit\nf: call f\n exit", "loop: goto loop\n exit",
                           "r6 = 0\nloop: r6 += 1\n if r6 != 0 goto loop\n exit",
                           "r6 = 0\nagain: call f\n r6 += 1\n if r6 < 9 goto again\n exit\n"
                           "f: *(u64 *)(r10 - 8) = r6\n r0 = *(u64 *)(r10 - 8)\n exit"}) {
    const std::string expected = outcome(assembled(text), true);
    ASSERT_EQ(outcome(assembled(text), false), expected) << text;
#ifdef SPILE_JIT_PLUGIN
    ASSERT_EQ(outcome(assembled(text), false, compiled), expected) << text;
#endif
  }
}

}  // namespace
}  // namespace spile::vm
