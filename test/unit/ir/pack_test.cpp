// What is packed and unpacked is the function that it was, to the last id.
#include "ir/pack.h"

#include "test/unit/ir/ir_test.h"
#include "test/unit/ir/random_function.h"

namespace spile::ir::test {
namespace {

std::vector<std::pair<uint32_t, bool>> uses_in(const Function &function) {
  std::vector<std::pair<uint32_t, bool>> uses;
  for_each_name_use(function, [&](const NameUse &use) { uses.emplace_back(use.name.id, use.is_call); });
  return uses;
}

TEST(Pack, KeepsFunctionsAsTheyAre) {
  SourceManager sources;
  Diagnostics diags(sources);
  for (uint32_t seed = 0; seed < 40; seed++) {
    Module module = RandomModule(seed).make();
    // Behind the passes there are removed instructions, phis and switches too.
    if (seed % 2 == 1) ASSERT_TRUE(run_passes(module, "O2", diags));
    const std::string before = print(module);
    std::vector<size_t> counts;
    for (Function &f : module.functions) {
      if (f.is_declaration()) continue;
      counts.push_back(f.insts.size());
      const auto uses = uses_in(f);
      pack(f);
      EXPECT_FALSE(f.is_declaration());
      EXPECT_TRUE(f.blocks.empty());
      EXPECT_EQ(uses_in(f), uses) << "seed " << seed;
    }
    EXPECT_EQ(print(module), before) << "seed " << seed;
    for (Function &f : module.functions) unpack(f);
    EXPECT_EQ(print(module), before) << "seed " << seed;
    size_t i = 0;
    for (Function &f : module.functions) {
      if (f.is_declaration()) continue;
      EXPECT_EQ(f.insts.size(), counts[i++]);
      // Constants are found again, and not made twice.
      const size_t size = f.insts.size();
      for (size_t v = 0; v < size; v++)
        if (const Inst inst = f.insts[v]; inst.op == Op::Const) f.constant(inst.type, inst.imm);
      EXPECT_EQ(f.insts.size(), size);
    }
  }
}

TEST(Pack, NamesCanBeReplaced) {
  Module module = RandomModule(1).make();
  Function &f = module.functions.back();
  f.insert(BlockId(0), 0, f.make(Op::Load, Type::I32, std::array{f.global_addr(GlobalId(0))}, {}, 0));
  pack(f);
  for (NamedOutside &name : f.packed.names)
    if (name.kind == NamedOutside::Kind::Global) name.id = 1;
  unpack(f);
  EXPECT_EQ(f[f.operand(f.blocks[0].insts[0], 0)].imm, 1);
}

}  // namespace
}  // namespace spile::ir::test
