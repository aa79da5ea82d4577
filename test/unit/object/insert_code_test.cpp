#include "backend/object/insert_code.h"

#include <algorithm>
#include <vector>

#include "backend/object/copy.h"
#include "test/unit/object/fixture.h"

namespace spile::object::test {
namespace {

constexpr isa::Insn kNothing{isa::opcode(isa::ALU64, isa::MOV, isa::K), 5, 0, 0, 7777};  // r5 = 7777

// One `r5 = 7777` before each instruction of each code section.
std::vector<Insertion> everywhere(const Object &object) {
  std::vector<Insertion> made;
  for (size_t i = 0; i < object.sections.size(); i++) {
    const Section &section = object.sections[i];
    if (section.kind != SectionKind::Program) continue;
    for (size_t at = 0; at < section.bytes.size(); at += sizeof(isa::Insn)) {
      made.push_back({SectionId(i), at, {kNothing}});
      if (section.bytes[at] == std::byte{0x18}) at += sizeof(isa::Insn);
    }
  }
  return made;
}

// The program without what was inserted, each jump and call leading to the place among what is left.
std::vector<isa::Insn> without(const Program &program) {
  std::vector<int64_t> place;
  std::vector<isa::Insn> left;
  for (const isa::Insn &insn : program.insns) {
    place.push_back(static_cast<int64_t>(left.size()));
    if (!(insn == kNothing)) left.push_back(insn);
  }
  for (size_t i = 0; i < program.insns.size(); i++) {
    const isa::Insn &insn = program.insns[i];
    if (insn == kNothing) continue;
    isa::Insn &now = left[static_cast<size_t>(place[i])];
    const auto distance = [&](int64_t by) {
      return place[static_cast<size_t>(static_cast<int64_t>(i) + 1 + by)] - place[i] - 1;
    };
    if ((insn.is_call() && insn.src == isa::kPseudoCall) || (insn.is_lddw() && insn.src == isa::kPseudoFunc))
      now.imm = static_cast<int32_t>(distance(insn.imm));
    else if (insn.is_jump() && !insn.is_call() && !insn.is_exit())
      now.off = static_cast<int16_t>(distance(insn.off));
    if (insn.is_lddw()) i++;
  }
  return left;
}

TEST(InsertCode, WithoutWhatWasInsertedEveryProgramIsWhatItWas) {
  SPILE_NEEDS("clang-19");
  const Object before = compile_and_read(kEverything);
  Result<Object> after = copy(before);
  ASSERT_TRUE(after);
  ASSERT_TRUE(insert_code(*after, everywhere(before)));
  // As a loader would read it.
  const auto image = write_elf(*after);
  ASSERT_TRUE(image);
  const auto read = read_elf(*image, "after");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_FALSE(before.programs.empty());
  for (const ProgramEntry &entry : before.programs) {
    const auto old_program = link(before, entry), new_program = link(*read, *read->find_program(entry.name));
    ASSERT_TRUE(old_program && new_program);
    if (before[entry.section_id].kind == SectionKind::Program)
      EXPECT_GT(new_program->insns.size(), old_program->insns.size());
    EXPECT_EQ(without(*new_program), old_program->insns) << entry.name;
    ASSERT_EQ(new_program->lines.size(), old_program->lines.size());
    // The kernel wants a function's first line at its beginning.
    for (const Program::Subprogram &function : new_program->subprograms)
      EXPECT_EQ(std::ranges::count(new_program->lines, function.start, &Program::Line::insn), 1) << function.name;
  }
}

TEST(InsertCode, CallersRunWhatStandsBeforeAFunctionAndLoopsDoNot) {
  SPILE_NEEDS("clang-19");
  Object object = compile_and_read(R"(
    SEC("socket") int probe(void *skb) {
      int n = 0;
      asm volatile("1: %0 += 1; if %0 < 10 goto 1b" : "+r"(n));
      return n;
    })");
  const ProgramEntry entry = object.programs.at(0);
  ASSERT_TRUE(insert_code(object, std::vector<Insertion>{{entry.section_id, entry.offset, {kNothing, kNothing}}}));
  const auto program = link(object, object.programs[0]);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->insns.at(0), kNothing);
  for (size_t i = 0; i < program->insns.size(); i++) {
    const isa::Insn &insn = program->insns[i];
    if (!insn.is_jump() || insn.is_call() || insn.is_exit()) continue;
    EXPECT_GE(static_cast<int64_t>(i) + 1 + insn.off, 2);
  }
}

TEST(InsertCode, AJumpThatBecomesTooLongIsAnError) {
  SPILE_NEEDS("clang-19");
  Object object = compile_and_read(R"(SEC("socket") int probe(int *number) {
      if (*number > 5) asm volatile("r4 = 1; r4 = 2; r4 = 3" ::: "r4");
      return 0;
    })");
  const ProgramEntry entry = object.programs.at(0);
  const std::vector<isa::Insn> many(40000, kNothing);
  std::vector<Insertion> insertions;
  for (uint64_t at = 0; at < entry.size; at += sizeof(isa::Insn))
    insertions.push_back({entry.section_id, entry.offset + at, many});
  const auto inserted = insert_code(object, insertions);
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().kind, Error::Kind::Unsupported);
}

}  // namespace
}  // namespace spile::object::test
