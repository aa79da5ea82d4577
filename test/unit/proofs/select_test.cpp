// The instructions that are chosen compute what the IR says, for all inputs, at each width and for each instruction
// set: selection, extension, immediates, division without signed division, register allocation and peepholes.
#include <gtest/gtest.h>

#include "backend/emit/emit.h"
#include "ir/pipeline.h"
#include "ir/text.h"
#include "support/diagnostics.h"
#include "test/unit/proofs/meaning.h"
#include "test/unit/proofs/shapes.h"

namespace spile::proofs {
namespace {

// Compiling and proving a shape for four instruction sets costs more than its algebra.
constexpr unsigned kEvery = 307;

class Select : public testing::TestWithParam<ir::Type> {};

void prove_code(ir::Type type, std::string_view level, unsigned mcpu) {
  SourceManager sources;
  Diagnostics diags(sources);
  const std::vector<ir::Function> shapes = Shapes(type, kEvery + mcpu).make();
  ir::Module module;
  module.functions = shapes;
  ASSERT_TRUE(ir::run_passes(module, level, diags));
  const auto object = codegen::emit(module, {.mcpu = mcpu}, diags);
  ASSERT_TRUE(object) << diags.all().front().message;
  z3::context context;
  const unsigned bits = ir::bits_of(type);
  const std::vector<z3::expr> registers = {context.bv_const("r1", 64), context.bv_const("r2", 64)};
  // A parameter is the low part of its register: what is above may be anything.
  const std::vector<z3::expr> arguments = {registers[0].extract(bits - 1, 0), registers[1].extract(bits - 1, 0)};
  size_t sampled = 0;
  ASSERT_EQ(object->programs.size(), shapes.size());
  for (size_t i = 0; i < shapes.size(); i++) {
    const object::ProgramEntry *entry = object->find_program(shapes[i].name);
    ASSERT_NE(entry, nullptr);
    const auto program = object::link(*object, *entry);
    ASSERT_TRUE(program);
    const z3::expr meant = meaning(shapes[i], arguments), made = meaning(program->insns, registers);
    std::string model;
    const Proof proof = prove_equal(meant, made.extract(meant.get_sort().bv_size() - 1, 0), registers, model);
    if (proof == Proof::Sampled) sampled++;
    if (proof != Proof::Fails) continue;
    ir::Module one;
    one.functions = {shapes[i]};
    ADD_FAILURE() << level << " v" << mcpu << ": not the same for\n" << model << "\n" << ir::print(one);
  }
  std::printf("%zu shapes for v%u at %s, %zu that Z3 could not decide and samples show\n", shapes.size(), mcpu,
              std::string(level).c_str(), sampled);
}

TEST_P(Select, TheCodeComputesWhatTheIrSays) {
  for (unsigned mcpu = 1; mcpu <= 4; mcpu++)
    for (const std::string_view level : {"O0", "O2"}) prove_code(GetParam(), level, mcpu);
}

INSTANTIATE_TEST_SUITE_P(Widths, Select, testing::ValuesIn(kTypes),
                         [](const auto &info) { return "I" + std::to_string(ir::bits_of(info.param)); });

}  // namespace
}  // namespace spile::proofs
