// Code does what the IR means: random functions are evaluated as IR and run as instructions, for every target.
#include <cstring>

#include "backend/isa/builder.h"
#include "ir/evaluate.h"
#include "ir/pipeline.h"
#include "runtime/vm/checked.h"
#include "test/unit/codegen/codegen_test.h"
#include "test/unit/ir/random_function.h"

namespace spile::codegen::test {
namespace {

using ir::Op;

// Helpers of the evaluator are not those of the interpreter, so calls of them become something else of their type.
void replace_helpers(ir::Module &module) {
  for (ir::Function &fn : module.functions)
    for (ir::Inst &inst : fn.insts)
      if (inst.op == Op::CallHelper) {
        inst.op = Op::Opaque;
        inst.imm = 0;
        inst.operand_begin++;
        inst.operand_count = 1;
      }
}

struct Outcome {
  std::string fault;
  uint32_t result = 0;
  std::vector<std::byte> global, buffer;
};

// Runs the entry point with its third parameter set by an instruction in front.
Outcome run(const object::Object &object, const object::Program &program, std::vector<std::byte> buffer,
            uint32_t second, uint64_t third) {
  std::vector<std::vector<std::byte>> memory;
  for (const object::Map &map : object.maps) {
    const object::Section &section = object[map.section];
    memory.push_back(section.bytes);
    memory.back().resize(section.size);
  }
  std::vector<isa::Insn> insns;
  for (const isa::Insn &insn : isa::lddw(3, third)) insns.push_back(insn);
  insns.insert(insns.end(), program.insns.begin(), program.insns.end());
  for (size_t i = 0; i < insns.size(); i += isa::width(insns[i])) {
    if (!insns[i].is_lddw() || insns[i].src != isa::kPseudoMapIdxValue) continue;
    const auto base = reinterpret_cast<uint64_t>(memory[static_cast<size_t>(insns[i].imm)].data());
    const auto pair = isa::lddw(insns[i].dst, base + static_cast<uint32_t>(insns[i + 1].imm));
    insns[i] = pair[0];
    insns[i + 1] = pair[1];
  }
  std::vector<vm::Region> regions{{"buffer", reinterpret_cast<uint64_t>(buffer.data()), buffer.size()}};
  for (auto &bytes : memory) regions.push_back({"global", reinterpret_cast<uint64_t>(bytes.data()), bytes.size()});
  const auto r0 =
      vm::run_checked(insns, {.regions = regions, .r1 = reinterpret_cast<uint64_t>(buffer.data()), .r2 = second});
  Outcome outcome;
  if (!r0) {
    outcome.fault = r0.error().message;
    return outcome;
  }
  outcome.result = static_cast<uint32_t>(*r0);
  outcome.buffer = std::move(buffer);
  for (size_t i = 0; i < object.maps.size(); i++)
    if (object[object.maps[i].section].name == ".bss") outcome.global = memory[i];
  return outcome;
}

void compare(const char *level, unsigned mcpu, uint32_t seed, unsigned &compared) {
  SourceManager sources;
  Diagnostics diags(sources);
  ir::Module module = ir::test::RandomModule(seed).make();
  replace_helpers(module);
  const ir::FunctionId main(module.functions.size() - 1);
  module[main].section = "socket";
  ASSERT_TRUE(ir::run_passes(module, level, diags));
  const auto object = emit(module, {.mcpu = mcpu}, diags);
  if (!object) {
    // The only fault that these programs may have: too many variables live in the frame, or an atomic that v1 lacks.
    const std::string_view name = diags.all().front().info->name;
    ASSERT_TRUE(name == "StackTooLarge" || name == "AtomicNeedsV3") << diags.all().front().message;
    return;
  }
  const auto program = object::link(*object, object->programs.at(0));
  ASSERT_TRUE(program) << program.error().message;
  for (const uint64_t n : {uint64_t{0}, uint64_t{1}, uint64_t{255}, ~uint64_t{0}, uint64_t{0x1234'5678'9abc'def0}}) {
    ir::EvaluationInput input{.integers = {n, n * 3 + 1}, .buffers = {std::vector<std::byte>(32)}};
    for (size_t i = 0; i < 32; i++) input.buffers[0][i] = static_cast<std::byte>(n >> (i % 8));
    const ir::Evaluation meant = ir::evaluate(module, main, input);
    if (meant.out_of_steps || !meant.fault.empty()) continue;
    // Above the 32 bits of a parameter there may be anything.
    compared++;
    const Outcome got = run(*object, *program, input.buffers[0], static_cast<uint32_t>(n), n * 3 + 1);
    ASSERT_EQ(got.fault, "") << level << ", v" << mcpu << ", seed " << seed;
    ASSERT_EQ(got.result, static_cast<uint32_t>(meant.result))
        << level << ", v" << mcpu << ", seed " << seed << ", n " << n;
    ASSERT_EQ(got.buffer, meant.buffers[0]) << level << ", v" << mcpu << ", seed " << seed << ", n " << n;
    if (!got.global.empty()) {
      ASSERT_EQ(got.global, meant.globals[0]) << level << ", v" << mcpu << ", seed " << seed << ", n " << n;
    }
  }
}

// Returns how many runs were compared.
unsigned expect_same(const char *level, unsigned mcpu, uint32_t seed) {
  unsigned compared = 0;
  compare(level, mcpu, seed, compared);
  return compared;
}

TEST(CodegenDifferential, RandomFunctionsOnEveryTarget) {
  unsigned compared = 0, possible = 0;
  for (uint32_t seed = 0; seed < 150; seed++)
    for (const char *level : {"O0", "O1", "O2"})
      for (unsigned mcpu = 1; mcpu <= 4; mcpu++) {
        compared += expect_same(level, mcpu, seed);
        possible += 5;
        if (HasFatalFailure()) return;
      }
  // Else nothing was tested.
  EXPECT_GT(compared, possible / 2) << compared << " of " << possible;
}

}  // namespace
}  // namespace spile::codegen::test
