// The replay check accepts what allocation makes and rejects each way of getting it wrong.
#include "backend/regalloc/replay.h"

#include "backend/isel/isel.h"
#include "backend/regalloc/liveness.h"
#include "backend/regalloc/regalloc.h"
#include "backend/regalloc/share.h"
#include "backend/regalloc/spill.h"
#include "test/unit/codegen/codegen_test.h"

namespace spile::codegen::test {
namespace {

using mir::Form;

// Twelve values that are live across a call: more than there are registers.
std::string crowded_function() {
  std::string text = "func @f(ptr %p0) -> i64 global section \"socket\" {\nentry:\n";
  for (int i = 0; i < 12; i++) text += fmt::format("  %{} = load.i64 %p0, {}\n", i, i * 8);
  text += "  %12 = call_helper.i64 5()\n";
  for (int i = 0; i < 12; i++) text += fmt::format("  %{} = sub.i64 %{}, %{}\n", 13 + i, 12 + i, i);
  return text + "  ret %24\n}\n";
}

struct Allocated {
  Compiled source;
  mir::Function before, after;
};

Allocated allocate(std::string_view text) {
  Allocated a{.source = compile(text), .before = {}, .after = {}};
  a.before = *isel::select(*a.source.module, ir::FunctionId(0), {}, *a.source.diags);
  regalloc::remove_dead(a.before, regalloc::live_registers(a.before));
  regalloc::share_addresses(a.before);
  a.after = a.before;
  regalloc::allocate_registers(a.after, regalloc::live_registers(a.after));
  return a;
}

bool is_right(const Allocated &a) { return !regalloc::replay(a.before, a.after, *a.source.module); }

TEST(Replay, AcceptsSpilledCode) {
  const Allocated a = allocate(crowded_function());
  EXPECT_GT(a.after.slots.size(), 0u);
  EXPECT_TRUE(is_right(a));
}

TEST(Replay, RejectsEachWrongRegister) {
  const Allocated right = allocate(crowded_function());
  unsigned changed = 0;
  for (size_t i = 0; i < right.after.blocks[0].insts.size(); i++) {
    const mir::Inst &inst = right.after.blocks[0].insts[i];
    if (inst.form != Form::Alu || !inst.src.valid()) continue;
    Allocated wrong = allocate(crowded_function());
    wrong.after.blocks[0].insts[i].src = mir::physical((inst.src.id + 1) % 10);
    EXPECT_FALSE(is_right(wrong)) << mir::print(wrong.after, wrong.after.blocks[0].insts[i], *wrong.source.module);
    changed++;
  }
  EXPECT_EQ(changed, 12u);
}

TEST(Replay, RejectsALostSpillAndALostReload) {
  const Allocated right = allocate(crowded_function());
  unsigned erased = 0;
  for (size_t i = 0; i < right.after.blocks[0].insts.size(); i++) {
    if (!right.after.blocks[0].insts[i].is_inserted) continue;
    Allocated wrong = allocate(crowded_function());
    auto &insts = wrong.after.blocks[0].insts;
    insts.erase(insts.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_FALSE(is_right(wrong)) << "without inserted instruction " << i;
    erased++;
  }
  EXPECT_GT(erased, 0u);
}

TEST(Replay, RejectsAValueInARegisterThatACallSpoils) {
  Allocated a = allocate(R"(
func @f(ptr %p0) -> i64 global section "socket" {
entry:
  %0 = load.i64 %p0
  %1 = call_helper.i64 5()
  %2 = add.i64 %0, %1
  ret %2
}
)");
  ASSERT_TRUE(is_right(a));
  for (mir::Inst &inst : a.after.blocks[0].insts) {
    if (inst.dst == mir::physical(6)) inst.dst = mir::physical(3);
    if (inst.src == mir::physical(6)) inst.src = mir::physical(3);
  }
  EXPECT_FALSE(is_right(a));
}

TEST(Replay, RejectsAnotherConstant) {
  Allocated a = allocate(R"(
func @f(ptr %p0) -> i64 global section "socket" {
entry:
  %0 = load.i64 %p0
  %1 = mul.i64 %0, i64 0x123456789ab
  ret %1
}
)");
  ASSERT_TRUE(is_right(a));
  for (mir::Inst &inst : a.after.blocks[0].insts)
    if (inst.form == Form::LoadConst) inst.imm++;
  EXPECT_FALSE(is_right(a));
}

// In a second round, what makes a value again may itself have been inserted by the first; what it is made for is not.
TEST(Replay, ACopyThatMakesAValueAgainIsNoInsertion) {
  mir::Function f;
  const mir::Reg value = f.new_register(), copy = f.new_register();
  f.blocks.resize(2);
  f.blocks[0].insts.push_back({.form = Form::LoadConst, .is_inserted = true, .dst = value, .imm = 0x123456789ab});
  f.blocks[0].insts.push_back(
      {.form = Form::Jump, .opcode = isa::opcode(isa::JMP, isa::JA, isa::K), .target = mir::BlockId(1)});
  auto &insts = f.blocks[1].insts;
  insts.push_back({.form = Form::Mov, .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X), .dst = copy, .src = value});
  insts.push_back({.form = Form::Alu, .opcode = isa::opcode(isa::ALU64, isa::ADD, isa::K), .dst = copy, .imm = 1});
  insts.push_back(
      {.form = Form::Mov, .opcode = isa::opcode(isa::ALU64, isa::MOV, isa::X), .dst = mir::kResult, .src = copy});
  insts.push_back({.form = Form::Exit, .arguments = 1});
  std::vector<regalloc::Spillable> spillable(f.register_count, regalloc::Spillable::Yes);
  regalloc::spill(f, {value}, regalloc::live_intervals(f, regalloc::live_registers(f)),
                  regalloc::find_rematerializable(f), spillable);
  const auto made = std::ranges::find(insts, copy, &mir::Inst::dst);
  ASSERT_NE(made, insts.end());
  EXPECT_EQ(made->form, Form::LoadConst);
  EXPECT_FALSE(made->is_inserted);
}

}  // namespace
}  // namespace spile::codegen::test
