// The graph that passes share, and the lists of predecessors that they change.
#include "ir/analyses.h"

#include <algorithm>
#include <array>

#include "ir/pred_lists.h"
#include "test/unit/ir/ir_test.h"

namespace spile::ir::test {
namespace {

constexpr std::string_view kDiamond = R"(
func @f(i1 %c) -> i32 global {
entry:
  branch %c, left, right
left:
  jump out
right:
  jump out
out:
  ret i32 0
}
)";

TEST(Analyses, KeepTheGraphWhileTargetsAreWhatTheyWere) {
  Read source = read(kDiamond);
  ASSERT_TRUE(source.module);
  Function &f = source.module->functions[0];
  Analyses analyses(f);
  const BlockId out(3);
  EXPECT_EQ(analyses.cfg().preds(out).size(), 2u);
  EXPECT_EQ(analyses.dominators().idom(out), BlockId(0));

  const Cfg *before = &analyses.cfg();
  f.insert(out, 0, f.make(Op::Opaque, Type::I32, std::array{f.constant(Type::I32, 1)}));
  EXPECT_TRUE(before->is_of(f));

  f.targets(f.terminator(BlockId(0)))[1] = BlockId(1);  // nobody goes to the right
  EXPECT_FALSE(before->is_of(f));
  EXPECT_FALSE(analyses.cfg().reachable(BlockId(2)));
  EXPECT_EQ(analyses.dominators().idom(out), BlockId(1));
}

TEST(PredLists, GrowAndShrinkApartFromEachOther) {
  const Read source = read(kDiamond);
  ASSERT_TRUE(source.module);
  PredLists preds;
  preds.assign(Cfg(source.module->functions[0]));
  const BlockId entry(0), left(1), right(2), out(3);
  preds.add(right, left);  // moves: it had room for one
  preds.add(right, out);
  EXPECT_TRUE(std::ranges::equal(preds[right], std::array{entry, left, out}));
  EXPECT_TRUE(std::ranges::equal(preds[out], std::array{left, right}));
  preds.replace(out, right, entry);
  preds.remove(out, left);
  EXPECT_TRUE(std::ranges::equal(preds[out], std::array{entry}));
  EXPECT_TRUE(preds.has(right, out));
  preds.clear(right);
  EXPECT_TRUE(preds[right].empty());
}

}  // namespace
}  // namespace spile::ir::test
